// Arithmetic of the `train` block. All numbers are real there: `1 / 2` is 0.5, as in the formula it stands for.
#pragma once

#include <optional>
#include <vector>

#include "sema/draft.h"

namespace d2nn::sema {

/// The expression behind `reward:` in postfix order, parts that are known folded. Reports what is wrong with it, once
/// per mistake, and then gives nothing; warns when the reward is the same for every bag.
std::optional<std::vector<graph::RewardStep>> read_reward(const ast::Expr& expr, const Draft& draft, diag::Sink& sink);

/// A number known at compile time, computed with real numbers; `what` names it in messages.
std::optional<double> read_real(const ast::Expr& expr, const std::string& what, const Draft& draft, diag::Sink& sink);

/// The output of that name; reports when there is none. what: "a loss", "a metric".
std::optional<graph::NodeId> find_output(const ast::Name& name, const std::string& what, const Draft& draft,
                                         diag::Sink& sink);

}  // namespace d2nn::sema
