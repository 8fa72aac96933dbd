// See problems.h.
#include "unit/codegen_kernels/problems.h"

#include <stdexcept>
#include <utility>

namespace d2nn::testing {

using codegen::KernelProblem;
using codegen::PointwiseStages;
using ops::Kernel;

namespace {

std::int64_t slid(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t pad, std::int64_t dilation) {
  return (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
}

KernelProblem windowed(Kernel kind, Image in, std::int64_t out_c, const Window& window) {
  KernelProblem p;
  p.kind = kind;
  p.in_c = in.c;
  p.in_h = in.h;
  p.in_w = in.w;
  p.out_c = out_c;
  p.out_h = slid(in.h, window.kernel.h, window.stride.h, window.pad.h, window.dilation.h);
  p.out_w = slid(in.w, window.kernel.w, window.stride.w, window.pad.w, window.dilation.w);
  p.kernel_h = window.kernel.h;
  p.kernel_w = window.kernel.w;
  p.stride_h = window.stride.h;
  p.stride_w = window.stride.w;
  p.pad_h = window.pad.h;
  p.pad_w = window.pad.w;
  p.dilation_h = window.dilation.h;
  p.dilation_w = window.dilation.w;
  return p;
}

}  // namespace

PointwiseStages applied(const std::function<expr::Value(const expr::Value& x)>& function) {
  expr::Builder builder;
  return {expr::without_detach(builder.finish({function({builder, builder.operand(0, {1})})}))};
}

PointwiseStages relu_stage() {
  return applied(expr::relu);
}

PointwiseStages added_and_relu() {
  PointwiseStages stages =
      applied([](const expr::Value& x) { return expr::Value(x.builder(), x.builder().operand(1, {1})) + x; });
  stages.push_back(relu_stage()[0]);
  return stages;
}

PointwiseStages gated_and_gelu() {
  PointwiseStages stages = applied([](const expr::Value& x) {
    const expr::Value y{x.builder(), x.builder().operand(1, {1})}, z{x.builder(), x.builder().operand(2, {1})};
    return x * y + z;
  });
  stages.push_back(applied(expr::gelu)[0]);
  return stages;
}

KernelProblem conv(Image in, std::int64_t filters, Window window, std::int64_t groups, PointwiseStages pointwise) {
  KernelProblem p = windowed(Kernel::conv, in, filters, window);
  p.groups = groups;
  p.pointwise = std::move(pointwise);
  return p;
}

KernelProblem conv_pool(Image in, std::int64_t filters, Window window, Window pool, std::int64_t groups) {
  KernelProblem p = conv(in, filters, window, groups, relu_stage());
  const codegen::PoolStage stage{pool.kernel.h, pool.kernel.w, pool.stride.h, pool.stride.w, pool.pad.h, pool.pad.w};
  if (!codegen::can_fuse_pool(p, stage)) throw std::logic_error("this pool cannot be fused");
  p.pool = stage;
  p.out_h = slid(p.out_h, pool.kernel.h, pool.stride.h, pool.pad.h, 1);
  p.out_w = slid(p.out_w, pool.kernel.w, pool.stride.w, pool.pad.w, 1);
  return p;
}

KernelProblem pool(Kernel kind, Image in, Window window) {
  return windowed(kind, in, in.c, window);
}

KernelProblem dense(std::int64_t inputs, std::int64_t units, PointwiseStages pointwise) {
  KernelProblem p;
  p.kind = Kernel::dense;
  p.in_c = inputs;
  p.out_c = units;
  p.pointwise = std::move(pointwise);
  return p;
}

KernelProblem same_shape(Kernel kind, Image in) {
  KernelProblem p = windowed(kind, in, in.c, {});
  return p;
}

}  // namespace d2nn::testing
