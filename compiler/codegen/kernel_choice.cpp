#include "codegen/kernel_choice.h"

#include <algorithm>

#include "codegen/expressions/emit_expression.h"
#include "codegen/products.h"
#include "d2nn/rounding.h"
#include "expr/recognise.h"
#include "ops/per_kernel.h"

namespace d2nn::codegen {

namespace {

using ops::Kernel;

/// Sizes of a tensor as kernels count them: [C, H, W]. Axis 0 stays the channels (normalize and concat work on it);
/// what follows is one plane, whatever its rank.
struct Sizes {
  std::int64_t c, h, w;
};
Sizes sizes(const ops::Shape& shape) {
  if (shape.is_image()) return {shape.channels(), shape.height(), shape.width()};
  return {shape.dims[0], shape.elements() / shape.dims[0], 1};
}

PoolStage pool_stage(const ops::Arguments& arguments) {
  const ops::Extent kernel = arguments.extent("kernel");
  const ops::Extent stride = arguments.extent("stride");
  const ops::Extent pad = arguments.extent("pad");
  return {kernel.h, kernel.w, stride.h, stride.w, pad.h, pad.w};
}

/// Where Winograd's algorithm is faster than direct convolution although the library reorders its operand and result:
/// from 32 channels on (docs/design/001-kernels.md). Emitted code is as fast as the library's direct convolution.
bool prefers_winograd(const KernelProblem& p, const Target& target) {
  if (!target.has_winograd) return false;
  const bool is_3x3 = p.kernel_h == 3 && p.kernel_w == 3 && p.dilation_h == 1 && p.dilation_w == 1;
  const bool has_stride = p.stride_h != 1 || p.stride_w != 1;
  const std::int64_t multiplications = p.out_c * p.out_h * p.out_w * p.in_c * p.kernel_h * p.kernel_w;
  return p.kind == Kernel::conv && p.groups == 1 && is_3x3 && !has_stride && p.in_c >= 32 && p.out_c >= 32 &&
         multiplications >= 1'000'000;
}

KernelChoice problem_of(const passes::Step& step, KernelSource source) {
  KernelChoice choice;
  choice.source = source;
  choice.problem = kernel_problem(step);
  return choice;
}

KernelChoice choose_nothing(const passes::Step& step, const Target&) {
  return problem_of(step, KernelSource::none);
}

KernelChoice choose_product(const passes::Step& step, const Target& target) {
  KernelChoice choice = problem_of(step, KernelSource::product);
  choice.scratch_floats = round_up(product_scratch_floats(step, target.info), alignment_floats);
  return choice;
}

KernelChoice choose_expression(const passes::Step& step, const Target& target) {
  KernelChoice choice = problem_of(step, KernelSource::expression);
  if (!step.parameters.empty()) choice.pack = {D2NN_PACK_PLAIN, 0};
  choice.scratch_floats = round_up(expression_scratch_floats(step.expression, target.info), alignment_floats);
  return choice;
}

KernelChoice choose_library(const passes::Step& step, const Target&) {
  KernelChoice choice = problem_of(step, KernelSource::library);
  choice.pack = {D2NN_PACK_LIBRARY, 0};
  return choice;
}

KernelChoice choose_emitted(const passes::Step& step, const Target& target) {
  KernelChoice choice = problem_of(step, KernelSource::emitted);
  choice.pack = choose_pack(choice.problem, target.info);
  choice.scratch_floats = round_up(scratch_floats(choice.problem, target.info), alignment_floats);
  return choice;
}

/// The pool that follows a convolution whose result is `between`.
KernelProblem pool_after(const KernelProblem& conv, const PoolStage& pool, const Sizes& between) {
  KernelProblem after;
  after.kind = Kernel::max_pool;
  after.in_c = between.c;
  after.in_h = between.h;
  after.in_w = between.w;
  after.out_c = conv.out_c;
  after.out_h = conv.out_h;
  after.out_w = conv.out_w;
  after.kernel_h = pool.kernel_h;
  after.kernel_w = pool.kernel_w;
  after.stride_h = pool.stride_h;
  after.stride_w = pool.stride_w;
  after.pad_h = pool.pad_h;
  after.pad_w = pool.pad_w;
  return after;
}

KernelChoice choose_conv(const passes::Step& step, const Target& target) {
  KernelChoice choice = problem_of(step, KernelSource::emitted);
  std::int64_t between_floats = 0;
  if (const auto* fused_pool = passes::stage_of<passes::Pool>(step)) {
    const PoolStage pool = pool_stage(fused_pool->arguments);
    const Sizes between = sizes(step.kernel_out);
    KernelProblem conv = choice.problem;
    conv.out_c = between.c;
    conv.out_h = between.h;
    conv.out_w = between.w;
    if (!prefers_winograd(conv, target) && can_fuse_pool(conv, pool)) {
      choice.problem.pool = pool;
    } else {
      choice.pool_problem = pool_after(choice.problem, pool, between);
      choice.problem = conv;
      between_floats = round_up(step.kernel_out.elements(), alignment_floats);
      choice.scratch_floats = scratch_floats(*choice.pool_problem, target.info);
    }
  }
  if (choice.problem.pool.kernel_h == 0 && prefers_winograd(choice.problem, target)) {
    choice.source = KernelSource::library;
    choice.pack = {D2NN_PACK_LIBRARY, 0};
    choice.library_applies_relu = choice.problem.pointwise.size() == 1 && expr::is_relu(choice.problem.pointwise[0]);
  } else {
    choice.pack = choose_pack(choice.problem, target.info);
    choice.scratch_floats = std::max(choice.scratch_floats, scratch_floats(choice.problem, target.info));
  }
  choice.scratch_floats = round_up(choice.scratch_floats, alignment_floats) + between_floats;
  return choice;
}

using Choose = KernelChoice (*)(const passes::Step&, const Target&);
constexpr auto choosers = ops::per_kernel<Choose>({
    {Kernel::conv, choose_conv},
    {Kernel::conv_transpose, choose_library},
    {Kernel::dense, choose_emitted},
    {Kernel::matmul, choose_product},
    {Kernel::attention, choose_product},
    {Kernel::max_pool, choose_emitted},
    {Kernel::avg_pool, choose_emitted},
    {Kernel::top, choose_emitted},
    {Kernel::batch_norm, choose_emitted},
    {Kernel::normalize, choose_emitted},
    {Kernel::dropout, choose_emitted},
    {Kernel::copy, choose_emitted},
    {Kernel::concat, choose_nothing},
    {Kernel::expression, choose_expression},
});

}  // namespace

PointwiseStages pointwise_stages(const passes::Step& step) {
  PointwiseStages stages;
  for (const passes::Stage& stage : step.stages) {
    if (const auto* pointwise = std::get_if<passes::Pointwise>(&stage.kind)) stages.push_back(pointwise->expression);
  }
  return stages;
}

std::string stages_suffix(const PointwiseStages& stages) {
  if (stages.empty()) return "";
  return stages.size() == 1 && expr::is_relu(stages[0]) ? "_relu" : "_pointwise";
}

KernelProblem kernel_problem(const passes::Step& step) {
  if (is_product(step)) return product_problem(step);
  const ops::Arguments& arguments = step.arguments;
  KernelProblem p;
  p.kind = step.kernel;
  const Sizes in = sizes(step.in);
  const Sizes out = sizes(step.out);
  p.in_c = in.c;
  p.in_h = in.h;
  p.in_w = in.w;
  p.out_c = out.c;
  p.out_h = out.h;
  p.out_w = out.w;
  if (step.kernel == Kernel::dense) {
    // The same product at every place of the axes before the last.
    p.out_c = step.out.dims.back();
    p.in_h = p.out_h = step.out.elements() / p.out_c;
    p.in_c = step.in.elements() / p.in_h;
    p.in_w = p.out_w = 1;
  }
  const auto extent = [&](const char* name, ops::Extent otherwise) {
    return arguments.has(name) ? arguments.extent(name) : otherwise;
  };
  const auto integer = [&](const char* name, std::int64_t otherwise) {
    return arguments.has(name) ? arguments.integer(name) : otherwise;
  };
  const ops::Extent kernel = extent("kernel", {1, 1});
  const ops::Extent stride = extent("stride", {1, 1});
  const ops::Extent pad = extent("pad", {0, 0});
  const ops::Extent dilation = extent("dilation", {1, 1});
  p.kernel_h = kernel.h;
  p.kernel_w = kernel.w;
  p.stride_h = stride.h;
  p.stride_w = stride.w;
  p.pad_h = pad.h;
  p.pad_w = pad.w;
  p.dilation_h = dilation.h;
  p.dilation_w = dilation.w;
  p.groups = integer("groups", 1);
  p.pointwise = pointwise_stages(step);
  return p;
}

std::vector<KernelChoice> choose_kernels(const passes::Plan& plan, const Target& target) {
  std::vector<KernelChoice> choices;
  choices.reserve(plan.steps.size());
  for (const passes::Step& step : plan.steps) {
    choices.push_back(choosers[static_cast<std::size_t>(step.kernel)](step, target));
  }
  return choices;
}

}  // namespace d2nn::codegen
