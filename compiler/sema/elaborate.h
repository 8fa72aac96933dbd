// Third step of a network: the bodies of its nodes become lists of ops with shapes and costs, blocks and repetitions
// written out.
#pragma once

#include "sema/draft.h"
#include "sema/modules.h"

namespace d2nn::sema {

/// Checks every block of the modules by itself, once: names, parameters, layers' arguments as far as they do not depend
/// on the block's, tensors that nothing reads, blocks that contain themselves (E0216). A block with mistakes is marked
/// broken.
void check_blocks(Modules& modules, diag::Sink& sink);

/// Needs declared names, connected edges (`actions` counts them), an order, and checked blocks of `module`, the
/// network's file. Goes through the nodes in their order: joins what their edges carry and fills ops, result, shape and
/// cost of every node whose body is right; a control node has one score per action (E0505). Of a node whose inputs have
/// no shape, on a cycle or after a mistake, only the text is checked, and no shape error is reported. Names of
/// parameters come from name_parameters. A mistake that only a use of a block shows is placed at the use, with a note
/// in the block.
void elaborate_nodes(Draft& draft, const Module& module, diag::Sink& sink);

}  // namespace d2nn::sema
