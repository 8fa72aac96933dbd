// The first hops: a file's name in, checked programs out. Knows nothing of LLVM, so that checking stays quick.
#pragma once

#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "graph/graph.h"
#include "io/file_roles.h"
#include "sema/check.h"
#include "source/source_file.h"
#include "syntax/ast.h"

namespace d2nn::driver {

/// What a compilation knows about one file. Ranges in programs and diagnostics refer to `files`.
struct Checked {
  source::SourceFiles files;
  diag::Sink sink;
  ast::File tree;                         // as parsed; complete when there are no errors of syntax
  std::vector<graph::Program> programs;   // those without errors
  std::vector<paths::Analysis> analyses;  // of each, as the rules of the language needed it; see analyse()
};

/// Reads, parses and checks a file ("-" is standard input). An unreadable file is E0801. Programs are complete only
/// when the sink has no errors. Imports are read from disk unless the options have a loader (imports.h).
Checked check_file(const std::string& path, const sema::CheckOptions& options);
/// The same for a text that is in memory; messages use `name`.
Checked check_text(const std::string& name, std::string text, const sema::CheckOptions& options);

/// Sees to it that every program's analysis answers these questions: not made again where checking was told of them
/// (sema::CheckOptions::questions) and the program is what it was then.
void analyse(Checked& checked, const paths::Questions& questions);

/// Reports what has no place in a program: the command line, files.
void report(Checked& checked, const diag::DiagnosticCode* code, std::string message);

/// The files that checking has read (the program, its modules) and the running compiler: what a command that goes on to
/// write must not overwrite. The command adds its own files and calls may_write() before it computes anything.
io::FileRoles files_of(const Checked& checked);
/// True when every output of the command may be written; else E0806 in the sink.
bool may_write(Checked& checked, const io::FileRoles& files);

/// True when the file holds exactly one network; else E0805 in the sink, with the names to choose from. `what` needs it
/// ("an executable").
bool has_one_network(Checked& checked, const char* what);
/// True when the file holds a network; else E0805.
bool has_a_network(Checked& checked);

}  // namespace d2nn::driver
