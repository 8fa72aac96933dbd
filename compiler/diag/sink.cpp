// Collects diagnostics; sorting is stable so that several at one place stay in the order found.
#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "diag/diagnostic.h"

namespace d2nn::diag {

void Sink::report(Diagnostic diagnostic) {
  const bool is_error = diagnostic.code == nullptr || diagnostic.code->severity == Severity::error;
  if (is_error) ++errors_reported_;
  if (diagnostic.range.file != source::no_file) {
    const SourceRange& range = diagnostic.range;
    const std::string& subject = diagnostic.subject.empty() ? diagnostic.message : diagnostic.subject;
    const char* code = diagnostic.code != nullptr ? diagnostic.code->code : "";
    if (!said_.emplace(code, range.file, range.begin, range.end, subject).second) return;
  }
  if (is_error) ++error_count_;
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
