#include "exec/frame.h"

#include <algorithm>
#include <new>

namespace d2nn::exec {

std::size_t area(std::int64_t a, std::int64_t b, std::size_t size) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product) || product < 0 ||
      static_cast<std::uint64_t>(product) > static_cast<std::uint64_t>(PTRDIFF_MAX) / size) {
    throw std::bad_alloc();
  }
  return static_cast<std::size_t>(product);
}

Frame::Frame(const d2nn_module& module, std::int64_t arena_bytes, std::int64_t capacity, const float* const* packed,
             const d2nn_calls& calls)
    : arena_(area(arena_bytes, capacity, 1)),
      scratch_(area(module.scratch_bytes, 1, 1)),
      inputs_(module.input_count),
      outputs_(module.output_count),
      valid_(module.output_count),
      actions_(area(module.control_count, capacity, sizeof(std::int32_t))),
      executed_(area(module.flag_count, capacity, 1)),
      row_lists_(area(module.flag_count, capacity, sizeof(std::int32_t))) {
  state_.module = &module;
  frame_ = {.arena = arena_.data(),
            .inputs = inputs_.data(),
            .outputs = outputs_.data(),
            .valid = valid_.data(),
            .packed = packed,
            .actions = actions_.data(),
            .executed = executed_.data(),
            .row_lists = row_lists_.data(),
            .scratch = scratch_.data(),
            .capacity = capacity,
            .calls = &calls,
            .state = &state_};
}

void Frame::clear() {
  std::fill(actions_.begin(), actions_.end(), -1);
  std::fill(executed_.begin(), executed_.end(), std::uint8_t{0});
  state_.failure = {};
}

std::int64_t Frame::cost(std::int64_t row) const {
  const d2nn_module& module = *state_.module;
  std::int64_t sum = 0;
  for (std::uint32_t node = 0; node < module.node_count; ++node) {
    if (has_executed(node, row)) sum += module.nodes[node].cost;
  }
  return sum;
}

}  // namespace d2nn::exec
