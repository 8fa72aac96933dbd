// How a layer is computed: by a kernel of its own, or as an expression. A new kernel is a line in each of the two lists
// here; tables over all kernels (per_kernel.h) do not compile without it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace d2nn::ops {

/// Kernel::expression: Layer::meaning says what it computes. module.h lists the same (d2nn_op_kind).
enum class Kernel : std::uint8_t {
  conv,
  conv_transpose,
  dense,
  matmul,
  attention,
  max_pool,
  avg_pool,
  top,
  batch_norm,
  normalize,
  dropout,
  copy,  ///< the same elements in the same order: no computing where the tensor can be handed on
  concat,
  expression,
};
inline constexpr std::size_t kernel_count = static_cast<std::size_t>(Kernel::expression) + 1;

/// By Kernel; for names of emitted functions and messages.
inline constexpr const char* kernel_names[] = {"conv",     "conv_transpose", "dense",  "matmul",     "attention",
                                               "max_pool", "avg_pool",       "top",    "batch_norm", "normalize",
                                               "dropout",  "copy",           "concat", "expression"};
static_assert(sizeof(kernel_names) / sizeof(kernel_names[0]) == kernel_count, "one name per Kernel");

/// "conv".
constexpr const char* spelling(Kernel kernel) {
  return kernel_names[static_cast<std::size_t>(kernel)];
}

}  // namespace d2nn::ops
