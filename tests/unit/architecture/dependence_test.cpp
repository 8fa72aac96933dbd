// The direction of dependence between rooms, read from every #include and every d2nn_room() of the tree: which rooms a
// room may use, and which library belongs to which room alone. The tables below are the rule; docs/architecture.md
// explains it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

using Names = std::set<std::string>;

/// By folder: the folders whose headers it may include, besides its own. Runtime rooms know no compiler room at all.
const std::map<std::string, Names>& allowed_rooms() {
  static const std::map<std::string, Names> rules{
      {"compiler/source", {"text"}},
      {"compiler/diag", {"source", "text"}},
      {"compiler/syntax", {"source", "diag"}},
      {"compiler/expr", {"diag"}},
      {"compiler/ops", {"expr"}},
      {"compiler/graph", {"ops", "expr", "source"}},
      {"compiler/paths", {"graph", "ops", "source"}},
      {"compiler/sema", {"source", "diag", "syntax", "ops", "graph", "paths"}},
      {"compiler/passes", {"graph", "ops", "expr", "paths", "source"}},
      {"compiler/codegen", {"graph", "ops", "expr", "paths", "passes", "diag", "source"}},
      {"compiler/driver",
       {"source", "diag", "syntax", "ops", "graph", "sema", "paths", "passes", "codegen", "io", "weights", "status",
        "text"}},
      {"runtime/include", {}},
      {"runtime/text", {}},
      {"runtime/status", {}},
      {"runtime/threads", {"status"}},
      {"runtime/io", {"status", "threads"}},
      {"runtime/weights", {"status", "io", "text"}},
      {"runtime/kernels", {"status", "threads"}},
      {"runtime/exec", {"status", "threads", "weights", "kernels", "io"}},
      {"runtime/api", {"status", "exec", "weights"}},
      {"runtime/train", {"status", "threads", "io", "weights", "exec", "kernels", "api", "text"}},
      {"runtime/app", {"status", "exec", "io", "api", "weights", "train", "text"}},
  };
  return rules;
}

/// Folders whose targets have another name than the folder.
std::string folder_of_target(const std::string& target) {
  static const std::map<std::string, std::string> renamed{
      {"front", "driver"},    {"codegen_kernels", "codegen"},  {"codegen_expressions", "codegen"},
      {"app_main", "app"},    {"app_main_train", "app"},       {"images", "io"},
      {"datasets", "train"},  {"train_commands", "train"},
  };
  const auto found = renamed.find(target);
  return found == renamed.end() ? target : found->second;
}

/// A library and the only folder that may include or link it. `header`: what the includes begin with.
struct Library {
  const char* header;
  const char* target;
  const char* folder;
};
constexpr Library libraries[]{
    {"antlr4", "antlr4_", "compiler/syntax"},
    {"D2nnParser", "d2nn_grammar", "compiler/syntax"},
    {"D2nnLexer", "d2nn_grammar", "compiler/syntax"},
    {"llvm/", "LLVM", "compiler/codegen"},
    {"lld/", "lld", "compiler/codegen"},
    {"bdd.h", "d2nn_bdd", "compiler/paths"},
    {"gmp", "GMP", "compiler/paths"},
    {"oneapi/", "d2nn_dnnl", "runtime/kernels"},
    {"dnnl", "d2nn_dnnl", "runtime/kernels"},
    {"jpeglib", "JPEG::", "runtime/io"},
    {"png.h", "PNG::", "runtime/io"},
    {"archive", "LibArchive::", "runtime/io"},
};

fs::path source_dir() {
  const char* dir = std::getenv("D2NN_SOURCE_DIR");
  return dir != nullptr ? fs::path(dir) : fs::path(".");
}

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// "compiler/graph" of compiler/graph/graph.h; the room is the second step.
std::string room_folder(const fs::path& relative) {
  auto step = relative.begin();
  const std::string side = (step++)->string();
  return side + "/" + step->string();
}

struct SourceText {
  fs::path path;  // relative to the source tree
  std::string text;
};

/// Files below compiler/ and runtime/ with one of these names or extensions, inside a room.
std::vector<SourceText> files_of(const Names& extensions, const std::string& file_name = "") {
  std::vector<SourceText> files;
  for (const char* side : {"compiler", "runtime"}) {
    for (const auto& entry : fs::recursive_directory_iterator(source_dir() / side)) {
      if (!entry.is_regular_file()) continue;
      const fs::path relative = fs::relative(entry.path(), source_dir());
      if (std::distance(relative.begin(), relative.end()) < 3) continue;
      if (extensions.count(relative.extension().string()) == 0 && relative.filename() != file_name) continue;
      files.push_back({relative, read(entry.path())});
    }
  }
  return files;
}

std::vector<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) found.push_back((*it)[1]);
  return found;
}

/// The names of all rooms' folders, without their side.
Names room_names() {
  Names names;
  for (const auto& [folder, allowed] : allowed_rooms()) names.insert(folder.substr(folder.find('/') + 1));
  return names;
}

bool is_allowed(const std::string& folder, const std::string& room) {
  if (folder.substr(folder.find('/') + 1) == room) return true;
  const auto rule = allowed_rooms().find(folder);
  return rule != allowed_rooms().end() && rule->second.count(room) != 0;
}

const std::regex include_pattern{R"((?:^|\n)\s*#\s*include\s*[<"]([^>"]+)[>"])"};

}  // namespace

TEST_CASE("every room stands in the table, and its files include only rooms that stand before it") {
  const Names rooms = room_names();
  std::size_t includes_between_rooms = 0;
  for (const SourceText& file : files_of({".h", ".cpp", ".c"})) {
    const std::string folder = room_folder(file.path);
    CAPTURE(file.path.string());
    CHECK_MESSAGE(allowed_rooms().count(folder) == 1, "the room is not in the table of this test");
    for (const std::string& included : matches(file.text, include_pattern)) {
      const std::string room = included.substr(0, included.find('/'));
      if (included.find('/') == std::string::npos || rooms.count(room) == 0) continue;
      CAPTURE(included);
      CHECK(is_allowed(folder, room));
      ++includes_between_rooms;
    }
  }
  CHECK(includes_between_rooms > 200);
}

TEST_CASE("until the driver the compiler knows the runtime by the layout of a compiled module alone") {
  // module.h includes d2nn.h; train_state.h is the part of the layout that training adds.
  const Names layout{"d2nn/module.h", "d2nn/train_state.h", "d2nn/d2nn.h"};
  std::size_t seen = 0;
  for (const SourceText& file : files_of({".h", ".cpp"})) {
    const std::string folder = room_folder(file.path);
    if (folder.rfind("compiler/", 0) != 0 || folder == "compiler/driver") continue;
    CAPTURE(file.path.string());
    for (const std::string& included : matches(file.text, include_pattern)) {
      // version.h is made by CMake and belongs to neither side.
      if (included.rfind("d2nn/", 0) != 0 || included == "d2nn/version.h") continue;
      CAPTURE(included);
      CHECK(layout.count(included) == 1);
      CHECK((folder == "compiler/codegen" || folder == "compiler/passes"));
      ++seen;
    }
  }
  CHECK(seen > 0);
}

TEST_CASE("each library is included and linked by its one room") {
  std::map<std::string, int> uses;
  for (const SourceText& file : files_of({".h", ".cpp", ".c"})) {
    const std::string folder = room_folder(file.path);
    CAPTURE(file.path.string());
    for (const std::string& included : matches(file.text, include_pattern)) {
      for (const Library& library : libraries) {
        if (included.rfind(library.header, 0) != 0) continue;
        CAPTURE(included);
        CHECK(folder == library.folder);
        ++uses[library.folder];
      }
    }
  }
  for (const Library& library : libraries) CHECK(uses[library.folder] > 0);
  // In compiler/paths, BuDDy's macros and global names stay in one file.
  for (const SourceText& file : files_of({".h", ".cpp"})) {
    if (file.text.find("#include <bdd.h>") == std::string::npos) continue;
    CHECK(file.path == fs::path("compiler/paths/diagrams.cpp"));
  }
}

TEST_CASE("the build links rooms and libraries in the same direction") {
  const std::regex call(R"(d2nn_room\(\s*NAME\s([^)]*)\))");
  const std::regex word(R"(([^\s]+))");
  const Names keywords{"SOURCES", "DEPENDS", "PRIVATE"};
  std::size_t rooms = 0;
  for (const SourceText& file : files_of({}, "CMakeLists.txt")) {
    const std::string folder = room_folder(file.path);
    CAPTURE(file.path.string());
    for (const std::string& arguments : matches(file.text, call)) {
      ++rooms;
      std::string keyword = "NAME";
      for (const std::string& argument : matches(arguments, word)) {
        if (keywords.count(argument) != 0) {
          keyword = argument;
        } else if (keyword == "DEPENDS") {
          CAPTURE(argument);
          CHECK(is_allowed(folder, folder_of_target(argument)));
        } else if (keyword == "PRIVATE") {
          for (const Library& library : libraries) {
            CAPTURE(argument);
            if (argument.find(library.target) != std::string::npos) CHECK(folder == library.folder);
          }
        }
      }
    }
  }
  CHECK(rooms >= allowed_rooms().size() - 2);
}
