// Short ways to write kernel problems down.
#pragma once

#include <functional>

#include "codegen/kernels/kernels.h"
#include "expr/compose.h"

namespace d2nn::testing {

/// [C, H, W].
struct Image {
  std::int64_t c = 1, h = 1, w = 1;
};
/// Height and width alike, unless given both.
struct Pair {
  std::int64_t h, w;
  Pair(std::int64_t both) : h(both), w(both) {}  // NOLINT(google-explicit-constructor): tables read `3`
  Pair(std::int64_t height, std::int64_t width) : h(height), w(width) {}
};

struct Window {
  Pair kernel = 1;
  Pair stride = 1;
  Pair pad = 0;
  Pair dilation = 1;
};

/// One stage: a function of the results and, where it reads them, of further operands.
codegen::PointwiseStages applied(const std::function<expr::Value(const expr::Value& x)>& function);
codegen::PointwiseStages relu_stage();
/// A residual: relu of the sum with a further operand, in two stages.
codegen::PointwiseStages added_and_relu();
/// x * y + z of two further operands, then gelu: more than is spelled out at every store.
codegen::PointwiseStages gated_and_gelu();

codegen::KernelProblem conv(Image in, std::int64_t filters, Window window, std::int64_t groups = 1,
                            codegen::PointwiseStages pointwise = {});
/// relu, then a max pool as the last stage. The pair must be fusable.
codegen::KernelProblem conv_pool(Image in, std::int64_t filters, Window window, Window pool, std::int64_t groups = 1);
codegen::KernelProblem pool(ops::Kernel kind, Image in, Window window);
codegen::KernelProblem dense(std::int64_t inputs, std::int64_t units, codegen::PointwiseStages pointwise = {});
/// Kinds whose result has the shape of their operand.
codegen::KernelProblem same_shape(ops::Kernel kind, Image in);

}  // namespace d2nn::testing
