// Inference: a tensor that is made and read within one run of row-by-row kernels of a node is needed for one row at a
// time and stands in the frame's scratch; every other tensor of a tile gets a place in the arena for the steps during
// which it lives (first fit, largest first: the greedy of Pisarchyk and Lee, "Efficient memory management for deep
// neural net inference", 2020, section 5.2). Rows keep their place, so tensors of one size may also stand in one place
// when no row needs both: branches that exclude each other, and the join that takes one of them and then finds its row
// where it belongs. Training keeps all values: backward reads them.
#include "passes/plan_memory.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "d2nn/rounding.h"
#include "passes/passes.h"

namespace d2nn::passes {

namespace {

/// First and last time (counted in phases or in steps, see Liveness::walk) at which a buffer is written or read.
struct Lifetime {
  std::int64_t begin = -1;
  std::int64_t end = -1;
  void touch(std::int64_t time) {
    if (begin < 0) begin = time;
    end = std::max(end, time);
  }
  bool overlaps(const Lifetime& other) const { return begin <= other.end && other.begin <= end; }
};

/// A tile's activations should stay in the second-level cache beside the weights that are streaming through.
constexpr std::int64_t tile_cache_floats = 384 * 1024;
/// Beyond that a larger tile pays while what it saves, weights of dense layers streamed once more, is several times
/// what stands in the arena of each row and now comes from the third-level cache.
constexpr std::int64_t weights_per_arena = 4;
constexpr std::int64_t least_tile_rows = 8;
constexpr std::int64_t most_tile_rows = 64;
/// Of deep networks only some actions are looked at: pairs of buffers are compared.
constexpr std::size_t most_required_actions = 16;

std::int64_t aligned(std::int64_t floats) {
  return round_up(floats, alignment_floats);
}

/// The floats that a buffer's end is away from the beginning of its memory.
std::int64_t end_of(const Buffer& buffer) {
  return buffer.offset + aligned(buffer.stride);
}

/// Whether two buffers of one size that live together may stand in one place, row on row.
using MayCoincide = std::function<bool(std::uint32_t a, std::uint32_t b)>;

/// Finds places one after the other, such that no two buffers that live together overlap, but where they may coincide.
class Placement {
 public:
  Placement(std::vector<Buffer>& buffers, const std::vector<Lifetime>& lifetimes, MayCoincide may_coincide)
      : buffers_(buffers), lifetimes_(lifetimes), may_coincide_(std::move(may_coincide)) {}

  /// Gives each of the listed buffers an offset; returns the size needed.
  std::int64_t place(std::vector<std::uint32_t> which) {
    std::stable_sort(which.begin(), which.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return buffers_[a].stride > buffers_[b].stride; });
    std::int64_t total = 0;
    for (const std::uint32_t index : which) {
      std::vector<std::uint32_t> together;  // those placed that live at the same time
      for (const std::uint32_t other : placed_) {
        if (lifetimes_[index].overlaps(lifetimes_[other])) together.push_back(other);
      }
      const std::optional<std::int64_t> shared = shared_place(index, together);
      buffers_[index].offset = shared ? *shared : first_fit(index, together);
      total = std::max(total, end(index));
      placed_.push_back(index);
    }
    return total;
  }

 private:
  std::int64_t end(std::uint32_t index) const { return end_of(buffers_[index]); }

  /// The place of a buffer with which this one may coincide, and with all others there.
  std::optional<std::int64_t> shared_place(std::uint32_t index, const std::vector<std::uint32_t>& together) const {
    const auto coincide = [&](std::uint32_t other) {
      return buffers_[index].stride == buffers_[other].stride && may_coincide_(index, other);
    };
    for (const std::uint32_t candidate : together) {
      if (!coincide(candidate)) continue;
      const std::int64_t offset = buffers_[candidate].offset;
      if (std::all_of(together.begin(), together.end(), [&](std::uint32_t other) {
            const bool is_apart = end(other) <= offset || end(candidate) <= buffers_[other].offset;
            return is_apart || (buffers_[other].offset == offset && coincide(other));
          })) {
        return offset;
      }
    }
    return std::nullopt;
  }

  std::int64_t first_fit(std::uint32_t index, const std::vector<std::uint32_t>& together) const {
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;  // [begin, end)
    for (const std::uint32_t other : together) taken.emplace_back(buffers_[other].offset, end(other));
    std::sort(taken.begin(), taken.end());
    std::int64_t offset = 0;
    const std::int64_t size = aligned(buffers_[index].stride);
    for (const auto& [begin, end] : taken) {
      if (offset + size <= begin) break;
      offset = std::max(offset, end);
    }
    return offset;
  }

  std::vector<Buffer>& buffers_;
  const std::vector<Lifetime>& lifetimes_;
  MayCoincide may_coincide_;
  std::vector<std::uint32_t> placed_;
};

/// The actions that must have been taken where a node executes, by NodeId::index: what its condition says and what
/// those of the nodes say that must have executed.
std::vector<std::vector<Took>> find_required_actions(const graph::Program& program, const Plan& plan) {
  std::vector<std::vector<Took>> required(program.nodes.size());
  for (const graph::NodeId id : program.topological_order) {
    for (const Clause& clause : plan.conditions[id.index].clauses) {
      if (clause.size() != 1) continue;
      if (const auto* took = std::get_if<Took>(&clause[0])) {
        required[id.index].push_back(*took);
      } else {
        const std::vector<Took>& more = required[std::get<Executed>(clause[0]).node.index];
        required[id.index].insert(required[id.index].end(), more.begin(), more.end());
      }
      if (required[id.index].size() > most_required_actions) required[id.index].resize(most_required_actions);
    }
  }
  return required;
}

std::int64_t tile_rows(const Plan& plan) {
  std::int64_t weights = 0;
  for (const Step& step : plan.steps) {
    if (is_batched(step)) weights += step.in.elements() * step.out.elements();
  }
  const std::int64_t arena = std::max<std::int64_t>(plan.arena_floats, 1);
  const std::int64_t rows = std::max(tile_cache_floats / arena, weights / weights_per_arena / arena);
  return std::clamp(rows, least_tile_rows, most_tile_rows) / 8 * 8;
}

/// When the tensors of a plan are written and read, and by whom: what decides about their places.
class Liveness {
 public:
  Liveness(const graph::Program& program, const Plan& plan)
      : program_(program),
        plan_(plan),
        phases_(plan.buffers.size()),
        steps_(plan.buffers.size()),
        owners_(plan.buffers.size()),
        choices_(plan.buffers.size(), nullptr),
        is_shared_(plan.buffers.size(), false),
        required_(find_required_actions(program, plan)) {
    walk();
  }

  /// In phases: for places in the arena.
  const std::vector<Lifetime>& phases() const { return phases_; }
  /// In steps: for places in the scratch of one row.
  const std::vector<Lifetime>& steps() const { return steps_; }

  /// Only one run of row-by-row steps writes and reads the tensor.
  bool may_be_row_local(std::uint32_t buffer) const {
    return !is_shared_[buffer] && phases_[buffer].begin == phases_[buffer].end;
  }

  /// Two tensors of one size that live together may stand in one place of the arena, row on row.
  bool may_coincide(std::uint32_t a, std::uint32_t b) const {
    return exclude_each_other(a, b) || is_handed_on(a, b) || is_handed_on(b, a);
  }

  /// The gradient of a tensor is added up from several parts.
  bool accumulates(std::uint32_t buffer) const { return readers_[buffer] != 1 || is_node_value_[buffer]; }

 private:
  /// No row executes the nodes of both: they stand behind different actions of one control node.
  bool exclude_each_other(std::uint32_t a, std::uint32_t b) const {
    for (const Took& one : required_[owners_[a].index]) {
      for (const Took& other : required_[owners_[b].index]) {
        if (one.control == other.control && one.action != other.action) return true;
      }
    }
    return false;
  }

  /// A join takes its target's row from one of its edges, and nothing reads `source` after it: the row need not move.
  bool is_handed_on(std::uint32_t source, std::uint32_t target) const {
    const JoinStep* join = choices_[target];
    if (join == nullptr || phases_[source].end != phases_[target].begin) return false;
    return std::any_of(join->edges.begin(), join->edges.end(), [&](const JoinEdge& edge) {
      const auto& value = plan_.value_of[program_[edge.edge].source.index];
      return value && *value == Operand{false, source};
    });
  }

  /// A use of a buffer in the current phase and step.
  void touch(std::uint32_t buffer) {
    phases_[buffer].touch(phase_);
    steps_[buffer].touch(step_);
  }
  void read(Operand operand) {
    if (operand.is_input) return;
    touch(operand.index);
    ++readers_[operand.index];
  }

  /// A join is a phase of its own: it goes through all rows at once.
  void visit_join(const JoinStep& join) {
    for (const JoinEdge& edge : join.edges) {
      const auto& source = plan_.value_of[program_[edge.edge].source.index];
      if (source) read(*source);
    }
    if (!join.is_output) {
      touch(join.target);
      owners_[join.target] = join.node;
      using graph::Join;
      if (join.kind == Join::none || join.kind == Join::first || join.kind == Join::last) choices_[join.target] = &join;
      is_shared_[join.target] = true;
    }
    ++phase_;
  }

  /// Visits joins and steps in the order in which they run. A phase is what runs for all rows before the next begins: a
  /// join, a batched step, or a run of row-by-row steps. Inside such a run the steps of one row come before those of
  /// the next, so two tensors of different rows may live together there even when no single row needs both.
  void walk() {
    readers_.assign(plan_.buffers.size(), 0);
    is_node_value_.assign(plan_.buffers.size(), false);
    for (const ScheduleEntry& entry : plan_.schedule) {
      if (!entry.computes) continue;
      const NodePlan& node = plan_.nodes[entry.node];
      for (const std::uint32_t join : node.joins) visit_join(plan_.joins[join]);
      for (const std::uint32_t index : node.steps) visit_step(plan_.steps[index]);
      ++phase_;
      const std::uint32_t value = plan_.value_of[node.node.index]->index;
      is_node_value_[value] = true;
      is_shared_[value] = true;
      touch(value);  // a control node's scores are read by the decision
      ++phase_;
    }
    for (const std::uint32_t join : plan_.output_joins) visit_join(plan_.joins[join]);
  }

  void visit_step(const Step& step) {
    if (is_batched(step)) ++phase_;
    for (const Operand operand : step.operands) {
      read(operand);
      if (is_batched(step) && !operand.is_input) is_shared_[operand.index] = true;
    }
    touch(step.result);
    owners_[step.result] = step.node;
    if (is_batched(step)) {
      is_shared_[step.result] = true;
      ++phase_;
    }
    ++step_;
  }

  const graph::Program& program_;
  const Plan& plan_;
  std::vector<Lifetime> phases_;
  std::vector<Lifetime> steps_;
  std::vector<graph::NodeId> owners_;     // whose step or join writes the buffer
  std::vector<const JoinStep*> choices_;  // the join that writes the buffer, where it takes one of its edges
  std::vector<bool> is_shared_;           // used by a join, a batched step or another node: never row-local
  std::vector<std::vector<Took>> required_;
  std::vector<std::uint32_t> readers_;
  std::vector<bool> is_node_value_;
  std::int64_t phase_ = 0;
  std::int64_t step_ = 0;
};

/// By buffer: a trained parameter stands before it; images and what is merely computed from them need no gradient.
std::vector<bool> find_needed_gradients(const graph::Program& program, const Plan& plan) {
  std::vector<bool> needs_gradient(plan.buffers.size(), false);
  const auto needs = [&](const std::optional<Operand>& operand) {
    return operand && !operand->is_input && needs_gradient[operand->index];
  };
  for (const NodePlan& node : plan.nodes) {
    for (const std::uint32_t index : node.joins) {
      const JoinStep& join = plan.joins[index];
      for (const JoinEdge& edge : join.edges) {
        if (needs(plan.value_of[program[edge.edge].source.index])) needs_gradient[join.target] = true;
      }
    }
    for (const std::uint32_t index : node.steps) {
      const Step& step = plan.steps[index];
      const bool has_trained = std::any_of(step.parameters.begin(), step.parameters.end(),
                                           [&](graph::ParamId id) { return program[id].is_trained; });
      if (has_trained || std::any_of(step.operands.begin(), step.operands.end(), needs)) {
        needs_gradient[step.result] = true;
      }
    }
  }
  return needs_gradient;
}

}  // namespace

void place_apart(Plan& plan) {
  plan.arena_floats = plan.row_local_floats = 0;
  for (Buffer& buffer : plan.buffers) {
    buffer.is_row_local = false;
    buffer.offset = plan.arena_floats;
    plan.arena_floats = end_of(buffer);
  }
  plan.tile_rows = tile_rows(plan);
}

void place_memory(Plan& plan, const PassContext& context) {
  const Liveness liveness(context.program, plan);
  std::vector<std::uint32_t> in_arena;
  std::vector<std::uint32_t> row_local;
  for (std::uint32_t i = 0; i < plan.buffers.size(); ++i) {
    plan.buffers[i].is_row_local = liveness.may_be_row_local(i);
    (plan.buffers[i].is_row_local ? row_local : in_arena).push_back(i);
  }
  plan.arena_floats = Placement(plan.buffers, liveness.phases(), [&](std::uint32_t a, std::uint32_t b) {
                        return liveness.may_coincide(a, b);
                      }).place(in_arena);
  plan.row_local_floats =
      Placement(plan.buffers, liveness.steps(), [](std::uint32_t, std::uint32_t) { return false; }).place(row_local);
  plan.tile_rows = tile_rows(plan);
}

void place_for_training(const graph::Program& program, Plan& plan) {
  const Liveness liveness(program, plan);
  const std::vector<bool> needs_gradient = find_needed_gradients(program, plan);
  std::vector<bool> is_state(plan.buffers.size(), false);
  for (const Step& step : plan.steps) {
    if (step.state) is_state[*step.state] = true;
  }
  plan.arena_floats = plan.gradient_floats = 0;
  for (std::uint32_t i = 0; i < plan.buffers.size(); ++i) {
    Buffer& buffer = plan.buffers[i];
    buffer.offset = plan.arena_floats;
    plan.arena_floats = end_of(buffer);
    if (is_state[i] || !needs_gradient[i]) continue;
    buffer.gradient_offset = plan.gradient_floats;
    plan.gradient_floats += aligned(buffer.stride);
    buffer.gradient_accumulates = liveness.accumulates(i);
  }
}

std::vector<std::string> check_places(const graph::Program& program, const Plan& plan) {
  const Liveness liveness(program, plan);
  std::vector<std::string> faults;
  const auto name = [](std::uint32_t buffer) { return "%" + std::to_string(buffer); };
  for (std::uint32_t a = 0; a < plan.buffers.size(); ++a) {
    const Buffer& one = plan.buffers[a];
    const std::int64_t memory = one.is_row_local ? plan.row_local_floats : plan.arena_floats;
    if (one.offset < 0 || one.offset % alignment_floats != 0 || end_of(one) > memory) {
      faults.push_back(name(a) + " stands outside its memory or is not aligned");
    }
    if (one.is_row_local && !liveness.may_be_row_local(a)) {
      faults.push_back(name(a) + " is row-local, but not only one run of rows uses it");
    }
    const std::vector<Lifetime>& lifetimes = one.is_row_local ? liveness.steps() : liveness.phases();
    for (std::uint32_t b = 0; b < a; ++b) {
      const Buffer& other = plan.buffers[b];
      if (one.is_row_local != other.is_row_local || end_of(one) <= other.offset || end_of(other) <= one.offset)
        continue;
      if (!lifetimes[a].overlaps(lifetimes[b])) continue;
      const bool coincide = one.offset == other.offset && one.stride == other.stride && !one.is_row_local;
      if (coincide && liveness.may_coincide(a, b)) continue;
      faults.push_back(name(b) + " and " + name(a) + " overlap while both are needed");
    }
  }
  return faults;
}

}  // namespace d2nn::passes
