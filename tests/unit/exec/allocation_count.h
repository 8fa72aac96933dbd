// Counts heap allocations of the whole test executable, on every thread.
#pragma once

#include <cstddef>

namespace d2nn::tests {

/// Calls of malloc, calloc, realloc and their like so far.
std::size_t allocations() noexcept;

}  // namespace d2nn::tests
