// Gradients through joins: see train_joins.h.
#include "train/train_joins.h"

#include <algorithm>
#include <cmath>

#include "exec/join.h"

namespace d2nn::train {
namespace {

/// Values that one task adds at least: below, splitting costs more than it saves.
constexpr std::int64_t values_per_task = 32768;

class JoinGradient {
 public:
  JoinGradient(const d2nn_frame& frame, const StepState& state, const d2nn_join& join)
      : frame_(frame), state_(state), join_(join) {
    if (join.is_output != 0) {
      source_ = state.output_gradients[join.target];
      stride_ = join.elements;
    } else {
      const d2nn_buffer& target = state.code->buffers[join.target];
      if (target.gradient_offset_bytes >= 0) source_ = d2nn_gradient_row(state.gradients, &target, frame.capacity, 0);
      stride_ = target.elements;
    }
  }

  bool is_needed() const { return source_ != nullptr; }

  void row(std::int64_t row) const {
    const float* gradient = source_ + row * stride_;
    switch (join_.kind) {
      case D2NN_JOIN_SUM:
        return to_all(gradient, row, 1.0F);
      case D2NN_JOIN_MEAN:
        return to_all(gradient, row, 1.0F / static_cast<float>(join_.edge_count));
      case D2NN_JOIN_CONCAT:
        return to_parts(gradient, row);
      case D2NN_JOIN_MAX:
        return to_greatest(gradient, row);
      default:
        return to_taken(gradient, row);
    }
  }

 private:
  /// Where the gradient of the edge's source goes for a row; nullptr when it needs none.
  float* target_of(const d2nn_join_edge& edge, std::int64_t row) const {
    if (edge.source >= D2NN_INPUT_OPERAND) return nullptr;  // an input of the network, or a dummy's constant
    if (edge.source_flag != D2NN_NO_INDEX && frame_.executed[edge.source_flag * frame_.capacity + row] == 0)
      return nullptr;
    const d2nn_buffer& buffer = state_.code->buffers[edge.source];
    if (buffer.gradient_offset_bytes < 0) return nullptr;
    return d2nn_gradient_row(state_.gradients, &buffer, frame_.capacity, row);
  }

  bool is_null(const d2nn_join_edge& edge, std::int64_t row) const {
    return exec::edge_value(frame_, state_.code->buffers, edge, row).values == nullptr;
  }

  bool any_null(std::int64_t row) const {
    for (std::uint32_t e = 0; e < join_.edge_count; ++e) {
      if (is_null(join_.edges[e], row)) return true;
    }
    return false;
  }

  static void add(const float* gradient, std::int64_t elements, float factor, float* target) {
    for (std::int64_t i = 0; i < elements; ++i) target[i] += factor * gradient[i];
  }

  void to_all(const float* gradient, std::int64_t row, float factor) const {
    if (any_null(row)) return;
    for (std::uint32_t e = 0; e < join_.edge_count; ++e) {
      if (float* target = target_of(join_.edges[e], row)) add(gradient, join_.elements, factor, target);
    }
  }

  void to_parts(const float* gradient, std::int64_t row) const {
    if (any_null(row)) return;
    for (std::uint32_t e = 0; e < join_.edge_count; ++e) {
      const d2nn_join_edge& edge = join_.edges[e];
      if (float* target = target_of(edge, row)) add(gradient, edge.elements, 1.0F, target);
      gradient += edge.elements;
    }
  }

  void to_taken(const float* gradient, std::int64_t row) const {
    for (std::uint32_t i = 0; i < join_.edge_count; ++i) {
      const d2nn_join_edge& edge = join_.edges[join_.kind == D2NN_JOIN_LAST ? join_.edge_count - 1 - i : i];
      if (is_null(edge, row)) continue;
      if (float* target = target_of(edge, row)) add(gradient, join_.elements, 1.0F, target);
      return;
    }
  }

  void to_greatest(const float* gradient, std::int64_t row) const {
    if (any_null(row)) return;
    for (std::int64_t i = 0; i < join_.elements; ++i) {
      std::uint32_t greatest_edge = 0;
      float greatest = 0;
      for (std::uint32_t e = 0; e < join_.edge_count; ++e) {
        const exec::EdgeValue value = exec::edge_value(frame_, state_.code->buffers, join_.edges[e], row);
        const float element = value.values[value.broadcast ? 0 : i];
        if (e == 0 || element > greatest || (std::isnan(element) && !std::isnan(greatest))) {
          greatest_edge = e;
          greatest = element;
        }
      }
      if (float* target = target_of(join_.edges[greatest_edge], row)) target[i] += gradient[i];
    }
  }

  const d2nn_frame& frame_;
  const StepState& state_;
  const d2nn_join& join_;
  const float* source_ = nullptr;
  std::int64_t stride_ = 0;
};

}  // namespace

void join_backward(const d2nn_frame& frame, const StepState& state, std::uint32_t join, const std::int32_t* rows,
                   std::int64_t count) noexcept {
  const d2nn_join& table = state.code->joins[join];
  const JoinGradient gradient(frame, state, table);
  if (!gradient.is_needed() || count == 0) return;
  const std::int64_t tasks = std::min(count, 1 + count * table.elements / values_per_task);
  auto work = [&](std::size_t task, std::size_t) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * count / tasks;
    const std::int64_t end = (static_cast<std::int64_t>(task) + 1) * count / tasks;
    for (std::int64_t i = begin; i < end; ++i) gradient.row(rows[i]);
  };
  if (tasks == 1) {
    work(0, 0);
  } else {
    state.pool->run(static_cast<std::size_t>(tasks), work);
  }
}

}  // namespace d2nn::train
