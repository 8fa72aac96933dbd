#include "driver/imports.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace d2nn::driver {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_text = (std::size_t{16} << 20) + 1;  // a program has at most 16 MiB

fs::path library_folder() {
  if (const char* folder = std::getenv("D2NN_STDLIB"); folder != nullptr && *folder != '\0') return folder;
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path() / "share/d2nn/stdlib";
}

/// "std.vision", ... of all files of the library, in order.
std::vector<std::string> library_modules() {
  std::vector<std::string> modules;
  std::error_code error;
  for (fs::directory_iterator file(library_folder(), error), end; !error && file != end; file.increment(error)) {
    if (file->path().extension() == ".d2nn") modules.push_back("std." + file->path().stem().string());
  }
  std::sort(modules.begin(), modules.end());
  return modules;
}

}  // namespace

std::optional<std::string> read_text(const std::string& path) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (!file) return std::nullopt;
  std::string text;
  char chunk[1 << 16];
  errno = 0;
  for (std::size_t n = 0; text.size() < longest_text && (n = std::fread(chunk, 1, sizeof chunk, file)) > 0;) {
    text.append(chunk, n);
  }
  const int error = std::ferror(file) != 0 ? (errno != 0 ? errno : EIO) : 0;  // a folder opens, but does not read
  if (file != stdin) std::fclose(file);
  if (error == 0) return text;
  errno = error;
  return std::nullopt;
}

std::optional<std::string> import_path(const sema::ImportRequest& request) {
  if (request.path.empty()) {
    const fs::path file = fs::path(request.importer).parent_path() / request.file;
    const std::string normal = file.lexically_normal().string();
    return normal == "-" ? "./-" : normal;  // "-" alone would be standard input
  }
  if (request.path[0] != "std" || request.path.size() < 2) return std::nullopt;
  fs::path file = library_folder();
  for (std::size_t i = 1; i < request.path.size(); ++i) file /= request.path[i];
  return file.lexically_normal().string() + ".d2nn";
}

sema::ImportedText load_import(const sema::ImportRequest& request) {
  sema::ImportedText found;
  const std::optional<std::string> path = import_path(request);
  if (!path) {
    found.error = "paths of the library begin with `std.`; a file of one's own stands in quotes";
    found.known = library_modules();
    return found;
  }
  found.name = *path;
  found.text = read_text(*path);
  if (found.text) return found;
  const bool is_missing = errno == ENOENT;
  found.error = std::strerror(errno);
  if (request.path.empty()) {
    found.error = "`" + *path + "`: " + found.error;
  } else if (is_missing) {
    found.error = "the library has no such module";
    found.known = library_modules();
  }
  return found;
}

}  // namespace d2nn::driver
