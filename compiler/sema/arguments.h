// The arguments of a layer or block as written, matched to the parameters of its definition.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ops/layer.h"
#include "sema/constants.h"
#include "sema/draft.h"

namespace d2nn::sema {

/// What a layer or block calls its parameters, for matching arguments to them and for messages.
struct Signature {
  std::string name;                          // "conv"
  std::vector<std::string_view> parameters;  // in positional order
  std::string text;                          // "conv(kernel, filters, stride: 1)"
  bool is_layer = true;
};

/// The parameter of each argument, by position in `signature.parameters`. Nothing after reporting arguments that match
/// none (E0303): unknown names, too many, given twice, positional behind named.
std::optional<std::vector<std::size_t>> match_arguments(const Signature& signature,
                                                        const std::vector<ast::Argument>& arguments, diag::Sink& sink);

/// Positional arguments first, then named ones; defaults fill the rest. Nothing after an error, which was reported.
/// Whether the values suit the layer is its shape rule's to say. Fills where each given argument stands.
std::optional<ops::Arguments> bind_arguments(const ops::Layer& layer, const ast::CallExpr& call,
                                             const Evaluator& evaluator, OpFacts& facts, diag::Sink& sink);

/// Declares the parameters of a block in `scope`, whose outer level is the constants of the block's file: the values of
/// the call's arguments, read where the call stands, else the defaults, read in `scope`, which knows the block's
/// tensors. False after an error, which was reported, in a default to `in_block`; a parameter without a value is then
/// declared all the same.
bool bind_block_arguments(const ast::Block& block, const ast::CallExpr& call, const Evaluator& evaluator,
                          ConstantScope& scope, diag::Sink& sink, diag::Sink& in_block);

/// "residual(channels: int, stride: int = 1)(x)".
std::string signature_text(const ast::Block& block);

}  // namespace d2nn::sema
