#include "codegen/target.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Target/TargetOptions.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>
#include <llvm/TargetParser/Triple.h>

#include <mutex>

namespace d2nn::codegen {

namespace {

void initialize_targets() {
  static std::once_flag once;  // LLVM's target registry is process-wide state of its own
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
  });
}

std::string host_features() {
  llvm::SubtargetFeatures features;
  for (const auto& [name, enabled] : llvm::sys::getHostCPUFeatures()) features.AddFeature(name, enabled);
  return features.getString();
}

/// The features whose absence on the host would make the code trap; x86 only, other targets are checked by their
/// loader.
constexpr const char* checked_features[] = {"sse4.2",  "avx",      "avx2",     "fma",     "f16c",
                                            "avx512f", "avx512bw", "avx512dq", "avx512vl"};

}  // namespace

bool resolve_target(const TargetOptions& options, Target& target, std::string& error) {
  initialize_targets();
  const llvm::Triple host(llvm::sys::getProcessTriple());
  const llvm::Triple triple(options.triple.empty() ? host.str() : llvm::Triple::normalize(options.triple));
  std::string lookup_error;
  const llvm::Target* backend = llvm::TargetRegistry::lookupTarget(triple.str(), lookup_error);
  if (!backend) {
    error = "target `" + options.triple + "` is not known to this LLVM; this machine is `" + host.str() + "`";
    return false;
  }
  if (!triple.isArch64Bit() || !triple.isLittleEndian()) {
    error = "target `" + triple.str() + "` is not a 64-bit little-endian machine, which compiled modules need";
    return false;
  }
  target.triple = triple.str();
  target.opt_level = options.opt_level;
  if (options.cpu == "native") {
    if (triple.getArch() != host.getArch()) {
      error = "`--cpu native` means this machine, but the target is `" + triple.str() + "`; name a CPU of that target";
      return false;
    }
    target.cpu = llvm::sys::getHostCPUName().str();
    target.features = host_features();
  } else {
    target.cpu = options.cpu;
    const std::unique_ptr<llvm::MCSubtargetInfo> info(backend->createMCSubtargetInfo(triple.str(), "", ""));
    if (!info->isCPUStringValid(options.cpu)) {
      error = "CPU `" + options.cpu + "` is not known for `" + triple.str() + "`; for example `native`" +
              (triple.isX86() ? ", `x86-64-v3`, `x86-64-v4`" : "");
      return false;
    }
  }
  target.info = target_info(llvm::Triple::getArchTypeName(triple.getArch()).str(), required_features(target));
  // oneDNN has it for AVX-512 alone.
  target.has_winograd = triple.isX86() && target.info.vector_floats == 16;
  return true;
}

std::unique_ptr<llvm::TargetMachine> create_target_machine(const Target& target) {
  std::string error;
  const llvm::Target* backend = llvm::TargetRegistry::lookupTarget(target.triple, error);
  constexpr llvm::CodeGenOptLevel levels[] = {llvm::CodeGenOptLevel::None, llvm::CodeGenOptLevel::Less,
                                              llvm::CodeGenOptLevel::Default, llvm::CodeGenOptLevel::Aggressive};
  return std::unique_ptr<llvm::TargetMachine>(backend->createTargetMachine(target.triple, target.cpu, target.features,
                                                                           llvm::TargetOptions{}, llvm::Reloc::PIC_,
                                                                           std::nullopt, levels[target.opt_level]));
}

std::string required_features(const Target& target) {
  std::string list;
  if (!llvm::Triple(target.triple).isX86()) return list;
  const auto machine = create_target_machine(target);
  for (const char* feature : checked_features) {
    const std::string wanted = "+" + std::string(feature);
    if (machine->getMCSubtargetInfo()->checkFeatures(wanted)) list += (list.empty() ? "" : ",") + wanted;
  }
  return list;
}

}  // namespace d2nn::codegen
