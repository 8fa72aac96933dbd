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
/// tools/bench and tools/samples are programs of their own, beside the product.
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
      {"runtime/storage", {}},
      {"runtime/threads", {"status"}},
      {"runtime/io", {"status", "threads"}},
      {"runtime/weights", {"status", "io", "text", "storage"}},
      {"runtime/kernels", {"status", "threads", "storage"}},
      {"runtime/exec", {"status", "threads", "weights", "kernels", "io", "storage"}},
      {"runtime/api", {"status", "exec", "weights"}},
      {"runtime/train", {"status", "threads", "io", "weights", "exec", "kernels", "api", "text", "storage"}},
      {"runtime/app", {"status", "exec", "io", "api", "weights", "train", "text"}},
      {"tools/draw", {"graph", "ops", "paths", "diag", "io"}},
      {"tools/lsp", {"source", "diag", "syntax", "ops", "graph", "sema", "driver"}},
      {"tools/weight_import", {"diag", "driver", "io", "weights", "status"}},
      {"tools/d2nn",
       {"diag", "syntax", "graph", "paths", "codegen", "driver", "io", "app", "train", "draw", "lsp", "weight_import",
        "text"}},
  };
  return rules;
}

/// Folders whose targets have another name than the folder.
std::string folder_of_target(const std::string& target) {
  static const std::map<std::string, std::string> renamed{
      {"front", "driver"},   {"codegen_kernels", "codegen"}, {"codegen_expressions", "codegen"},
      {"app_main", "app"},   {"app_main_train", "app"},      {"images", "io"},
      {"datasets", "train"}, {"train_commands", "train"},
  };
  const auto found = renamed.find(target);
  return found == renamed.end() ? target : found->second;
}

/// A library and the only folder that may include or link it. `headers`: what the includes begin with. `target`: of
/// what the room links; the grammar's brings ANTLR with it.
struct Library {
  std::vector<std::string> headers;
  std::string target;
  std::string folder;

  bool includes(const std::string& included) const {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const std::string& header) { return included.rfind(header, 0) == 0; });
  }
};
const std::vector<Library>& libraries() {
  static const std::vector<Library> rules{
      {{"antlr4"}, "d2nn_grammar", "compiler/syntax"},
      {{"D2nnParser", "D2nnLexer"}, "d2nn_grammar", "compiler/syntax"},
      {{"llvm/", "lld/"}, "LLVM", "compiler/codegen"},
      {{"bdd.h"}, "d2nn_bdd", "compiler/paths"},
      {{"gmp"}, "GMP", "compiler/paths"},
      {{"oneapi/", "dnnl"}, "d2nn_dnnl", "runtime/kernels"},
      {{"jpeglib"}, "JPEG::", "runtime/io"},
      {{"png.h"}, "PNG::", "runtime/io"},
      {{"archive"}, "LibArchive::", "runtime/io"},
  };
  return rules;
}

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

/// Files below compiler/, runtime/ and tools/ with one of these names or extensions, inside a room.
std::vector<SourceText> files_of(const Names& extensions, const std::string& file_name = "") {
  const Names beside{"tools/bench", "tools/samples", "tools/editors", "tools/results"};
  std::vector<SourceText> files;
  for (const char* side : {"compiler", "runtime", "tools"}) {
    for (const auto& entry : fs::recursive_directory_iterator(source_dir() / side)) {
      if (!entry.is_regular_file()) continue;
      const fs::path relative = fs::relative(entry.path(), source_dir());
      if (std::distance(relative.begin(), relative.end()) < 3 || beside.count(room_folder(relative)) != 0) continue;
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

/// The names of all rooms' folders, without their side. What begins with d2nn/ is runtime/include, not tools/d2nn.
Names room_names() {
  Names names;
  for (const auto& [folder, allowed] : allowed_rooms()) names.insert(folder.substr(folder.find('/') + 1));
  names.erase("d2nn");
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
  // module.h includes d2nn.h; train_state.h is the part of the layout that training adds, rounding.h how both sides
  // pad.
  const Names layout{"d2nn/module.h", "d2nn/train_state.h", "d2nn/rounding.h", "d2nn/d2nn.h"};
  // The settings of a training are the language's too: every room that reads, keeps or prints them sees that table.
  const std::string settings = "d2nn/train_settings.h";
  std::size_t seen = 0;
  for (const SourceText& file : files_of({".h", ".cpp"})) {
    const std::string folder = room_folder(file.path);
    if (folder.rfind("compiler/", 0) != 0 || folder == "compiler/driver") continue;
    CAPTURE(file.path.string());
    for (const std::string& included : matches(file.text, include_pattern)) {
      // version.h is made by CMake and belongs to neither side.
      if (included.rfind("d2nn/", 0) != 0 || included == "d2nn/version.h") continue;
      CAPTURE(included);
      if (included == settings) {
        CHECK((folder == "compiler/graph" || folder == "compiler/sema" || folder == "compiler/codegen"));
        continue;
      }
      CHECK(layout.count(included) == 1);
      CHECK((folder == "compiler/codegen" || folder == "compiler/passes"));
      ++seen;
    }
  }
  CHECK(seen > 0);
}

TEST_CASE("each library is included and linked by its one room") {
  std::map<std::string, int> uses;  // by the first header: a row that nothing matches guards nothing
  for (const SourceText& file : files_of({".h", ".cpp", ".c"})) {
    const std::string folder = room_folder(file.path);
    CAPTURE(file.path.string());
    for (const std::string& included : matches(file.text, include_pattern)) {
      for (const Library& library : libraries()) {
        if (!library.includes(included)) continue;
        CAPTURE(included);
        CHECK(folder == library.folder);
        ++uses[library.headers.front()];
      }
    }
  }
  for (const Library& library : libraries()) {
    CAPTURE(library.headers.front());
    CHECK(uses[library.headers.front()] > 0);
  }
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
  Names linked;
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
          for (const Library& library : libraries()) {
            CAPTURE(argument);
            if (argument.find(library.target) == std::string::npos) continue;
            CHECK(folder == library.folder);
            linked.insert(library.target);
          }
        }
      }
    }
  }
  CHECK(rooms >= allowed_rooms().size() - 3);  // runtime/include is no library, tools/d2nn is a program
  for (const Library& library : libraries()) {
    CAPTURE(library.target);
    CHECK(linked.count(library.target) == 1);
  }
}
