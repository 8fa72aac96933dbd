// Third step of a network: the bodies of its nodes become lists of ops.
#pragma once

#include <set>
#include <string>

#include "sema/draft.h"

namespace d2nn::sema {

/// Names of the file that cannot be used yet: blocks, and modules by their import's name. What uses them stays silent.
struct UnavailableNames {
  std::set<std::string> blocks;
  std::set<std::string> modules;
};

/// Needs declared names and connected edges (`actions` counts them). Fills ops (kind, attributes, operands, label,
/// range) and result of every node whose body is right; shapes, costs and parameters come from infer_shapes.
void elaborate_bodies(Draft& draft, const UnavailableNames& unavailable, diag::Sink& sink);

}  // namespace d2nn::sema
