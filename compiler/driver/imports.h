// Files of a program on disk: the one given, and those that `import` names.
#pragma once

#include <optional>
#include <string>

#include "sema/imports.h"

namespace d2nn::driver {

/// The bytes of a file ("-": standard input). Nothing with errno set when it cannot be read. What is longer than a
/// program can be is cut off a little behind that length: parsing refuses it (E0116) without having read a device to
/// its end.
std::optional<std::string> read_text(const std::string& path);

/// `import "heads.d2nn";` is looked for beside the importing file, `import std.vision;` in the library:
/// share/d2nn/stdlib beside the program's folder, or the folder that the environment variable D2NN_STDLIB names.
sema::ImportedText load_import(const sema::ImportRequest& request);

/// Where an import's file stands, whether it is there or not; nothing for a path that does not begin with `std`.
std::optional<std::string> import_path(const sema::ImportRequest& request);

}  // namespace d2nn::driver
