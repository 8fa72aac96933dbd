// docs/ops.md, from the definitions: the users' list of layers.
#pragma once

#include <string>

namespace d2nn::ops {

/// The whole page as Markdown: a section per layer with its signature, parameters, weights and cost, then the
/// operators. tests/unit/ops holds docs/ops.md to it; the target `update-ops-page` writes the file.
std::string ops_page();

}  // namespace d2nn::ops
