#include "differential/compiled_network.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace d2nn::differential {

namespace {

using graph::NodeKind;

void require(d2nn_status status) {
  if (status != D2NN_OK) throw std::runtime_error(d2nn_last_error());
}

}  // namespace

std::vector<char> safetensors(const graph::Program& program, const reference::Weights<float>& weights) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  std::size_t offset = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::size_t bytes = weights[i].size() * sizeof(float);
    header[program.parameters[i].name] = {
        {"dtype", "F32"}, {"shape", program.parameters[i].shape.dims}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::vector<char> file(8 + text.size() + offset);
  const std::uint64_t length = text.size();
  std::memcpy(file.data(), &length, 8);
  std::memcpy(file.data() + 8, text.data(), text.size());
  char* at = file.data() + 8 + text.size();
  for (const auto& tensor : weights) {
    std::memcpy(at, tensor.data(), tensor.size() * sizeof(float));
    at += tensor.size() * sizeof(float);
  }
  return file;
}

Network::Network(const d2nn_module* module, const std::vector<char>& weights, std::size_t max_batch,
                 std::size_t threads)
    : module_(module) {
  d2nn_weights_source source{};
  source.struct_size = sizeof source;
  source.kind = D2NN_WEIGHTS_MEMORY;
  source.data = weights.data();
  source.size = weights.size();
  require(d2nn_model_create(module, &source, &model_));
  d2nn_context_options options{};
  options.struct_size = sizeof options;
  options.max_batch = max_batch;
  options.threads = threads;
  require(d2nn_context_create_with(model_, &options, &context_));
}

Network::~Network() {
  d2nn_context_destroy(context_);
  d2nn_model_destroy(model_);
}

std::vector<Outcome> Network::run(const std::vector<reference::Sample<float>>& samples,
                                  const std::vector<std::size_t>& order, std::int64_t budget) {
  const std::size_t batch = order.size();
  std::vector<std::vector<float>> inputs(d2nn_module_input_count(module_));
  std::vector<const float*> input_pointers;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (const std::size_t sample : order)
      inputs[i].insert(inputs[i].end(), samples[sample][i].begin(), samples[sample][i].end());
    input_pointers.push_back(inputs[i].data());
  }
  std::vector<std::vector<float>> outputs(d2nn_module_output_count(module_));
  std::vector<std::vector<std::uint8_t>> valid(outputs.size());
  std::vector<float*> output_pointers;
  std::vector<std::uint8_t*> valid_pointers;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].resize(batch * static_cast<std::size_t>(d2nn_module_output(module_, i)->elements));
    valid[i].resize(batch);
    output_pointers.push_back(outputs[i].data());
    valid_pointers.push_back(valid[i].data());
  }
  const std::size_t controls = d2nn_module_control_count(module_);
  const std::size_t nodes = d2nn_module_node_count(module_);
  std::vector<std::int32_t> actions(batch * std::max<std::size_t>(controls, 1));
  std::vector<std::uint8_t> executed(batch * std::max<std::size_t>(nodes, 1));
  std::vector<std::int64_t> cost(batch);
  d2nn_trace trace{sizeof(d2nn_trace), actions.data(), executed.data(), cost.data()};
  d2nn_run_options options{sizeof(d2nn_run_options), 0, budget, valid_pointers.data(), &trace};
  require(d2nn_run(context_, batch, input_pointers.data(), output_pointers.data(), &options));

  std::vector<Outcome> outcomes(batch);
  for (std::size_t row = 0; row < batch; ++row) {
    Outcome& outcome = outcomes[row];
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const auto elements = static_cast<std::ptrdiff_t>(d2nn_module_output(module_, i)->elements);
      const auto begin = outputs[i].begin() + static_cast<std::ptrdiff_t>(row) * elements;
      outcome.outputs.emplace_back(begin, begin + elements);
      outcome.valid.push_back(valid[i][row] != 0);
    }
    for (std::size_t c = 0; c < controls; ++c) outcome.actions.push_back(actions[row * controls + c]);
    for (std::size_t n = 0; n < nodes; ++n) {
      if (executed[row * nodes + n] != 0) outcome.executed.emplace_back(d2nn_module_node_name(module_, n));
    }
    std::sort(outcome.executed.begin(), outcome.executed.end());
    outcome.cost = cost[row];
  }
  return outcomes;
}

Outcome reference_outcome(const graph::Program& program, const reference::SampleResult<float>& result) {
  Outcome outcome;
  for (const auto& output : result.outputs) {
    outcome.outputs.push_back(output.value_or(reference::Tensor<float>{}));
    outcome.valid.push_back(output.has_value());
  }
  for (const auto& action : result.actions) outcome.actions.push_back(action ? static_cast<std::int32_t>(*action) : -1);
  for (std::size_t n = 0; n < program.nodes.size(); ++n) {
    const NodeKind kind = program.nodes[n].kind;
    if (result.executed[n] && (kind == NodeKind::regular || kind == NodeKind::control))
      outcome.executed.push_back(program.nodes[n].name);
  }
  std::sort(outcome.executed.begin(), outcome.executed.end());
  outcome.cost = result.cost;
  return outcome;
}

std::string difference(const Outcome& expected, const Outcome& actual, double tolerance) {
  if (expected.actions != actual.actions) return "actions differ";
  if (expected.executed != actual.executed) return "executed nodes differ";
  if (expected.cost != actual.cost)
    return "cost " + std::to_string(actual.cost) + " instead of " + std::to_string(expected.cost);
  if (expected.valid != actual.valid) return "validity differs";
  for (std::size_t i = 0; i < expected.outputs.size(); ++i) {
    const auto& row = actual.outputs[i];
    if (!expected.valid[i]) {
      if (!std::all_of(row.begin(), row.end(), [](float x) { return std::isnan(x); }))
        return "a null output is not NaN";
      continue;
    }
    // An output that cancels to nearly nothing, such as the mean of a layer_norm, is judged by the roundings of what it
    // is made of, which is about 1.
    double largest = 2e-2;
    for (const float x : expected.outputs[i]) largest = std::max(largest, std::abs(static_cast<double>(x)));
    for (std::size_t e = 0; e < row.size(); ++e) {
      const double error = std::abs(static_cast<double>(row[e]) - static_cast<double>(expected.outputs[i][e]));
      if (!(error <= tolerance * largest)) {
        return "output " + std::to_string(i) + "[" + std::to_string(e) + "] is " + std::to_string(row[e]) +
               " instead of " + std::to_string(expected.outputs[i][e]);
      }
    }
  }
  return "";
}

}  // namespace d2nn::differential
