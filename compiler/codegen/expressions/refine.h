// Axes taken apart where a reshape needs it: [64, H, W] computed from groups of channels [32, 2 * H * W] becomes
// [32, 2, H, W], so that its loops can be those of the groups. No LLVM.
#pragma once

#include "expr/expression.h"

namespace d2nn::codegen {

/// The same expression, where a reshape of something computed finds the axes of its source among its own, if that can
/// be had by splitting axes. Terms keep their numbers; results keep the order of their elements.
expr::Expression refine_axes(expr::Expression expression);

}  // namespace d2nn::codegen
