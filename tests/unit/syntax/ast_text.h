// A syntax tree as text without places: two programs mean the same when these texts are equal.
#pragma once

#include <string>

#include "syntax/ast.h"

namespace d2nn::tests {

/// Every field of every node but the ranges, blanks at the ends of documentation lines left out, as nested lists:
/// "(network n (doc) (input x ((3 4)) ...".
std::string ast_text(const ast::File& file);

}  // namespace d2nn::tests
