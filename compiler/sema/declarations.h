// First step of a network: its names and the nodes they stand for.
#pragma once

#include "sema/draft.h"

namespace d2nn::sema {

/// Declares parameters, inputs, outputs, nodes and families of them, control nodes and dummies, loops written out:
/// fills Draft::program's nodes (kind, name, doc, range, inputs without edges, types of inputs, outputs and dummies),
/// names, constants and settings. Reports names declared twice, impossible types and joins, and what is not available
/// yet.
void declare_names(Draft& draft, const CheckOptions& options, diag::Sink& sink);

}  // namespace d2nn::sema
