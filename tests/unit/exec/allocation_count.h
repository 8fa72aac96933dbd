// Counts heap allocations of the whole test executable, on every thread.
#pragma once

#include <cstddef>

namespace d2nn::tests {

/// Calls of malloc, calloc, realloc and their like so far.
std::size_t allocations() noexcept;

/// Also calls `observer` at each of them, on the thread that allocates; what it allocates itself is not counted and not
/// observed. NULL: nobody.
void observe_allocations(void (*observer)()) noexcept;

}  // namespace d2nn::tests
