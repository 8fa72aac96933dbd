// First step: the file given and all that it imports, each with its constants, blocks and networks by name.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sema/constants.h"
#include "sema/imports.h"
#include "source/source_file.h"
#include "syntax/ast.h"

namespace d2nn::sema {

struct Module;

/// A block and the file that it sees names of.
struct DeclaredBlock {
  const ast::Block* block = nullptr;
  const Module* module = nullptr;
  bool is_broken = false;  // its own mistakes were reported: what uses it stays silent
};

/// One file. Addresses are stable: blocks of other modules and scopes refer to it.
struct Module {
  std::unique_ptr<const ast::File> owned_file;  // null for the file that the caller parsed
  ConstantScope constants;                      // those of imported modules as "module.name"
  std::map<std::string, DeclaredBlock> blocks;
  std::map<std::string, const Module*> imports;  // by the name it is used with; null: it could not be had, reported
  std::vector<const ast::Network*> networks;     // in order of declaration
};

/// All modules of a program, imported ones before those that import them; the last is the file given.
struct Modules {
  std::vector<std::unique_ptr<Module>> all;
  const Module& main() const { return *all.back(); }
};

/// The name an import is used with: its alias, the last part of its path ("vision" of std.vision), or the file's name
/// up to its first dot ("heads" of "nets/heads.d2nn"), which need not be a name.
std::string module_name(const ast::Import& import);

/// Loads, parses and collects. Reports names declared twice, modules that cannot be had (E0214), files that import one
/// another (E0215), wrong constants, and the syntax errors of imported files. `files` receives their texts.
Modules load_modules(const ast::File& file, source::SourceFiles& files, const ImportLoader& loader, diag::Sink& sink);

}  // namespace d2nn::sema
