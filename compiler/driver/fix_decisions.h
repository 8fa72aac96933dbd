// `--fix Q=low`: a network in which some decisions are made at compile time.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "driver/check_file.h"

namespace d2nn::driver {

/// Sets graph::Node::fixed_action of the named control nodes, in each network that has them; (control node, action). A
/// name that no network has as a control node is E0521, an action that it lacks E0522. False when the sink has errors.
bool fix_decisions(Checked& checked, const std::vector<std::pair<std::string, std::string>>& decisions);

}  // namespace d2nn::driver
