// A program text parsed, with what was said about it: for the tests of the syntax room.
#pragma once

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "diag/diagnostic.h"
#include "source/source_file.h"
#include "syntax/parse.h"

namespace d2nn::tests {

/// Lines that doctest can show.
struct Errors : std::vector<std::string> {
  using std::vector<std::string>::vector;
  friend std::ostream& operator<<(std::ostream& out, const Errors& errors) {
    for (const std::string& line : errors) out << "\n    " << line;
    return out;
  }
};

struct Parsed {
  explicit Parsed(std::string text) {
    files.add("test.d2nn", std::move(text));
    file = syntax::parse(files, 0, sink);
  }

  /// One line per diagnostic in order of place: "2:7 E0106 message".
  Errors errors() const {
    Errors out;
    for (const diag::Diagnostic& diagnostic : sink.sorted()) {
      const source::Position at = files[0].position(diagnostic.range.begin);
      out.push_back(std::to_string(at.line) + ":" + std::to_string(at.column) + " " + diagnostic.code->code + " " +
                    diagnostic.message);
    }
    return out;
  }

  /// The source text of a range.
  std::string text(source::SourceRange range) const { return std::string(files.text(range)); }

  /// Declaration i of the file or of its first network as this type, or nullptr.
  template <class Item>
  const Item* item(std::size_t i) const {
    return i < file.items.size() ? std::get_if<Item>(&file.items[i]) : nullptr;
  }
  template <class Item>
  const Item* in_network(std::size_t i) const {
    const auto* network = item<ast::Network>(0);
    return network != nullptr && i < network->items.size() ? std::get_if<Item>(&network->items[i]) : nullptr;
  }

  source::SourceFiles files;
  diag::Sink sink;
  ast::File file;
};

}  // namespace d2nn::tests
