// See kernel_builder.h. Loops are emitted in the form that LLVM's loop passes leave alone: one block of phis, the test
// at the end, known trip counts as constants.
#include "codegen/kernels/kernel_builder.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Module.h>

namespace d2nn::codegen {

namespace {

const llvm::Align float_alignment(4);
constexpr std::int64_t cache_line_floats = 16;

}  // namespace

KernelBuilder::KernelBuilder(llvm::Module& module, const std::string& name, llvm::FunctionType* type,
                             const TargetInfo& target, bool is_inlined)
    : target_(target),
      function_(llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, name, module)),
      ir_(llvm::BasicBlock::Create(module.getContext(), "entry", function_)) {
  function_->setDoesNotThrow();
  if (!is_inlined) function_->addFnAttr(llvm::Attribute::NoInline);
  for (llvm::Argument& argument : function_->args()) {
    if (argument.getType()->isPointerTy()) argument.addAttr(llvm::Attribute::NoCapture);
  }
}

llvm::Function* KernelBuilder::finish() {
  ir_.CreateRetVoid();
  return function_;
}

llvm::FixedVectorType* KernelBuilder::vector_type(int lanes) {
  return llvm::FixedVectorType::get(ir_.getFloatTy(), static_cast<unsigned>(lanes));
}

llvm::Constant* KernelBuilder::splat(float value, int lanes) {
  return llvm::ConstantVector::getSplat(llvm::ElementCount::getFixed(static_cast<unsigned>(lanes)),
                                        llvm::ConstantFP::get(ir_.getFloatTy(), value));
}

llvm::Value* KernelBuilder::constant_data(llvm::StringRef name, llvm::Constant* data) {
  // Not `new GlobalVariable`: GCC sees a mismatched delete in the inlined constructor.
  const std::string full_name = (function_->getName() + "." + name).str();
  auto* variable =
      llvm::cast<llvm::GlobalVariable>(function_->getParent()->getOrInsertGlobal(full_name, data->getType()));
  variable->setLinkage(llvm::GlobalValue::PrivateLinkage);
  variable->setConstant(true);
  variable->setInitializer(data);
  variable->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  variable->setAlignment(llvm::Align(64));
  return variable;
}

llvm::Value* KernelBuilder::index_table(llvm::StringRef name, const llvm::SmallVectorImpl<std::int64_t>& values) {
  const llvm::SmallVector<std::uint64_t, 16> words(values.begin(), values.end());
  return constant_data(name, llvm::ConstantDataArray::get(ir_.getContext(), words));
}

llvm::Value* KernelBuilder::mask_table(llvm::StringRef name, const std::vector<std::uint16_t>& values) {
  return constant_data(name, llvm::ConstantDataArray::get(ir_.getContext(), values));
}

llvm::Value* KernelBuilder::constant_row(llvm::StringRef name, float value, std::int64_t count) {
  const llvm::SmallVector<float, 16> values(static_cast<std::size_t>(count), value);
  return constant_data(name, llvm::ConstantDataArray::get(ir_.getContext(), values));
}

llvm::Value* KernelBuilder::at(llvm::Value* pointer, llvm::Value* floats) {
  return ir_.CreateGEP(ir_.getFloatTy(), pointer, floats);
}

llvm::Value* KernelBuilder::at(llvm::Value* pointer, std::int64_t floats) {
  return floats == 0 ? pointer : at(pointer, index(floats));
}

llvm::Value* KernelBuilder::same_place(llvm::Value* address, llvm::Value* from, llvm::Value* to) {
  llvm::Value* bytes =
      ir_.CreateSub(ir_.CreatePtrToInt(address, ir_.getInt64Ty()), ir_.CreatePtrToInt(from, ir_.getInt64Ty()));
  return ir_.CreateGEP(ir_.getInt8Ty(), to, bytes);
}

llvm::Value* KernelBuilder::add(llvm::Value* a, llvm::Value* b) {
  return ir_.CreateNSWAdd(a, b);
}
llvm::Value* KernelBuilder::add(llvm::Value* a, std::int64_t b) {
  return b == 0 ? a : ir_.CreateNSWAdd(a, index(b));
}
llvm::Value* KernelBuilder::multiply(llvm::Value* a, std::int64_t b) {
  return ir_.CreateNSWMul(a, index(b));
}

llvm::Value* KernelBuilder::load_index(llvm::Value* table, llvm::Value* position) {
  return ir_.CreateLoad(ir_.getInt64Ty(), ir_.CreateInBoundsGEP(ir_.getInt64Ty(), table, position));
}

llvm::Value* KernelBuilder::load(llvm::Value* pointer, int lanes) {
  return ir_.CreateAlignedLoad(vector_type(lanes), pointer, float_alignment);
}

llvm::Value* KernelBuilder::load_lanes(llvm::Value* pointer, int lanes, LaneRange range, float fill) {
  if (range.is_empty()) return splat(fill, lanes);
  if (range.first <= 0 && range.last >= lanes) return load(pointer, lanes);
  llvm::SmallVector<llvm::Constant*, 16> mask;
  for (int lane = 0; lane < lanes; ++lane) mask.push_back(ir_.getInt1(lane >= range.first && lane < range.last));
  return ir_.CreateMaskedLoad(vector_type(lanes), pointer, float_alignment, llvm::ConstantVector::get(mask),
                              splat(fill, lanes));
}

llvm::Value* KernelBuilder::load_masked(llvm::Value* pointer, int lanes, llvm::Value* mask) {
  llvm::Type* bits = llvm::FixedVectorType::get(ir_.getInt1Ty(), static_cast<unsigned>(lanes));
  llvm::Value* word = ir_.CreateAlignedLoad(ir_.getInt16Ty(), mask, llvm::Align(2));
  if (lanes < 16) word = ir_.CreateTrunc(word, ir_.getIntNTy(static_cast<unsigned>(lanes)));
  return ir_.CreateMaskedLoad(vector_type(lanes), pointer, float_alignment, ir_.CreateBitCast(word, bits),
                              splat(0.0F, lanes));
}

llvm::Value* KernelBuilder::load_splat(llvm::Value* pointer, int lanes) {
  return ir_.CreateVectorSplat(static_cast<unsigned>(lanes),
                               ir_.CreateAlignedLoad(ir_.getFloatTy(), pointer, float_alignment));
}

void KernelBuilder::prefetch(llvm::Value* pointer, std::int64_t floats) {
  for (std::int64_t first = 0; first < floats; first += cache_line_floats) {
    ir_.CreateIntrinsic(llvm::Intrinsic::prefetch, {pointer->getType()},
                        {at(pointer, first), ir_.getInt32(0), ir_.getInt32(3), ir_.getInt32(1)});
  }
}

void KernelBuilder::store(llvm::Value* value, llvm::Value* pointer) {
  ir_.CreateAlignedStore(value, pointer, float_alignment);
}

void KernelBuilder::store_first(llvm::Value* value, llvm::Value* pointer, std::int64_t count) {
  const auto lanes = llvm::cast<llvm::FixedVectorType>(value->getType())->getNumElements();
  if (count >= lanes) return store(value, pointer);
  if (count <= 0) return;
  llvm::SmallVector<llvm::Constant*, 16> mask;
  for (unsigned lane = 0; lane < lanes; ++lane) mask.push_back(ir_.getInt1(lane < count));
  ir_.CreateMaskedStore(value, pointer, float_alignment, llvm::ConstantVector::get(mask));
}

llvm::Value* KernelBuilder::multiply_add(llvm::Value* a, llvm::Value* b, llvm::Value* c) {
  return ir_.CreateIntrinsic(llvm::Intrinsic::fmuladd, {a->getType()}, {a, b, c});
}

llvm::Value* KernelBuilder::maximum(llvm::Value* a, llvm::Value* b) {
  // The first select is x86's max, which gives b when either is NaN; the second puts back a NaN of a.
  llvm::Value* greater = ir_.CreateSelect(ir_.CreateFCmpOGT(a, b), a, b);
  return ir_.CreateSelect(ir_.CreateFCmpUNO(a, a), a, greater);
}

llvm::Value* KernelBuilder::halve(llvm::Value* vector,
                                  llvm::function_ref<llvm::Value*(llvm::Value*, llvm::Value*)> combine) {
  auto lanes = static_cast<int>(llvm::cast<llvm::FixedVectorType>(vector->getType())->getNumElements());
  for (; lanes > 1; lanes /= 2) {
    llvm::SmallVector<int, 16> low;
    llvm::SmallVector<int, 16> high;
    for (int lane = 0; lane < lanes / 2; ++lane) {
      low.push_back(lane);
      high.push_back(lane + lanes / 2);
    }
    vector = combine(ir_.CreateShuffleVector(vector, low), ir_.CreateShuffleVector(vector, high));
  }
  return ir_.CreateExtractElement(vector, std::uint64_t{0});
}

llvm::Value* KernelBuilder::sum_lanes(llvm::Value* vector) {
  return halve(vector, [&](llvm::Value* a, llvm::Value* b) { return ir_.CreateFAdd(a, b); });
}

llvm::Value* KernelBuilder::max_lanes(llvm::Value* vector) {
  return halve(vector, [&](llvm::Value* a, llvm::Value* b) { return maximum(a, b); });
}

void KernelBuilder::keep_rolled(llvm::BranchInst* latch) {
  // What is worth unrolling is emitted so; LLVM would spend most of its time on finding that out again.
  llvm::LLVMContext& context = ir_.getContext();
  llvm::MDNode* disable = llvm::MDNode::get(context, llvm::MDString::get(context, "llvm.loop.unroll.disable"));
  llvm::MDNode* loop_id = llvm::MDNode::getDistinct(context, {nullptr, disable});
  loop_id->replaceOperandWith(0, loop_id);
  latch->setMetadata(llvm::LLVMContext::MD_loop, loop_id);
}

Values KernelBuilder::loop(std::int64_t count, const Values& initial, LoopBody body) {
  if (count <= 0) return initial;
  if (count == 1) return body(index(0), initial);
  llvm::BasicBlock* before = ir_.GetInsertBlock();
  llvm::BasicBlock* block = llvm::BasicBlock::Create(ir_.getContext(), "loop", function_);
  ir_.CreateBr(block);
  ir_.SetInsertPoint(block);
  llvm::PHINode* counter = ir_.CreatePHI(ir_.getInt64Ty(), 2);
  counter->addIncoming(index(0), before);
  Values carried;
  for (llvm::Value* value : initial) {
    llvm::PHINode* phi = ir_.CreatePHI(value->getType(), 2);
    phi->addIncoming(value, before);
    carried.push_back(phi);
  }
  const Values results = body(counter, carried);
  llvm::Value* next = ir_.CreateAdd(counter, index(1), "", true, true);
  llvm::BasicBlock* latch = ir_.GetInsertBlock();
  counter->addIncoming(next, latch);
  for (std::size_t i = 0; i < carried.size(); ++i)
    llvm::cast<llvm::PHINode>(carried[i])->addIncoming(results[i], latch);
  llvm::BasicBlock* after = llvm::BasicBlock::Create(ir_.getContext(), "after", function_);
  keep_rolled(ir_.CreateCondBr(ir_.CreateICmpULT(next, index(count)), block, after));
  ir_.SetInsertPoint(after);
  return results;
}

void KernelBuilder::loop(std::int64_t count, PlainBody body) {
  loop(count, {}, [&](llvm::Value* position, const Values&) {
    body(position);
    return Values{};
  });
}

void KernelBuilder::loop_between(llvm::Value* begin, llvm::Value* end, std::int64_t step, PlainBody body) {
  llvm::BasicBlock* before = ir_.GetInsertBlock();
  llvm::BasicBlock* block = llvm::BasicBlock::Create(ir_.getContext(), "between", function_);
  llvm::BasicBlock* after = llvm::BasicBlock::Create(ir_.getContext(), "after", function_);
  ir_.CreateCondBr(ir_.CreateICmpSLT(begin, end), block, after);
  ir_.SetInsertPoint(block);
  llvm::PHINode* counter = ir_.CreatePHI(ir_.getInt64Ty(), 2);
  counter->addIncoming(begin, before);
  body(counter);
  llvm::Value* next = ir_.CreateAdd(counter, index(step), "", false, true);
  counter->addIncoming(next, ir_.GetInsertBlock());
  keep_rolled(ir_.CreateCondBr(ir_.CreateICmpSLT(next, end), block, after));
  after->moveAfter(ir_.GetInsertBlock());
  ir_.SetInsertPoint(after);
}

void KernelBuilder::if_then(llvm::Value* condition, llvm::function_ref<void()> body) {
  llvm::BasicBlock* then = llvm::BasicBlock::Create(ir_.getContext(), "then", function_);
  llvm::BasicBlock* after = llvm::BasicBlock::Create(ir_.getContext(), "endif", function_);
  ir_.CreateCondBr(condition, then, after);
  ir_.SetInsertPoint(then);
  body();
  ir_.CreateBr(after);
  after->moveAfter(ir_.GetInsertBlock());
  ir_.SetInsertPoint(after);
}

int lanes_for(std::int64_t count, int widest) {
  int lanes = 4;
  while (lanes < widest && lanes < count) lanes *= 2;
  return lanes;
}

}  // namespace d2nn::codegen
