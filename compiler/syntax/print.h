// A syntax tree as text for people and for tests; nothing reads it back.
#pragma once

#include <string>

#include "syntax/ast.h"

namespace d2nn::syntax {

/// A line for each declaration, edge and let, indented by depth; expressions as lists in parentheses, the operation
/// first: `(-> x (conv 3x3 8 stride: 2) relu)`. Documentation is left out. The same tree gives the same text.
std::string print(const ast::File& file);

}  // namespace d2nn::syntax
