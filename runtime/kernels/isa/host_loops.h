// Which of the tables of loops this CPU can run. Apart from loops.h, which must not include the standard library.
#pragma once

#include <span>

#include "kernels/isa/loops.h"

namespace d2nn::kernels::isa {

/// The loops that this CPU can run, the best ones last. Constant data: safe from any thread.
std::span<const Loops* const> supported_loops();
/// The best of them.
const Loops& host_loops();

}  // namespace d2nn::kernels::isa
