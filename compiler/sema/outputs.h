// Last step of a network: what the paths through it say about null.
#pragma once

#include "paths/paths.h"
#include "sema/draft.h"

namespace d2nn::sema {

/// Needs a program without errors. Reports required outputs that some path leaves null, with that path, and warns of
/// default values that are never used and of nodes that never execute. Gives the analysis, with answers to `questions`.
paths::Analysis check_paths(const Draft& draft, const paths::Questions& questions, diag::Sink& sink);

}  // namespace d2nn::sema
