// The order of lowering: kernels, one function per node, drivers, tables, then LLVM's pipeline.
#include "codegen/codegen.h"

#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include "codegen/compiled_module.h"
#include "codegen/emit_control.h"
#include "codegen/emit_nodes.h"
#include "codegen/emit_tables.h"
#include "codegen/optimise.h"
#include "diag/internal_error.h"

namespace d2nn::codegen {

namespace {

/// Emits one network into a module that may hold others.
class NetworkEmitter {
 public:
  NetworkEmitter(llvm::Module& module, const NetworkRequest& request, const CodegenOptions& options)
      : module_(module), request_(request), options_(options), program_(*request.program) {}

  /// The accessor: `const d2nn_module* PREFIX_NAME_module(void)`.
  llvm::Function* emit() {
    const passes::Plan& inference = *request_.inference;
    const std::vector<KernelChoice> kernels = choose_kernels(inference, options_.target);
    NetworkLayout layout = make_layout(program_, inference);
    for (const KernelChoice& kernel : kernels)
      layout.kernel_scratch_floats = std::max(layout.kernel_scratch_floats, kernel.scratch_floats);

    TableRequest tables;
    tables.program = &program_;
    tables.analysis = request_.analysis;
    tables.remaining_costs = request_.remaining_costs;
    tables.inference = &layout;
    tables.kernels = &kernels;
    tables.compiler_version = options_.compiler_version;
    tables.target_cpu = options_.target.cpu;
    tables.target_features = required_features(options_.target);
    tables.manifest = request_.manifest;
    tables.weights = request_.weights;

    NodeEmitter nodes(module_, layout, kernels, options_.target);
    DriverEmitter drivers(module_, layout);
    const NodeFunctions forward =
        emit_each(inference, [&](const passes::NodePlan& node) { return nodes.emit_forward(node); });
    tables.forward_one = drivers.emit_forward_one(forward);
    tables.forward_tile = drivers.emit_forward_rows(forward, program_.name + ".forward_tile");
    if (request_.training == nullptr) return emit_accessor(emit_module_table(module_, tables));

    const passes::Plan& training = *request_.training;
    const std::vector<KernelChoice> no_kernels;
    const NetworkLayout train_layout = make_layout(program_, training);
    NodeEmitter train_nodes(module_, train_layout, no_kernels, options_.target);
    DriverEmitter train_drivers(module_, train_layout);
    const std::vector<TrainExpression> expressions =
        emit_train_expressions(module_, training, options_.target, program_.name + ".train");
    tables.training = &train_layout;
    tables.train_expressions = &expressions;
    tables.train_forward = train_drivers.emit_forward_rows(
        emit_each(training, [&](const passes::NodePlan& node) { return train_nodes.emit_train_forward(node); }),
        program_.name + ".train_forward");
    tables.train_backward = train_drivers.emit_backward_rows(
        emit_each(training, [&](const passes::NodePlan& node) { return train_nodes.emit_train_backward(node); }),
        program_.name + ".train_backward");
    return emit_accessor(emit_module_table(module_, tables));
  }

 private:
  template <class Emit>
  NodeFunctions emit_each(const passes::Plan& plan, Emit emit) const {
    NodeFunctions functions(plan.nodes.size(), nullptr);
    for (const passes::ScheduleEntry& entry : plan.schedule) {
      if (entry.computes) functions[entry.node] = emit(plan.nodes[entry.node]);
    }
    return functions;
  }

  llvm::Function* emit_accessor(llvm::Constant* table) {
    auto* type = llvm::FunctionType::get(llvm::PointerType::getUnqual(module_.getContext()), false);
    auto* function = llvm::Function::Create(type, llvm::Function::ExternalLinkage,
                                            options_.prefix + program_.name + "_module", module_);
    llvm::IRBuilder<> b(llvm::BasicBlock::Create(module_.getContext(), "entry", function));
    b.CreateRet(table);
    return function;
  }

  llvm::Module& module_;
  const NetworkRequest& request_;
  const CodegenOptions& options_;
  const graph::Program& program_;
};

/// The executable's main finds its network through this symbol.
void emit_app_accessor(llvm::Module& module, llvm::Function* target) {
  auto* function =
      llvm::Function::Create(target->getFunctionType(), llvm::Function::ExternalLinkage, "d2nn_app_module", module);
  llvm::IRBuilder<> b(llvm::BasicBlock::Create(module.getContext(), "entry", function));
  b.CreateRet(b.CreateCall(target));
}

void set_attributes(llvm::Module& module, const Target& target) {
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    function.addFnAttr("target-cpu", target.cpu);
    if (!target.features.empty()) function.addFnAttr("target-features", target.features);
    function.addFnAttr("prefer-vector-width", std::to_string(target.info.vector_floats * 32));
    function.setUWTableKind(llvm::UWTableKind::Default);
    function.setDoesNotThrow();
  }
}

void verify(llvm::Module& module, const char* when) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (llvm::verifyModule(module, &stream))
    throw diag::InternalError(std::string("LLVM's verifier refuses the module ") + when + ": " + text);
}

}  // namespace

CompiledModule::CompiledModule() = default;
CompiledModule::CompiledModule(CompiledModule&&) noexcept = default;
CompiledModule& CompiledModule::operator=(CompiledModule&&) noexcept = default;
CompiledModule::~CompiledModule() = default;

CompiledModule generate(std::span<const NetworkRequest> networks, const CodegenOptions& options) {
  CompiledModule result;
  result.state_ = std::make_unique<CompiledModule::State>();
  CompiledModule::State& state = *result.state_;
  state.machine = create_target_machine(options.target);
  state.module = std::make_unique<llvm::Module>("d2nn", *state.context);
  state.module->setTargetTriple(options.target.triple);
  state.module->setDataLayout(state.machine->createDataLayout());
  for (const NetworkRequest& request : networks) {
    llvm::Function* accessor = NetworkEmitter(*state.module, request, options).emit();
    if (request.program->name == options.app_network) emit_app_accessor(*state.module, accessor);
  }
  set_attributes(*state.module, options.target);
  verify(*state.module, "before optimisation");
  optimise(*state.module, *state.machine, options.target);
  return result;
}

std::string CompiledModule::llvm_text() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  state_->module->print(stream, nullptr);
  return text;
}

std::string CompiledModule::assembly() const {
  const llvm::SmallVector<char, 0> bytes = state_->emit(llvm::CodeGenFileType::AssemblyFile);
  return {bytes.begin(), bytes.end()};
}

std::vector<char> CompiledModule::object() const {
  const llvm::SmallVector<char, 0> bytes = state_->emit(llvm::CodeGenFileType::ObjectFile);
  return {bytes.begin(), bytes.end()};
}

llvm::SmallVector<char, 0> CompiledModule::State::emit(llvm::CodeGenFileType type) const {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  // The pass manager changes the module it lowers; what is asked for next must not see that.
  const auto copy = llvm::CloneModule(*module);
  if (machine->addPassesToEmitFile(passes, stream, nullptr, type))
    throw diag::InternalError("this LLVM cannot emit files for " + module->getTargetTriple());
  passes.run(*copy);
  return bytes;
}

}  // namespace d2nn::codegen
