#include "codegen/products.h"

#include "codegen/kernel_choice.h"
#include "codegen/kernels/product.h"

namespace d2nn::codegen {

namespace {

using ops::Kernel;
using ops::Shape;

std::int64_t matrices(const Shape& shape) {
  return shape.elements() / shape.dims.back() / shape.dims[shape.rank() - 2];
}

MatmulProblem matmul_problem(const passes::Step& step) {
  const Shape& left = step.operand_shapes[0];
  const Shape& right = step.operand_shapes[1];
  const std::size_t leading = step.kernel_out.rank() - 2;
  MatmulProblem problem;
  problem.m = step.out.dims[leading];
  problem.n = step.out.dims[leading + 1];
  problem.k = left.dims[leading + 1];
  problem.leading.resize(leading);
  problem.pointwise = pointwise_stages(step);
  std::int64_t left_stride = 1;
  std::int64_t right_stride = 1;
  for (std::size_t axis = leading; axis-- > 0;) {
    problem.leading[axis] = {step.out.dims[axis], left.dims[axis] == 1 ? 0 : left_stride,
                             right.dims[axis] == 1 ? 0 : right_stride};
    left_stride *= left.dims[axis];
    right_stride *= right.dims[axis];
  }
  return problem;
}

AttentionProblem attention_problem(const passes::Step& step) {
  AttentionProblem problem;
  problem.heads = step.arguments.integer("heads");
  problem.queries = step.operand_shapes[0].dims[0];
  problem.keys = step.operand_shapes[1].dims[0];
  problem.width = step.operand_shapes[0].dims[1];
  problem.value_width = step.operand_shapes[2].dims[1];
  problem.is_causal = step.arguments.boolean("causal");
  return problem;
}

}  // namespace

bool is_product(const passes::Step& step) {
  return step.kernel == Kernel::matmul || step.kernel == Kernel::attention;
}

KernelProblem product_problem(const passes::Step& step) {
  KernelProblem p;
  p.kind = step.kernel;
  const Shape& left = step.operand_shapes[0];
  p.in_c = matrices(left);
  p.in_h = left.dims[left.rank() - 2];
  p.in_w = left.dims.back();
  p.out_c = matrices(step.out);
  p.out_h = p.in_h;
  p.out_w = step.out.dims.back();
  if (step.kernel == Kernel::attention) p.groups = step.arguments.integer("heads");
  return p;
}

std::vector<std::int64_t> product_axes(const passes::Step& step) {
  std::vector<std::int64_t> numbers;
  if (step.kernel != Kernel::matmul) return numbers;
  for (const MatmulProblem::Axis& axis : matmul_problem(step).leading) {
    numbers.insert(numbers.end(), {axis.size, axis.left, axis.right});
  }
  return numbers;
}

std::int64_t product_scratch_floats(const passes::Step& step, const TargetInfo& target) {
  return step.kernel == Kernel::matmul ? scratch_floats(matmul_problem(step), target)
                                       : scratch_floats(attention_problem(step), target);
}

std::string product_name(const passes::Step& step) {
  std::string name = ops::spelling(step.kernel);
  for (std::size_t operand = 0; operand < passes::layer_operands(step); ++operand) {
    const Shape& shape = step.operand_shapes[operand];
    name += "_";
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
      name += (axis > 0 ? "x" : "") + std::to_string(shape.dims[axis]);
    }
  }
  if (step.kernel == Kernel::attention) {
    name += "_h" + std::to_string(step.arguments.integer("heads"));
    if (step.arguments.boolean("causal")) name += "_causal";
  }
  return name + stages_suffix(pointwise_stages(step));
}

llvm::Function* emit_product_kernel(llvm::Module& module, const passes::Step& step, const TargetInfo& target) {
  return step.kernel == Kernel::matmul
             ? emit_matmul_kernel(module, matmul_problem(step), target, product_name(step))
             : emit_attention_kernel(module, attention_problem(step), target, product_name(step));
}

}  // namespace d2nn::codegen
