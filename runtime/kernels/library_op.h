// The door of the kernels room for inference: the ops that the compiler left to the kernel library (pack LIBRARY).
// It is implemented with oneDNN (2.6 and 3.x, the difference in one file), of which nothing appears here.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "d2nn/module.h"
#include "status/status.h"

namespace d2nn::kernels {

class LibraryCall;

/// An op with its weights packed for the library: made once for a model, immutable, shared by threads.
class LibraryOp {
 public:
  /// weight: PyTorch's layout, batch norm folded in already; bias: [out_c] or nullptr. Both may go after the call.
  static Result<std::unique_ptr<LibraryOp>> create(const d2nn_op& op, const float* weight, const float* bias);
  virtual ~LibraryOp() = default;
  virtual std::size_t packed_bytes() const = 0;
  /// What LibraryCall::create makes; throws what the library throws.
  virtual std::unique_ptr<LibraryCall> new_call() const = 0;
};

/// One frame's way to run a LibraryOp: its memory objects and scratchpad. One thread at a time; run() allocates nothing
/// of ours.
class LibraryCall {
 public:
  static Result<std::unique_ptr<LibraryCall>> create(const LibraryOp& op);
  virtual ~LibraryCall() = default;
  /// src: f32 [in_c, in_h, in_w], dst: f32 [out_c, out_h, out_w], planar, 64-byte aligned, one row.
  virtual d2nn_status run(const float* src, float* dst) noexcept = 0;
};

}  // namespace d2nn::kernels
