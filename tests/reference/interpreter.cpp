#include "reference/interpreter.h"

#include <cmath>

#include "reference/joins.h"

namespace d2nn::reference {
namespace {

using graph::EdgeId;
using graph::NodeId;
using graph::NodeKind;

/// Positions of the nodes of a kind among themselves, by NodeId::index.
std::vector<std::size_t> positions(const graph::Program& program, NodeKind kind) {
  std::vector<std::size_t> position(program.nodes.size());
  const auto nodes = graph::nodes_of(program, kind);
  for (std::size_t i = 0; i < nodes.size(); ++i) position[nodes[i].index] = i;
  return position;
}

std::vector<ops::Shape> operand_shapes(const graph::Node& node, const graph::Op& op) {
  std::vector<ops::Shape> shapes;
  for (graph::ValueId operand : op.operands) shapes.push_back(graph::value_shape(node, operand));
  return shapes;
}

template <class Scalar>
std::uint32_t best_action(const Tensor<Scalar>& scores) {
  std::uint32_t best = 0;
  for (std::uint32_t action = 1; action < scores.size(); ++action) {
    if (scores[action] > scores[best]) best = action;
  }
  return best;
}

/// The value that the node carries to its outgoing edges.
template <class Scalar>
const Tensor<Scalar>& carried_value(const graph::Node& node, const std::vector<Tensor<Scalar>>& values) {
  const bool is_function = node.kind == NodeKind::regular || node.kind == NodeKind::control;
  return values[is_function ? node.result.index : 0];
}

/// What an edge carries for one row.
template <class Scalar>
Carried<Scalar> carried(const graph::Program& program, const Batch<Scalar>& batch, std::size_t row, EdgeId id) {
  const graph::Edge& edge = program[id];
  const graph::Node& source = program[edge.source];
  if (batch.results[row].executed[edge.source.index]) {
    return {carried_value(source, batch.values[row][edge.source.index]), false};
  }
  if (!edge.fallback) return {};
  Tensor<Scalar> value(edge.fallback->begin(), edge.fallback->end());
  if (value.size() == 1) value.resize(static_cast<std::size_t>(source.shape.elements()), value[0]);
  return {std::move(value), true};
}

template <class Scalar>
std::vector<Carried<Scalar>> carried(const graph::Program& program, const Batch<Scalar>& batch, std::size_t row,
                                     const graph::NodeInput& input) {
  std::vector<Carried<Scalar>> edges;
  for (EdgeId edge : input.edges) edges.push_back(carried(program, batch, row, edge));
  return edges;
}

/// One forward run over a batch: the nodes in topological order, each on the rows that execute it.
template <class Scalar>
class ForwardRun {
 public:
  ForwardRun(const graph::Program& program, const Weights<Scalar>& weights, const Options<Scalar>& options)
      : program_(program),
        weights_(weights),
        options_(options),
        activating_(graph::activations(program)),
        input_position_(positions(program, NodeKind::input)),
        output_position_(positions(program, NodeKind::output)),
        control_position_(positions(program, NodeKind::control)) {}

  Batch<Scalar> run(const std::vector<Sample<Scalar>>& samples) {
    const std::size_t node_count = program_.nodes.size();
    SampleResult<Scalar> blank;
    blank.executed.resize(node_count);
    blank.actions.resize(graph::nodes_of(program_, NodeKind::control).size());
    blank.scores.resize(blank.actions.size());
    blank.outputs.resize(graph::nodes_of(program_, NodeKind::output).size());
    batch_.results.assign(samples.size(), blank);
    batch_.values.assign(samples.size(), std::vector<std::vector<Tensor<Scalar>>>(node_count));
    batch_.states.resize(node_count);
    batch_.rows.resize(node_count);
    batch_.weights_after = weights_;

    for (NodeId id : program_.topological_order) {
      for (std::size_t row = 0; row < samples.size(); ++row) enter(id, row, samples[row]);
      run_ops(id);
      if (program_[id].kind != NodeKind::control) continue;
      for (std::size_t row : batch_.rows[id.index]) decide(id, row);
    }
    for (SampleResult<Scalar>& result : batch_.results) result.cost = graph::path_cost(program_, result.executed);
    return std::move(batch_);
  }

 private:
  bool is_activated(NodeId id, const SampleResult<Scalar>& result) const {
    if (activating_[id.index].empty()) return true;
    for (const graph::Activation& activation : activating_[id.index]) {
      if (result.actions[control_position_[activation.control.index]] == activation.action) return true;
    }
    return false;
  }

  /// Decides whether a row executes the node, and fills the values it begins with.
  void enter(NodeId id, std::size_t row, const Sample<Scalar>& sample) {
    const graph::Node& node = program_[id];
    SampleResult<Scalar>& result = batch_.results[row];
    if (result.error || !is_activated(id, result)) return;
    std::vector<Tensor<Scalar>> values;
    if (node.kind == NodeKind::input) values.push_back(sample[input_position_[id.index]]);
    if (node.kind == NodeKind::dummy) values.emplace_back(node.dummy_value.begin(), node.dummy_value.end());
    for (const graph::NodeInput& input : node.inputs) {
      auto joined = join_forward(input.join, carried(program_, batch_, row, input));
      if (!joined) return;
      values.push_back(std::move(*joined));
    }
    for (const graph::Op& op : node.ops) values.emplace_back(static_cast<std::size_t>(op.shape.elements()));
    if (node.kind == NodeKind::output) result.outputs[output_position_[id.index]] = values[0];
    result.executed[id.index] = true;
    batch_.values[row][id.index] = std::move(values);
    batch_.rows[id.index].push_back(row);
  }

  void run_ops(NodeId id) {
    const graph::Node& node = program_[id];
    const std::vector<std::size_t>& rows = batch_.rows[id.index];
    batch_.states[id.index].resize(node.ops.size());
    if (rows.empty()) return;
    for (std::size_t index = 0; index < node.ops.size(); ++index) {
      const graph::Op& op = node.ops[index];
      OpForward<Scalar> call{op, operand_shapes(node, op), {}, {}, {}, {}, {}, {}, {}, batch_.states[id.index][index]};
      for (graph::ParamId parameter : op.parameters) {
        call.weights.push_back(&weights_[parameter.index]);
        call.weights_after.push_back(&batch_.weights_after[parameter.index]);
      }
      for (std::size_t row : rows) {
        std::vector<Tensor<Scalar>>& values = batch_.values[row][id.index];
        call.operands.emplace_back();
        for (graph::ValueId operand : op.operands) call.operands.back().push_back(&values[operand.index]);
        call.results.push_back(&values[node.inputs.size() + index]);
      }
      call.is_training = options_.mode == Mode::train;
      const double expected =
          options_.expected_rows > 0 ? options_.expected_rows : static_cast<double>(batch_.results.size());
      call.momentum_scale = static_cast<double>(rows.size()) / expected;
      call.uniform = [&, index](std::size_t row, std::size_t element) {
        return options_.uniform(id, index, rows[row], element);
      };
      run_forward(call);
    }
  }

  void decide(NodeId id, std::size_t row) {
    SampleResult<Scalar>& result = batch_.results[row];
    const std::size_t position = control_position_[id.index];
    if (program_[id].fixed_action) {
      result.actions[position] = *program_[id].fixed_action;
      return;
    }
    const Tensor<Scalar>& scores = carried_value(program_[id], batch_.values[row][id.index]);
    result.scores[position] = scores;
    for (Scalar score : scores) {
      if (std::isfinite(score)) continue;
      result.error =
          "sample " + std::to_string(row) + ": a score of control node `" + program_[id].name + "` is not finite";
      result.outputs.assign(result.outputs.size(), std::nullopt);
      return;
    }
    result.actions[position] = options_.policy ? options_.policy(row, id, scores) : best_action(scores);
  }

  const graph::Program& program_;
  const Weights<Scalar>& weights_;
  const Options<Scalar>& options_;
  std::vector<std::vector<graph::Activation>> activating_;
  std::vector<std::size_t> input_position_, output_position_, control_position_;
  Batch<Scalar> batch_;
};

/// One backward run: the nodes in reverse order, each on the rows that executed it.
template <class Scalar>
class BackwardRun {
 public:
  BackwardRun(const graph::Program& program, const Weights<Scalar>& weights, const Batch<Scalar>& batch)
      : program_(program), weights_(weights), batch_(batch), gradients_(batch.values) {
    for (auto& of_row : gradients_) {
      for (auto& of_node : of_row) {
        for (Tensor<Scalar>& gradient : of_node) gradient.assign(gradient.size(), Scalar(0));
      }
    }
  }

  Gradients<Scalar> run(const LossGradients<Scalar>& loss) {
    Gradients<Scalar> result;
    for (const Tensor<Scalar>& weight : weights_) result.parameters.emplace_back(weight.size());
    seed(loss);
    for (std::size_t i = program_.topological_order.size(); i-- > 0;) {
      const NodeId id = program_.topological_order[i];
      if (!batch_.rows[id.index].empty()) leave_ops(id, result.parameters);
      for (std::size_t row : batch_.rows[id.index]) leave_joins(id, row);
    }
    const auto inputs = graph::nodes_of(program_, NodeKind::input);
    for (auto& of_row : gradients_) {
      result.inputs.emplace_back();
      for (NodeId input : inputs) result.inputs.back().push_back(std::move(of_row[input.index][0]));
    }
    return result;
  }

 private:
  static void add(Tensor<Scalar>& gradient, const Tensor<Scalar>& more) {
    for (std::size_t i = 0; i < more.size(); ++i) gradient[i] += more[i];
  }

  Tensor<Scalar>& carried_gradient(std::size_t row, NodeId id) {
    const graph::Node& node = program_[id];
    const bool is_function = node.kind == NodeKind::regular || node.kind == NodeKind::control;
    return gradients_[row][id.index][is_function ? node.result.index : 0];
  }

  void seed(const LossGradients<Scalar>& loss) {
    const auto outputs = graph::nodes_of(program_, NodeKind::output);
    const auto controls = graph::nodes_of(program_, NodeKind::control);
    for (std::size_t row = 0; row < batch_.results.size(); ++row) {
      for (std::size_t i = 0; !loss.outputs.empty() && i < outputs.size(); ++i) {
        if (batch_.results[row].executed[outputs[i].index])
          add(carried_gradient(row, outputs[i]), loss.outputs[row][i]);
      }
      for (std::size_t i = 0; !loss.scores.empty() && i < controls.size(); ++i) {
        if (batch_.results[row].executed[controls[i].index])
          add(carried_gradient(row, controls[i]), loss.scores[row][i]);
      }
    }
  }

  void leave_ops(NodeId id, Weights<Scalar>& parameter_gradients) {
    const graph::Node& node = program_[id];
    for (std::size_t index = node.ops.size(); index-- > 0;) {
      const graph::Op& op = node.ops[index];
      OpBackward<Scalar> call{op, operand_shapes(node, op), {}, {}, {}, {}, {}, {}, batch_.states[id.index][index]};
      for (graph::ParamId parameter : op.parameters) {
        call.weights.push_back(&weights_[parameter.index]);
        call.weight_gradients.push_back(&parameter_gradients[parameter.index]);
      }
      for (std::size_t row : batch_.rows[id.index]) {
        const std::vector<Tensor<Scalar>>& values = batch_.values[row][id.index];
        std::vector<Tensor<Scalar>>& gradients = gradients_[row][id.index];
        call.operands.emplace_back();
        call.operand_gradients.emplace_back();
        for (graph::ValueId operand : op.operands) {
          call.operands.back().push_back(&values[operand.index]);
          call.operand_gradients.back().push_back(&gradients[operand.index]);
        }
        call.results.push_back(&values[node.inputs.size() + index]);
        call.result_gradients.push_back(&gradients[node.inputs.size() + index]);
      }
      run_backward(call);
    }
  }

  void leave_joins(NodeId id, std::size_t row) {
    const graph::Node& node = program_[id];
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const graph::NodeInput& input = node.inputs[i];
      const auto to_edges =
          join_backward(input.join, carried(program_, batch_, row, input), gradients_[row][id.index][i]);
      for (std::size_t e = 0; e < to_edges.size(); ++e) {
        if (!to_edges[e].empty()) add(carried_gradient(row, program_[input.edges[e]].source), to_edges[e]);
      }
    }
  }

  const graph::Program& program_;
  const Weights<Scalar>& weights_;
  const Batch<Scalar>& batch_;
  std::vector<std::vector<std::vector<Tensor<Scalar>>>> gradients_;  // as Batch::values
};

}  // namespace

template <class Scalar>
Interpreter<Scalar>::Interpreter(const graph::Program& program, Weights<Scalar> weights)
    : program_(program), weights_(std::move(weights)) {}

template <class Scalar>
Batch<Scalar> Interpreter<Scalar>::forward(const std::vector<Sample<Scalar>>& samples,
                                           const Options<Scalar>& options) const {
  return ForwardRun<Scalar>(program_, weights_, options).run(samples);
}

template <class Scalar>
SampleResult<Scalar> Interpreter<Scalar>::run_sample(const Sample<Scalar>& sample,
                                                     const Options<Scalar>& options) const {
  return std::move(forward({sample}, options).results[0]);
}

template <class Scalar>
Gradients<Scalar> Interpreter<Scalar>::backward(const Batch<Scalar>& batch, const LossGradients<Scalar>& loss) const {
  return BackwardRun<Scalar>(program_, weights_, batch).run(loss);
}

template <class Scalar>
std::function<std::uint32_t(std::size_t, NodeId, std::span<const Scalar>)> forced_actions(
    const graph::Program& program, std::vector<std::optional<std::uint32_t>> actions) {
  return [position = positions(program, NodeKind::control), actions = std::move(actions)](
             std::size_t, NodeId control, std::span<const Scalar> scores) {
    const std::optional<std::uint32_t> forced = actions[position[control.index]];
    return forced ? *forced : best_action(Tensor<Scalar>(scores.begin(), scores.end()));
  };
}

template class Interpreter<float>;
template class Interpreter<double>;
template std::function<std::uint32_t(std::size_t, NodeId, std::span<const float>)> forced_actions<float>(
    const graph::Program&, std::vector<std::optional<std::uint32_t>>);
template std::function<std::uint32_t(std::size_t, NodeId, std::span<const double>)> forced_actions<double>(
    const graph::Program&, std::vector<std::optional<std::uint32_t>>);

}  // namespace d2nn::reference
