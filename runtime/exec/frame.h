// What compiled code sees while it runs (d2nn_frame), with the memory behind it: one layout for inference and training.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "d2nn/module.h"
#include "exec/frame_state.h"
#include "storage/aligned_buffer.h"

namespace d2nn::exec {

/// The memory of `capacity` rows in flight, used by one thread at a time. Its address is fixed: the frame points into
/// it.
class Frame {
 public:
  /// `arena_bytes`: of one row, for the code that will run here. `packed`: [ops], or nullptr where that code reads
  /// none. The module must outlive the frame. Throws std::bad_alloc, also for sizes that no memory can hold.
  Frame(const d2nn_module& module, std::int64_t arena_bytes, std::int64_t capacity, const float* const* packed,
        const d2nn_calls& calls);
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  /// Where row 0 of each tensor stands: set before compiled code runs.
  std::span<const float*> inputs() { return inputs_; }
  std::span<float*> outputs() { return outputs_; }
  std::span<std::uint8_t*> valid() { return valid_; }
  d2nn_frame_state& state() { return state_; }

  /// Forgets what the last rows did: no action taken, nothing executed, no failure. Before every forward pass.
  void clear();
  /// What compiled functions take.
  d2nn_frame* get() { return &frame_; }

  std::int64_t capacity() const { return frame_.capacity; }
  void* arena() const { return frame_.arena; }
  const Failure& failure() const { return state_.failure; }
  /// [rows]: the action taken, -1 where the control node did not execute.
  const std::int32_t* actions(std::uint32_t control) const {
    return frame_.actions + static_cast<std::int64_t>(control) * frame_.capacity;
  }
  bool has_executed(std::uint32_t node, std::int64_t row) const {
    return frame_.executed[static_cast<std::int64_t>(node) * frame_.capacity + row] != 0;
  }
  /// Multiplications that a row executed, control nodes included.
  std::int64_t cost(std::int64_t row) const;

 private:
  storage::AlignedBytes arena_;
  storage::AlignedBytes scratch_;
  std::vector<const float*> inputs_;
  std::vector<float*> outputs_;
  std::vector<std::uint8_t*> valid_;
  std::vector<std::int32_t> actions_;
  std::vector<std::uint8_t> executed_;
  std::vector<std::int32_t> row_lists_;
  d2nn_frame_state state_;
  d2nn_frame frame_{};
};

/// a * b as a number of objects of `size` bytes. Throws std::bad_alloc when no memory can hold them.
std::size_t area(std::int64_t a, std::int64_t b, std::size_t size);

}  // namespace d2nn::exec
