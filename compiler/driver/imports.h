// Files of a program on disk: the one given, and those that `import` names.
#pragma once

#include <optional>
#include <string>

#include "sema/imports.h"

namespace d2nn::driver {

/// The bytes of a file ("-": standard input). Nothing, with errno set, when it cannot be read. A file longer than a
/// program can be is cut off a little after that length, so that parsing rejects it (E0116) and a device is not read to
/// its end.
std::optional<std::string> read_text(const std::string& path);

/// `import "heads.d2nn";` is looked up relative to the importing file, `import std.vision;` in the library:
/// share/d2nn/stdlib next to the program's folder, or the folder that the environment variable D2NN_STDLIB names.
sema::ImportedText load_import(const sema::ImportRequest& request);

/// The path of an import's file, whether it exists or not; nothing for a path that does not begin with `std`.
std::optional<std::string> import_path(const sema::ImportRequest& request);

}  // namespace d2nn::driver
