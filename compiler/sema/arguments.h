// The arguments of a layer as written, matched to the parameters of its row in the op table.
#pragma once

#include "ops/op_table.h"
#include "sema/constants.h"
#include "sema/draft.h"

namespace d2nn::sema {

/// Positional arguments first, then named ones; defaults fill the rest. Nothing after an error, which was reported.
/// Whether the values suit the layer is its shape rule's to say. Fills where each given argument stands.
std::optional<ops::OpAttrs> bind_arguments(const ops::OpInfo& layer, const ast::CallExpr& call,
                                           const Evaluator& evaluator, OpFacts& facts, diag::Sink& sink);

}  // namespace d2nn::sema
