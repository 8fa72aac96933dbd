// Neighbouring axes that no term treats differently become one: [C, H, W] is one flat loop where nothing is broadcast,
// and [C, H * W] where the channels alone are. No LLVM.
#pragma once

#include "expr/expression.h"

namespace d2nn::codegen {

/// The same expression with as few axes as possible, every rank at least 1. Terms keep their numbers; results keep the
/// order of their elements.
expr::Expression collapse_axes(expr::Expression expression);

}  // namespace d2nn::codegen
