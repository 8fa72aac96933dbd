// See kernel_jit.h. The module goes through the same steps as a compiled network: target attributes on every function,
// O2, an object file; the JIT only links and loads it.
#include "unit/codegen_kernels/kernel_jit.h"

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include <cstdlib>
#include <ctime>
#include <stdexcept>

namespace d2nn::testing {

using codegen::KernelProblem;
using ops::Kernel;

namespace {

std::string host_features() {
  llvm::SubtargetFeatures features;
  for (const auto& [name, is_on] : llvm::sys::getHostCPUFeatures()) features.AddFeature(name, is_on);
  return features.getString();
}

std::string host_arch() {
  return llvm::Triple(llvm::sys::getProcessTriple()).getArchName().str();
}

std::unique_ptr<llvm::TargetMachine> make_target(const std::string& cpu, const std::string& features, int level) {
  const std::string triple = llvm::sys::getProcessTriple();
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (target == nullptr) throw std::runtime_error(error);
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, cpu, features, llvm::TargetOptions{}, llvm::Reloc::PIC_, std::nullopt,
                                  level == 0 ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Default));
}

void run_passes(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

llvm::SmallVector<char, 0> emit_file(llvm::Module& module, llvm::TargetMachine& machine, llvm::CodeGenFileType kind) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, kind)) throw std::runtime_error("no code can be emitted");
  passes.run(module);
  return bytes;
}

template <class T>
T take(llvm::Expected<T> value) {
  if (!value) throw std::runtime_error(llvm::toString(value.takeError()));
  return std::move(*value);
}

void succeed(llvm::Error error) {
  if (error) throw std::runtime_error(llvm::toString(std::move(error)));
}

std::string name_of(std::size_t index) {
  return "kernel_" + std::to_string(index);
}

llvm::Function* emit(llvm::Module& module, const KernelProblem& problem, const codegen::TargetInfo& target,
                     const std::string& name) {
  if (problem.kind == Kernel::dense) return codegen::emit_dense_kernel(module, problem, target, name);
  if (problem.kind == Kernel::add || problem.kind == Kernel::multiply) {
    return codegen::emit_binary_kernel(module, problem, target, name);
  }
  return codegen::emit_row_kernel(module, problem, target, name);
}

std::vector<EmitKernel> emitters_of(const std::vector<KernelProblem>& problems, const codegen::TargetInfo& target) {
  std::vector<EmitKernel> emitters;
  for (const KernelProblem& problem : problems) {
    emitters.emplace_back([&problem, target](llvm::Module& module, const std::string& name) {
      return emit(module, problem, target, name);
    });
  }
  return emitters;
}

}  // namespace

std::vector<CpuLevel> runnable_levels() {
  const codegen::TargetInfo native = codegen::target_info(host_arch(), host_features());
  std::vector<CpuLevel> levels{{"native", native}};
  if (llvm::Triple(llvm::sys::getProcessTriple()).getArch() == llvm::Triple::x86_64) {
    if (native.vector_floats > 8) levels.push_back({"x86-64-v3", codegen::target_info("x86_64", "+avx2,+fma")});
    if (native.vector_floats > 4) levels.push_back({"x86-64", codegen::target_info("x86_64", "+sse2")});
  }
  return levels;
}

struct CompiledKernels::Engine {
  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::vector<void*> addresses;
};

CompiledKernels::CompiledKernels(const std::vector<KernelProblem>& problems, const CpuLevel& cpu, int level)
    : CompiledKernels(emitters_of(problems, cpu.target), cpu, level) {}

CompiledKernels::CompiledKernels(const std::vector<EmitKernel>& emitters, const CpuLevel& cpu, int level)
    : engine_(std::make_unique<Engine>()) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  const std::clock_t start = std::clock();
  const bool is_native = cpu.cpu == "native";
  const std::string cpu_name = is_native ? llvm::sys::getHostCPUName().str() : cpu.cpu;
  const std::string features = is_native ? host_features() : "";
  const std::unique_ptr<llvm::TargetMachine> machine = make_target(cpu_name, features, level);
  llvm::LLVMContext context;
  llvm::Module module("kernels", context);
  module.setTargetTriple(llvm::sys::getProcessTriple());
  module.setDataLayout(machine->createDataLayout());
  for (std::size_t i = 0; i < emitters.size(); ++i) {
    emitters[i](module, name_of(i))->setLinkage(llvm::GlobalValue::ExternalLinkage);
  }
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    function.addFnAttr("target-cpu", cpu_name);
    if (!features.empty()) function.addFnAttr("target-features", features);
    function.addFnAttr("prefer-vector-width", "512");
  }
  std::string complaints;
  llvm::raw_string_ostream words(complaints);
  if (llvm::verifyModule(module, &words)) throw std::runtime_error(complaints);
  if (level > 0) run_passes(module, *machine);
  if (std::getenv("D2NN_KERNEL_ASSEMBLY") != nullptr) {
    const std::unique_ptr<llvm::Module> copy = llvm::CloneModule(module);
    const auto text = emit_file(*copy, *machine, llvm::CodeGenFileType::AssemblyFile);
    assembly_.assign(text.begin(), text.end());
  }
  auto object = std::make_unique<llvm::SmallVectorMemoryBuffer>(
      emit_file(module, *machine, llvm::CodeGenFileType::ObjectFile), "kernels.o", false);
  compile_seconds_ = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const auto file = take(llvm::object::ObjectFile::createObjectFile(object->getMemBufferRef()));
  for (const llvm::object::SectionRef& section : file->sections()) {
    if (section.isText()) code_bytes_ += section.getSize();
  }
  engine_->jit = take(llvm::orc::LLJITBuilder().create());
  succeed(engine_->jit->addObjectFile(std::move(object)));
  for (std::size_t i = 0; i < emitters.size(); ++i) {
    engine_->addresses.push_back(take(engine_->jit->lookup(name_of(i))).toPtr<void*>());
  }
}

CompiledKernels::~CompiledKernels() = default;

void* CompiledKernels::address(std::size_t index) const {
  return engine_->addresses.at(index);
}

}  // namespace d2nn::testing
