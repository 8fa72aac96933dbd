// What could be better in a program that is right: said on request, never an error.
#pragma once

#include "driver/check_file.h"

namespace d2nn::driver {

/// Reports E0520 for each node that executes where nothing needs its value and that one control edge would spare there;
/// the most upstream nodes first, at most twenty in a network.
void hint_unused_work(Checked& checked);

}  // namespace d2nn::driver
