// Where the text of an imported file comes from: the one thing of a program that sema cannot see for itself.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace d2nn::sema {

/// What an `import` asks for. Either `path` is set ({"std", "vision"} of `import std.vision;`) or `file`
/// ("heads.d2nn").
struct ImportRequest {
  std::string importer;  // the importing file's name, as in SourceFiles
  std::vector<std::string> path;
  std::string file;
};

struct ImportedText {
  /// The file's name in messages and its identity: two imports of one file must give one name.
  std::string name;
  std::optional<std::string> text;  // nothing: it could not be read
  std::string error;                // then why, as the rest of a sentence ("no such file or directory")
  std::vector<std::string> known;   // names of library modules, for a proposal where a path leads to none
};

/// Finds and reads the file of an import; never throws.
using ImportLoader = std::function<ImportedText(const ImportRequest&)>;

}  // namespace d2nn::sema
