// Each element is handed down the sorted values found so far: it takes the place of the first that it precedes, and
// that one goes on in its stead.
#include "codegen/kernels/top.h"

#include <limits>

namespace d2nn::codegen {

void emit_top(KernelBuilder& kernel, const KernelProblem& problem) {
  auto& ir = kernel.ir();
  const auto address = [&](unsigned argument, llvm::Value* element) {
    return kernel.at(kernel.argument(argument), element);
  };
  kernel.loop(problem.out_c, [&](llvm::Value* i) {
    kernel.store(kernel.splat(-std::numeric_limits<float>::infinity(), 1), address(1, i));
  });
  kernel.loop(problem.in_c, [&](llvm::Value* element) {
    kernel.loop(problem.out_c, {kernel.load(address(0, element), 1)}, [&](llvm::Value* place, const Values& carried) {
      llvm::Value* x = carried[0];
      llvm::Value* found = kernel.load(address(1, place), 1);
      // NaN is greater than every number.
      llvm::Value* is_nan = ir.CreateFCmpUNO(x, x);
      llvm::Value* is_number = ir.CreateFCmpORD(found, found);
      llvm::Value* precedes = ir.CreateOr(ir.CreateFCmpOGT(x, found), ir.CreateAnd(is_nan, is_number));
      kernel.store(ir.CreateSelect(precedes, x, found), address(1, place));
      return Values{ir.CreateSelect(precedes, found, x)};
    });
  });
}

}  // namespace d2nn::codegen
