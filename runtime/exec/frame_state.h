// What d2nn_frame::state points to: how a frame decides, runs library kernels and reports failures. Compiled code
// passes the pointer on and never dereferences it: the d2nn_rt_* functions that read it belong to the runtime that made
// the frame, and are reached through d2nn_frame::calls. This struct is therefore not part of the layout.
#pragma once

#include <cstdint>

#include "d2nn/module.h"

namespace d2nn::kernels {
class LibraryCall;
}
namespace d2nn::train {
struct StepState;
}

namespace d2nn::exec {

/// Who chooses actions where it is not simply the best score: the trainer's exploration, a cost budget.
class DecisionPolicy {
 public:
  virtual ~DecisionPolicy() = default;
  /// Writes frame.actions[control * capacity + row] for the listed rows. scores: row r at scores + r * stride, one per
  /// action, checked to be finite. Returns D2NN_OK or why no action could be chosen.
  virtual d2nn_status decide(d2nn_frame& frame, std::uint32_t control, const float* scores, std::int64_t stride,
                             const std::int32_t* rows, std::int64_t count) noexcept = 0;
};

/// What made the last call of compiled code return a status other than 0. Plain values: recording one allocates
/// nothing.
struct Failure {
  std::int64_t row = -1;                  ///< first listed row it happened to; -1: none, or not tied to a row
  std::uint32_t control = D2NN_NO_INDEX;  ///< of a score that is not finite
  std::uint32_t action = D2NN_NO_INDEX;   ///< whose score it is
  float score = 0;                        ///< its value
  std::uint32_t op = D2NN_NO_INDEX;       ///< whose library kernel failed
};

/// What compiled code may call in a frame that does not train.
extern const d2nn_calls inference_calls;

}  // namespace d2nn::exec

/// One per frame; filled by whoever makes the frame (exec::Context, the trainer).
struct d2nn_frame_state {
  const d2nn_module* module = nullptr;
  /// [ops]; nullptr for ops that compiled code computes itself. The frame's own: one thread at a time.
  d2nn::kernels::LibraryCall* const* library_calls = nullptr;
  /// nullptr: the best score, ties to the action declared first.
  d2nn::exec::DecisionPolicy* policy = nullptr;
  /// The trainer's own, for d2nn_rt_train_*; nullptr in inference.
  d2nn::train::StepState* train_step = nullptr;
  d2nn::exec::Failure failure;
};
