// What all kernels are written with: structured loops, vector loads and stores at float granularity, and the few
// arithmetic idioms, over llvm::IRBuilder. It knows no layer. All memory accesses state 4-byte alignment.
#pragma once

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <vector>

#include "codegen/kernels/kernels.h"
#include "d2nn/rounding.h"

namespace d2nn::codegen {

using Values = llvm::SmallVector<llvm::Value*, 32>;

/// Lanes [first, last) of a vector.
struct LaneRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
  bool is_empty() const { return first >= last; }
};

/// Builds one function; the caller keeps module and function. Offsets and counts are in floats, `lanes` is the width of
/// a vector in floats. Ends with finish().
class KernelBuilder {
 public:
  /// A new internal function of this type, with an entry block; every pointer parameter is nocapture. `is_inlined`
  /// false keeps it out of line, so that big kernels keep their size however often they are called.
  KernelBuilder(llvm::Module& module, const std::string& name, llvm::FunctionType* type, const TargetInfo& target,
                bool is_inlined);

  /// Emits the return and gives the function.
  llvm::Function* finish();

  llvm::IRBuilder<>& ir() { return ir_; }
  /// Floats of the widest vector.
  int lanes() const { return target_.vector_floats; }
  const TargetInfo& target() const { return target_; }
  llvm::Value* argument(unsigned index) { return function_->getArg(index); }

  // ---- types and constants
  llvm::FixedVectorType* vector_type(int lanes);
  llvm::Value* index(std::int64_t value) { return ir_.getInt64(static_cast<std::uint64_t>(value)); }
  llvm::Constant* splat(float value, int lanes);
  /// A constant array of i64 in the module, private to it: its address. `name` is unique within the function.
  llvm::Value* index_table(llvm::StringRef name, const llvm::SmallVectorImpl<std::int64_t>& values);
  /// The same of i16.
  llvm::Value* mask_table(llvm::StringRef name, const std::vector<std::uint16_t>& values);
  /// The same of `count` equal floats.
  llvm::Value* constant_row(llvm::StringRef name, float value, std::int64_t count);

  // ---- addresses and integers
  llvm::Value* at(llvm::Value* pointer, llvm::Value* floats);
  llvm::Value* at(llvm::Value* pointer, std::int64_t floats);
  /// As far behind `to` as `address` is behind `from`.
  llvm::Value* same_place(llvm::Value* address, llvm::Value* from, llvm::Value* to);
  llvm::Value* add(llvm::Value* a, llvm::Value* b);
  llvm::Value* add(llvm::Value* a, std::int64_t b);
  llvm::Value* multiply(llvm::Value* a, std::int64_t b);
  llvm::Value* load_index(llvm::Value* table, llvm::Value* position);

  // ---- memory
  llvm::Value* load(llvm::Value* pointer, int lanes);
  /// Only the lanes in `range` are read; the others are `fill`.
  llvm::Value* load_lanes(llvm::Value* pointer, int lanes, LaneRange range, float fill);
  /// Only lanes whose bit is set in the i16 at `mask` are read; the others are zero. 16 lanes at most.
  llvm::Value* load_masked(llvm::Value* pointer, int lanes, llvm::Value* mask);
  /// One float in every lane.
  llvm::Value* load_splat(llvm::Value* pointer, int lanes);
  /// Asks for the cache lines of `floats` floats at `pointer`, for reading; may point outside any object.
  void prefetch(llvm::Value* pointer, std::int64_t floats);
  void store(llvm::Value* value, llvm::Value* pointer);
  /// Only the first `count` lanes are written.
  void store_first(llvm::Value* value, llvm::Value* pointer, std::int64_t count);

  // ---- arithmetic
  /// a * b + c: fused where the target can, else two operations; the same choice at every optimisation level.
  llvm::Value* multiply_add(llvm::Value* a, llvm::Value* b, llvm::Value* c);
  /// The greater; NaN when either is NaN.
  llvm::Value* maximum(llvm::Value* a, llvm::Value* b);
  /// Sum of all lanes, halving: the order is a function of the width alone.
  llvm::Value* sum_lanes(llvm::Value* vector);
  /// Greatest of all lanes, NaN when any is.
  llvm::Value* max_lanes(llvm::Value* vector);

  // ---- control
  using LoopBody = llvm::function_ref<Values(llvm::Value* index, const Values& carried)>;
  using PlainBody = llvm::function_ref<void(llvm::Value* index)>;
  /// index = 0 .. count-1 with values carried from one round to the next; gives the last ones. No loop for count 0
  /// or 1.
  Values loop(std::int64_t count, const Values& initial, LoopBody body);
  void loop(std::int64_t count, PlainBody body);
  /// index = begin, begin + step, ... below end; may run no round at all.
  void loop_between(llvm::Value* begin, llvm::Value* end, std::int64_t step, PlainBody body);
  void if_then(llvm::Value* condition, llvm::function_ref<void()> body);

 private:
  llvm::Value* constant_data(llvm::StringRef name, llvm::Constant* data);
  void keep_rolled(llvm::BranchInst* latch);
  llvm::Value* halve(llvm::Value* vector, llvm::function_ref<llvm::Value*(llvm::Value*, llvm::Value*)> combine);

  TargetInfo target_;
  llvm::Function* function_;
  llvm::IRBuilder<> ir_;
};

/// The widest vector is split for short remainders: the least of 4, 8, 16 (at most `widest`) that holds `count` floats.
int lanes_for(std::int64_t count, int widest);

}  // namespace d2nn::codegen
