// Collects diagnostics; sorting is stable so that several at one place stay in the order found.
#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "diag/diagnostic.h"
#include "diag/spelling.h"

namespace d2nn::diag {

namespace {

/// The word before `end` is f32: what follows in brackets is a shape and no index.
bool ends_with_type(const std::string& message, std::size_t end) {
  constexpr std::string_view type = "f32";
  if (!std::string_view(message).substr(0, end).ends_with(type)) return false;
  return end == type.size() || !is_name_char(message[end - type.size() - 1]);
}

/// The same for every member of a family: code, place, and the message without its indices ("leaf[2]" as "leaf[]").
std::string key_of(const Diagnostic& diagnostic) {
  std::string key = diagnostic.code != nullptr ? diagnostic.code->code : "";
  for (const std::uint32_t part : {diagnostic.range.file, diagnostic.range.begin, diagnostic.range.end}) {
    key += ' ' + std::to_string(part);
  }
  key += ' ';
  const std::string& message = diagnostic.message;
  for (std::size_t i = 0; i < message.size(); ++i) {
    key += message[i];
    const bool opens_index = message[i] == '[' && i > 0 && message[i - 1] != ' ' && !ends_with_type(message, i);
    while (opens_index && i + 1 < message.size() && message[i + 1] >= '0' && message[i + 1] <= '9') ++i;
  }
  return key;
}

}  // namespace

void Sink::report(Diagnostic diagnostic) {
  const bool is_error = diagnostic.code == nullptr || diagnostic.code->severity == Severity::error;
  if (is_error) ++errors_reported_;
  if (diagnostic.range.file != source::no_file && !said_.insert(key_of(diagnostic)).second) return;
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
