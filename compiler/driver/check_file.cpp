#include "driver/check_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "diag/catalogue.h"
#include "syntax/parse.h"

namespace d2nn::driver {

namespace {

/// The bytes of a file, or of standard input; nullopt with errno set.
std::optional<std::string> read_text(const std::string& path) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (!file) return std::nullopt;
  std::string text;
  char chunk[1 << 16];
  errno = 0;
  for (std::size_t n = 0; (n = std::fread(chunk, 1, sizeof chunk, file)) > 0;) text.append(chunk, n);
  const int error = std::ferror(file) != 0 ? (errno != 0 ? errno : EIO) : 0;  // a folder opens, but does not read
  if (file != stdin) std::fclose(file);
  if (error == 0) return text;
  errno = error;
  return std::nullopt;
}

}  // namespace

Checked check_file(const std::string& path, const sema::CheckOptions& options) {
  std::optional<std::string> text = read_text(path);
  if (!text) {
    Checked checked;
    checked.sink.report({.code = diag::code("E0801"),
                         .message = "cannot read `" + path + "`: " + std::strerror(errno),
                         .range = {source::no_file, 0, 0}});
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
