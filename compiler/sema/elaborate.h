// Third step of a network: the bodies of its nodes become lists of ops, blocks and repetitions written out.
#pragma once

#include "sema/draft.h"
#include "sema/modules.h"

namespace d2nn::sema {

/// Checks every block of the modules by itself, once: names, parameters, layers' arguments as far as they do not depend
/// on the block's, tensors that nothing reads, blocks that contain themselves (E0216). A block with mistakes is marked
/// broken.
void check_blocks(Modules& modules, diag::Sink& sink);

/// Needs declared names and connected edges (`actions` counts them), and checked blocks of `module`, the network's
/// file. Fills ops (kind, attributes, operands, label, range) and result of every node whose body is right; shapes,
/// costs and parameters come from infer_shapes. A mistake that only a use of a block shows is placed at the use, with a
/// note in the block.
void elaborate_bodies(Draft& draft, const Module& module, diag::Sink& sink);

}  // namespace d2nn::sema
