// Within the first step of a network (declarations.h): its `for` loops written out.
#pragma once

#include "sema/draft.h"

namespace d2nn::sema {

/// Fills Draft::items with the network's declarations and edges in the order in which they count, those of loops once
/// per round. Needs the network's parameters. Reports ranges that are wrong (E0217) or too long (E0308).
void unroll_loops(Draft& draft, diag::Sink& sink);

}  // namespace d2nn::sema
