// A module with its weights: checked against this runtime and processor, loaded, packed for its kernels, then
// immutable.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "d2nn/module.h"
#include "kernels/library_op.h"
#include "status/status.h"
#include "weights/pack.h"

namespace d2nn::exec {

/// D2NN_INVALID_MODULE when `module` was laid out for another runtime, needs instructions that this processor lacks,
/// holds tensors of an element type that this runtime does not compute, or is damaged where a run would follow it
/// blindly.
Status check_module(const d2nn_module& module);

/// Immutable after creation: any number of contexts, on any threads, read one model.
class Model {
 public:
  /// `module` must outlive the model; `source` (NULL: the embedded weights) only the call. Throws std::bad_alloc only.
  static Result<std::unique_ptr<Model>> create(const d2nn_module& module, const d2nn_weights_source* source);
  /// The same from parameters in memory, [parameter_floats], needed during the call only: those of a training.
  static Result<std::unique_ptr<Model>> create(const d2nn_module& module, std::span<const float> parameters);

  const d2nn_module& module() const { return module_; }
  /// [ops]: packed weights, NULL where an op has none or is a library op.
  const float* const* packed() const { return packed_.data(); }
  /// NULL unless the op's pack is LIBRARY.
  const kernels::LibraryOp* library_op(std::size_t op) const { return library_ops_[op].get(); }
  /// Memory that packed weights take, the kernel library's included.
  std::size_t packed_bytes() const;

 private:
  explicit Model(const d2nn_module& module) : module_(module) {}
  Status pack(std::size_t op, std::span<const float> parameters);

  const d2nn_module& module_;
  std::vector<storage::AlignedFloats> weights_;
  std::vector<const float*> packed_;
  std::vector<std::unique_ptr<kernels::LibraryOp>> library_ops_;
};

}  // namespace d2nn::exec
