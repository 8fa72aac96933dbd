// A defect of d2nn itself: thrown where a promise of ours is broken, caught once in main (exit status 3).
#pragma once

#include <stdexcept>
#include <string>

namespace d2nn::diag {

/// what() names the phase and the thing. Never used for mistakes of the user: those are diagnostics.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace d2nn::diag
