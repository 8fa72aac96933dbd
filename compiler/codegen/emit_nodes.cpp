#include "codegen/emit_nodes.h"

#include <llvm/IR/Module.h>

#include "codegen/expressions/emit_expression.h"
#include "codegen/products.h"
#include "d2nn/module.h"
#include "d2nn/rounding.h"
#include "expr/substitute.h"

namespace d2nn::codegen {

namespace {

/// What tells kernels of one name apart.
std::string key_of(std::string name, const PointwiseStages& stages) {
  for (const expr::Expression& stage : stages) name += "\n" + to_string(stage);
  return name;
}

}  // namespace

struct NodeEmitter::Body {
  llvm::Function* function;
  llvm::IRBuilder<> b;
  FrameAccess frame;
  RuntimeCalls calls;
  llvm::Value* rows;
  llvm::Value* count;

  Body(llvm::Function* f, const NetworkLayout& layout)
      : function(f),
        b(llvm::BasicBlock::Create(f->getContext(), "entry", f)),
        frame(b, f->getArg(0), layout),
        calls(b, f->getArg(0)),
        rows(f->getArg(1)),
        count(f->getArg(2)) {}
};

std::string problem_name(const KernelProblem& p) {
  std::string name = spelling(p.kind);
  name += "_" + std::to_string(p.in_c) + "x" + std::to_string(p.in_h) + "x" + std::to_string(p.in_w) + "_" +
          std::to_string(p.out_c) + "x" + std::to_string(p.out_h) + "x" + std::to_string(p.out_w);
  const auto pair = [&](const char* tag, std::int64_t h, std::int64_t w, std::int64_t usual) {
    if (h != usual || w != usual) name += std::string("_") + tag + std::to_string(h) + "x" + std::to_string(w);
  };
  pair("k", p.kernel_h, p.kernel_w, 1);
  pair("s", p.stride_h, p.stride_w, 1);
  pair("p", p.pad_h, p.pad_w, 0);
  pair("d", p.dilation_h, p.dilation_w, 1);
  if (p.groups != 1) name += "_g" + std::to_string(p.groups);
  name += stages_suffix(p.pointwise);
  if (p.pool.kernel_h != 0) {
    name += "_mp";
    pair("k", p.pool.kernel_h, p.pool.kernel_w, 0);
    pair("s", p.pool.stride_h, p.pool.stride_w, 0);
    pair("p", p.pool.pad_h, p.pool.pad_w, 0);
  }
  return name;
}

NodeEmitter::NodeEmitter(llvm::Module& module, const NetworkLayout& layout, const std::vector<KernelChoice>& kernels,
                         const Target& target)
    : module_(module), layout_(layout), kernels_(kernels), target_(target) {}

llvm::Function* NodeEmitter::row_kernel(const KernelProblem& problem) {
  llvm::Function*& function = functions_[key_of(problem_name(problem), problem.pointwise)];
  if (!function) function = emit_row_kernel(module_, problem, target_.info, problem_name(problem));
  return function;
}

llvm::Function* NodeEmitter::dense_kernel(KernelProblem problem) {
  problem.in_h = problem.out_h = 1;  // places are rows to it
  llvm::Function*& function = functions_[key_of(problem_name(problem), problem.pointwise)];
  if (!function) function = emit_dense_kernel(module_, problem, target_.info, problem_name(problem));
  return function;
}

llvm::Function* NodeEmitter::product_kernel(const passes::Step& step) {
  llvm::Function*& function = functions_[key_of(product_name(step), pointwise_stages(step))];
  if (!function) function = emit_product_kernel(module_, step, target_.info);
  return function;
}

void NodeEmitter::emit_product_step(Body& body, std::uint32_t index, llvm::Value* row) {
  const passes::Step& step = layout_.plan->steps[index];
  std::vector<llvm::Value*> arguments;
  for (std::size_t i = 0; i < passes::layer_operands(step); ++i) {
    arguments.push_back(body.frame.row_address(step.operands[i], row));
  }
  arguments.push_back(body.frame.row_address({false, step.result}, row));
  arguments.push_back(body.frame.scratch());
  for (llvm::Value* further : further_rows(body, step, row)) arguments.push_back(further);
  body.b.CreateCall(product_kernel(step), arguments);
}

std::vector<llvm::Value*> NodeEmitter::further_rows(Body& body, const passes::Step& step, llvm::Value* row) {
  std::vector<llvm::Value*> rows;
  for (std::size_t i = passes::layer_operands(step); i < step.operands.size(); ++i) {
    rows.push_back(body.frame.row_address(step.operands[i], row));
  }
  return rows;
}

void NodeEmitter::emit_stages_in_place(Body& body, const passes::Step& step, llvm::Value* row, llvm::Value* result) {
  const PointwiseStages stages = pointwise_stages(step);
  if (stages.empty()) return;
  // One loop for all: the operands of each stage stand behind those of the ones before it, as in the step.
  expr::Expression all = stages[0];
  for (std::size_t stage = 1; stage < stages.size(); ++stage) {
    std::vector<std::uint32_t> numbers{0};
    for (std::uint32_t i = 1; i < stages[stage].operand_count(); ++i) numbers.push_back(all.operand_count() + i - 1);
    const auto next = expr::viewed_under(stages[stage], all[all.results[0]].dims);
    all = expr::compose(*next, 0, all, numbers, 0);
  }
  std::vector<llvm::Value*> arguments{result};
  for (llvm::Value* further : further_rows(body, step, row)) arguments.push_back(further);
  arguments.insert(arguments.end(), {result, body.frame.scratch()});
  body.b.CreateCall(expression_kernel(all), arguments);
}

llvm::Function* NodeEmitter::expression_kernel(const expr::Expression& expression) {
  llvm::Function*& function = functions_[to_string(expression)];
  if (!function) {
    const std::string name = layout_.program->name + ".expression" + std::to_string(functions_.size());
    function = emit_expression(module_, expression, {ResultStore::overwrite}, target_.info, name).function;
  }
  return function;
}

void NodeEmitter::emit_expression_step(Body& body, std::uint32_t index, llvm::Value* row) {
  const passes::Step& step = layout_.plan->steps[index];
  std::vector<llvm::Value*> arguments;
  for (const passes::Operand operand : step.operands) arguments.push_back(body.frame.row_address(operand, row));
  std::uint64_t at = 0;
  for (const graph::ParamId parameter : step.parameters) {
    arguments.push_back(body.b.CreateConstInBoundsGEP1_64(body.b.getFloatTy(), body.frame.packed(index), at));
    at += static_cast<std::uint64_t>((*layout_.program)[parameter].shape.elements());
  }
  arguments.push_back(body.frame.row_address({false, step.result}, row));
  arguments.push_back(body.frame.scratch());
  body.b.CreateCall(expression_kernel(step.expression), arguments);
}

NodeEmitter::Body NodeEmitter::begin(const std::string& name) {
  llvm::LLVMContext& context = module_.getContext();
  llvm::Type* pointer = llvm::PointerType::getUnqual(context);
  auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context),
                                       {pointer, pointer, llvm::Type::getInt64Ty(context)}, false);
  auto* function = llvm::Function::Create(type, llvm::Function::InternalLinkage, name, module_);
  function->getArg(0)->setName("frame");
  function->getArg(1)->setName("rows");
  function->getArg(2)->setName("count");
  for (unsigned i = 0; i < 2; ++i) function->addParamAttr(i, llvm::Attribute::NoAlias);
  // One function per node in the artefact too: both drivers call it, and its name shows in profiles.
  function->addFnAttr(llvm::Attribute::NoInline);
  return Body(function, layout_);
}

void NodeEmitter::return_unless_ok(Body& body, llvm::Value* status) {
  auto& b = body.b;
  auto* failed = llvm::BasicBlock::Create(b.getContext(), "failed", body.function);
  auto* next = llvm::BasicBlock::Create(b.getContext(), "next", body.function);
  b.CreateCondBr(b.CreateICmpEQ(status, b.getInt32(0)), next, failed);
  b.SetInsertPoint(failed);
  b.CreateRet(status);
  b.SetInsertPoint(next);
}

void NodeEmitter::emit_joins(Body& body, const passes::NodePlan& node) {
  for (const std::uint32_t join : node.joins) {
    body.calls.join(join, body.rows, body.count);
  }
}

void NodeEmitter::emit_row_step(Body& body, std::uint32_t index, llvm::Value* row) {
  auto& b = body.b;
  const passes::Step& step = layout_.plan->steps[index];
  const KernelChoice& choice = kernels_[index];
  if (choice.source == KernelSource::expression) return emit_expression_step(body, index, row);
  if (choice.source == KernelSource::product) return emit_product_step(body, index, row);
  llvm::Value* dst = body.frame.row_address({false, step.result}, row);
  if (choice.source == KernelSource::none) {
    std::int64_t at = 0;
    std::size_t operand_number = 0;
    for (const passes::Operand operand : step.operands) {
      const std::int64_t elements = step.operand_elements[operand_number++];
      llvm::Value* to = b.CreateConstInBoundsGEP1_64(b.getFloatTy(), dst, static_cast<std::uint64_t>(at));
      b.CreateMemCpy(to, llvm::MaybeAlign(4), body.frame.row_address(operand, row), llvm::MaybeAlign(4),
                     static_cast<std::uint64_t>(elements) * 4);
      at += elements;
    }
    return;
  }
  llvm::Value* src = body.frame.row_address(step.operands[0], row);
  if (step.kernel == ops::Kernel::dense) {
    const KernelProblem& p = choice.problem;
    const auto number = [&](std::int64_t value) { return b.getInt64(static_cast<std::uint64_t>(value)); };
    std::vector<llvm::Value*> arguments{src,
                                        number(p.in_c),
                                        llvm::ConstantPointerNull::get(b.getPtrTy()),
                                        number(p.in_h),
                                        dst,
                                        number(p.out_c),
                                        body.frame.packed(index)};
    for (llvm::Value* further : further_rows(body, step, row)) {
      arguments.insert(arguments.end(), {further, number(p.out_c)});
    }
    b.CreateCall(dense_kernel(p), arguments);
    return;
  }
  llvm::Value* scratch = body.frame.scratch();
  llvm::Value* first_dst = dst;
  if (choice.pool_problem) {
    // The tensor between convolution and pooling stands at the end of this step's scratch.
    const std::int64_t between = choice.scratch_floats - round_up(step.kernel_out.elements(), alignment_floats);
    first_dst = b.CreateConstInBoundsGEP1_64(b.getFloatTy(), scratch, static_cast<std::uint64_t>(between));
  }
  if (choice.source == KernelSource::library) {
    return_unless_ok(body, body.calls.library_op(index, src, first_dst));
    if (!choice.library_applies_relu) emit_stages_in_place(body, step, row, first_dst);
  } else {
    std::vector<llvm::Value*> arguments{src, first_dst, body.frame.packed(index), scratch};
    for (llvm::Value* further : further_rows(body, step, row)) arguments.push_back(further);
    b.CreateCall(row_kernel(choice.problem), arguments);
  }
  if (choice.pool_problem) {
    b.CreateCall(row_kernel(*choice.pool_problem),
                 {first_dst, dst, llvm::ConstantPointerNull::get(b.getPtrTy()), scratch});
  }
}

void NodeEmitter::emit_row_loop(Body& body, const std::vector<std::uint32_t>& steps) {
  if (steps.empty()) return;
  auto& b = body.b;
  auto* head = b.GetInsertBlock();
  auto* loop = llvm::BasicBlock::Create(b.getContext(), "row", body.function);
  auto* done = llvm::BasicBlock::Create(b.getContext(), "rows.done", body.function);
  b.CreateBr(loop);  // a node is called for at least one row
  b.SetInsertPoint(loop);
  llvm::PHINode* i = b.CreatePHI(b.getInt64Ty(), 2, "i");
  i->addIncoming(b.getInt64(0), head);
  llvm::Value* row = b.CreateSExt(b.CreateLoad(b.getInt32Ty(), b.CreateInBoundsGEP(b.getInt32Ty(), body.rows, i)),
                                  b.getInt64Ty(), "r");
  for (const std::uint32_t step : steps) emit_row_step(body, step, row);
  llvm::Value* next = b.CreateAdd(i, b.getInt64(1), "", true, true);
  i->addIncoming(next, b.GetInsertBlock());
  keep_rolled(b.CreateCondBr(b.CreateICmpSLT(next, body.count), loop, done));
  b.SetInsertPoint(done);
}

void NodeEmitter::emit_batched_step(Body& body, std::uint32_t index) {
  const passes::Step& step = layout_.plan->steps[index];
  auto& b = body.b;
  const passes::Operand src = step.operands[0];
  const passes::Operand dst{false, step.result};
  const auto stride = [&](passes::Operand operand) {
    return b.getInt64(static_cast<std::uint64_t>(body.frame.row_stride(operand)));
  };
  std::vector<llvm::Value*> arguments{
      body.frame.base_address(src), stride(src), body.rows, body.count, body.frame.base_address(dst), stride(dst),
      body.frame.packed(index)};
  for (std::size_t i = passes::layer_operands(step); i < step.operands.size(); ++i) {
    arguments.insert(arguments.end(), {body.frame.base_address(step.operands[i]), stride(step.operands[i])});
  }
  b.CreateCall(dense_kernel(kernels_[index].problem), arguments);
}

llvm::Function* NodeEmitter::emit_forward(const passes::NodePlan& node) {
  Body body = begin(layout_.program->name + "." + (*layout_.program)[node.node].name);
  emit_joins(body, node);
  std::vector<std::uint32_t> run;
  for (const std::uint32_t step : node.steps) {
    if (!passes::is_batched(layout_.plan->steps[step])) {
      run.push_back(step);
      continue;
    }
    emit_row_loop(body, run);
    run.clear();
    emit_batched_step(body, step);
  }
  emit_row_loop(body, run);
  body.b.CreateRet(body.b.getInt32(0));
  return body.function;
}

llvm::Function* NodeEmitter::emit_train_forward(const passes::NodePlan& node) {
  Body body = begin(layout_.program->name + "." + (*layout_.program)[node.node].name + ".train");
  auto& b = body.b;
  for (const std::uint32_t join : node.joins) {
    body.calls.train_join(join, body.rows, body.count);
  }
  for (const std::uint32_t step : node.steps) {
    return_unless_ok(body, body.calls.train_forward(step, body.rows, body.count));
  }
  b.CreateRet(b.getInt32(0));
  return body.function;
}

llvm::Function* NodeEmitter::emit_train_backward(const passes::NodePlan& node) {
  Body body = begin(layout_.program->name + "." + (*layout_.program)[node.node].name + ".backward");
  auto& b = body.b;
  const passes::Plan& plan = *layout_.plan;
  for (auto step = node.steps.rbegin(); step != node.steps.rend(); ++step) {
    if (plan.buffers[plan.steps[*step].result].gradient_offset < 0) continue;  // nothing trained stands before it
    return_unless_ok(body, body.calls.train_backward(*step, body.rows, body.count));
  }
  for (auto join = node.joins.rbegin(); join != node.joins.rend(); ++join) {
    if (plan.buffers[plan.joins[*join].target].gradient_offset < 0) continue;
    body.calls.train_join_backward(*join, body.rows, body.count);
  }
  b.CreateRet(b.getInt32(0));
  return body.function;
}

}  // namespace d2nn::codegen
