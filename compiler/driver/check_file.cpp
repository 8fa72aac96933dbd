#include "driver/check_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "diag/catalogue.h"
#include "syntax/parse.h"

namespace d2nn::driver {

namespace {

/// The bytes of a file, or of standard input; nullopt with errno set.
std::optional<std::string> read_text(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (stream.bad()) return std::nullopt;
  return text;
}

}  // namespace

Checked check_file(const std::string& path, const sema::CheckOptions& options) {
  errno = 0;
  std::optional<std::string> text = read_text(path);
  if (!text || (text->empty() && errno == EISDIR)) {
    Checked checked;
    const source::FileId file = checked.files.add(path, "");
    checked.sink.report({.code = diag::code("E0801"),
                         .message = "cannot read `" + path + "`: " + std::strerror(errno != 0 ? errno : EIO),
                         .range = {file, 0, 0}});
    return checked;
  }
  return check_text(path == "-" ? "<stdin>" : path, std::move(*text), options);
}

Checked check_text(const std::string& name, std::string text, const sema::CheckOptions& options) {
  Checked checked;
  const source::FileId file = checked.files.add(name, std::move(text));
  const ast::File tree = syntax::parse(checked.files, file, checked.sink);
  if (checked.sink.has_errors()) return checked;
  checked.programs = sema::check(tree, checked.files, options, checked.sink);
  return checked;
}

}  // namespace d2nn::driver
