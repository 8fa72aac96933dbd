// `info`: what a compiled network is, read from its tables.
#pragma once

#include <iosfwd>

#include "d2nn/module.h"

namespace d2nn::app {

/// For people; the manifest (d2nn_module::manifest) is the same for programs.
void print_info(const d2nn_module& module, std::ostream& out);

}  // namespace d2nn::app
