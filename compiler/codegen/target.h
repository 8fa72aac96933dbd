// The machine that code is made for.
#pragma once

#include <memory>
#include <string>

#include "codegen/kernels/target_info.h"

namespace llvm {
class TargetMachine;
}

namespace d2nn::codegen {

/// What --cpu, --target and -O say. Sizes are those of 64-bit little-endian machines; others are refused.
struct TargetOptions {
  std::string cpu = "native";  // "native" or an LLVM CPU name
  std::string triple;          // empty: this machine
  int opt_level = 3;           // 0 to 3
};

/// A resolved target: what `native` means here, spelled out.
struct Target {
  std::string triple;
  std::string cpu;
  std::string features;  // "+avx2,-avx512f,..."; empty for a named CPU (it implies its own)
  TargetInfo info;
  bool has_winograd = false;  // the kernel library has Winograd's convolution for it
  int opt_level = 3;
};

/// Resolves the options. On failure `error` says what is unknown and what is known.
bool resolve_target(const TargetOptions& options, Target& target, std::string& error);

/// LLVM's machine for a resolved target; position-independent code. Never null for a Target from resolve_target.
std::unique_ptr<llvm::TargetMachine> create_target_machine(const Target& target);

/// CPU features that code for this target may use and that a host must have: "+avx2,+fma,+avx512f", as d2nn_module has
/// them.
std::string required_features(const Target& target);

}  // namespace d2nn::codegen
