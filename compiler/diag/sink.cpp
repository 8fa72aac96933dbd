// Collects diagnostics; sorting is stable so that several at one place stay in the order found.
#include <algorithm>
#include <tuple>
#include <utility>

#include "diag/diagnostic.h"

namespace d2nn::diag {

void Sink::report(Diagnostic diagnostic) {
  if (diagnostic.code == nullptr || diagnostic.code->severity == Severity::error) ++error_count_;
  diagnostics_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Sink::sorted() const {
  std::vector<Diagnostic> sorted = diagnostics_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.range.file, a.range.begin) < std::tie(b.range.file, b.range.begin);
  });
  return sorted;
}

}  // namespace d2nn::diag
