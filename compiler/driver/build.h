// The door of the driver: a file in, an artefact out. The whole flow on one screen is build.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codegen/jit.h"
#include "codegen/target.h"
#include "driver/check_file.h"
#include "passes/pipeline.h"

namespace d2nn::driver {

/// `ast`, `graph` and `plan` are the intermediate forms of the program, as text.
enum class Emit { executable, shared, static_library, object, llvm, assembly, ast, graph, plan };

struct BuildRequest {
  std::string output;  // a file; of `ast`, `graph`, `plan`, `llvm` and `assembly` also "-": standard output
  Emit emit = Emit::executable;
  std::string weights;  // safetensors file to embed; empty: none
  bool with_training = false;
  std::string prefix;  // of exported symbols
  codegen::TargetOptions target;
  passes::PassSet passes;
  std::vector<const passes::PassInfo*> print_after;  // the plan after each of these is printed to standard output
};

/// What building asks of the analysis: tell sema::CheckOptions, and the file is analysed once.
paths::Questions questions_of_build(const passes::PassSet& passes);

/// Compiles the programs of a checked file and writes the output under a temporary name, then renames it; `shared`,
/// `static` and `object` also get a header and a manifest next to it. False when `checked.sink` has (new) errors; no
/// file is left half-written then.
bool build(Checked& checked, const BuildRequest& request);

/// A network compiled into this process. The module lives as long as the object.
class InProcess {
 public:
  /// The one network of the file; several are E0805 with their names. nullopt when the sink has errors.
  static std::optional<InProcess> compile(Checked& checked, bool with_training, const codegen::TargetOptions& target,
                                          const passes::PassSet& passes = {});
  const d2nn_module* module() const { return module_; }

 private:
  InProcess(codegen::Jit jit, const d2nn_module* module) : jit_(std::move(jit)), module_(module) {}

  codegen::Jit jit_;
  const d2nn_module* module_;
};

}  // namespace d2nn::driver
