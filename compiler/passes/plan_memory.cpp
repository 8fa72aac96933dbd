// Inference: a tensor that is made and read within one run of row-by-row kernels of a node is needed for one row at a
// time and stands in the frame's scratch; every other tensor of a tile gets a place in the arena for the steps during
// which it lives (first fit, largest first: the greedy of Pisarchyk and Lee, "Efficient memory management for deep
// neural net inference", 2020, section 5.2). Training keeps all values: backward reads them.
#include "passes/plan_memory.h"

#include <algorithm>
#include <numeric>

namespace d2nn::passes {

namespace {

/// First and last time (counted in phases or in steps, see MemoryPlanner::walk) at which a buffer is written or read.
struct Lifetime {
  std::int64_t begin = -1;
  std::int64_t end = -1;
  void touch(std::int64_t time) {
    if (begin < 0) begin = time;
    end = std::max(end, time);
  }
  bool overlaps(const Lifetime& other) const { return begin <= other.end && other.begin <= end; }
};

constexpr std::int64_t alignment_floats = 16;
/// A tile's activations should stay in the second-level cache beside the weights that are streaming through.
constexpr std::int64_t tile_cache_floats = 384 * 1024;
constexpr std::int64_t least_tile_rows = 8;
constexpr std::int64_t most_tile_rows = 64;

std::int64_t aligned(std::int64_t floats) {
  return (floats + alignment_floats - 1) / alignment_floats * alignment_floats;
}

/// Gives each of the listed buffers an offset such that no two that live together overlap; returns the size needed.
std::int64_t place(std::vector<Buffer>& buffers, const std::vector<Lifetime>& lifetimes,
                   std::vector<std::uint32_t> which) {
  std::stable_sort(which.begin(), which.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return buffers[a].stride > buffers[b].stride; });
  std::vector<std::uint32_t> placed;
  std::int64_t total = 0;
  for (const std::uint32_t index : which) {
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;  // [begin, end) of those that live at the same time
    for (const std::uint32_t other : placed) {
      if (lifetimes[index].overlaps(lifetimes[other]))
        taken.emplace_back(buffers[other].offset, buffers[other].offset + aligned(buffers[other].stride));
    }
    std::sort(taken.begin(), taken.end());
    std::int64_t offset = 0;
    const std::int64_t size = aligned(buffers[index].stride);
    for (const auto& [begin, end] : taken) {
      if (offset + size <= begin) break;
      offset = std::max(offset, end);
    }
    buffers[index].offset = offset;
    total = std::max(total, offset + size);
    placed.push_back(index);
  }
  return total;
}

class MemoryPlanner {
 public:
  MemoryPlanner(const graph::Program& program, Plan& plan)
      : program_(program),
        plan_(plan),
        phases_(plan.buffers.size()),
        steps_(plan.buffers.size()),
        is_shared_(plan.buffers.size(), false) {}

  void plan_inference() {
    walk();
    std::vector<std::uint32_t> in_arena;
    std::vector<std::uint32_t> row_local;
    for (std::uint32_t i = 0; i < plan_.buffers.size(); ++i) {
      plan_.buffers[i].is_row_local = !is_shared_[i] && phases_[i].begin == phases_[i].end;
      (plan_.buffers[i].is_row_local ? row_local : in_arena).push_back(i);
    }
    plan_.arena_floats = place(plan_.buffers, phases_, in_arena);
    plan_.row_local_floats = place(plan_.buffers, steps_, row_local);
    plan_.tile_rows =
        std::clamp(tile_cache_floats / std::max<std::int64_t>(plan_.arena_floats, 1), least_tile_rows, most_tile_rows) /
        8 * 8;
  }

  void plan_training() {
    walk();
    find_needed_gradients();
    std::int64_t values = 0;
    std::int64_t gradients = 0;
    std::vector<bool> is_state(plan_.buffers.size(), false);
    for (const Step& step : plan_.steps) {
      if (step.state) is_state[*step.state] = true;
    }
    for (std::uint32_t i = 0; i < plan_.buffers.size(); ++i) {
      Buffer& buffer = plan_.buffers[i];
      buffer.offset = values;
      values += aligned(buffer.stride);
      if (is_state[i] || !needs_gradient_[i]) continue;
      buffer.gradient_offset = gradients;
      gradients += aligned(buffer.stride);
      buffer.gradient_accumulates = readers_[i] != 1 || is_node_value_[i];
    }
    plan_.arena_floats = values;
    plan_.gradient_floats = gradients;
  }

 private:
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
      is_shared_[join.target] = true;
    }
    ++phase_;
  }

  /// A tensor needs a gradient when a trained parameter stands before it; images and what is merely computed from them
  /// do not.
  void find_needed_gradients() {
    needs_gradient_.assign(plan_.buffers.size(), false);
    const auto needs = [&](const std::optional<Operand>& operand) {
      return operand && !operand->is_input && needs_gradient_[operand->index];
    };
    for (const NodePlan& node : plan_.nodes) {
      for (const std::uint32_t index : node.joins) {
        const JoinStep& join = plan_.joins[index];
        for (const JoinEdge& edge : join.edges) {
          if (needs(plan_.value_of[program_[edge.edge].source.index])) needs_gradient_[join.target] = true;
        }
      }
      for (const std::uint32_t index : node.steps) {
        const Step& step = plan_.steps[index];
        const bool has_trained = std::any_of(step.parameters.begin(), step.parameters.end(),
                                             [&](graph::ParamId id) { return program_[id].is_trained; });
        if (has_trained ||
            std::any_of(step.operands.begin(), step.operands.end(), [&](Operand o) { return needs(o); })) {
          needs_gradient_[step.result] = true;
        }
      }
    }
  }

  /// Visits joins and steps in the order in which they run. A phase is what runs for all rows before the next begins: a
  /// join, a batched step, or a run of row-by-row steps. Inside such a run the steps of one row come before those of
  /// the next, so two tensors of different rows may live together there even when no single row needs both.
  void walk() {
    readers_.assign(plan_.buffers.size(), 0);
    is_node_value_.assign(plan_.buffers.size(), false);
    for (const Turn& turn : plan_.turns) {
      if (!turn.computes) continue;
      const NodePlan& node = plan_.nodes[turn.node];
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
    if (is_batched(step)) {
      is_shared_[step.result] = true;
      ++phase_;
    }
    ++step_;
  }

  const graph::Program& program_;
  Plan& plan_;
  std::vector<Lifetime> phases_;  // for places in the arena
  std::vector<Lifetime> steps_;   // for places in the scratch of one row
  std::vector<bool> is_shared_;   // used by a join, a batched step or another node: never row-local
  std::vector<std::uint32_t> readers_;
  std::vector<bool> is_node_value_;
  std::vector<bool> needs_gradient_;
  std::int64_t phase_ = 0;
  std::int64_t step_ = 0;
};

}  // namespace

void plan_memory(const graph::Program& program, Plan& plan) {
  MemoryPlanner planner(program, plan);
  if (plan.mode == PlanMode::inference) {
    planner.plan_inference();
  } else {
    planner.plan_training();
  }
}

}  // namespace d2nn::passes
