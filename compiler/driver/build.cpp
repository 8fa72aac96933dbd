// source -> ast -> graph (check_file) -> paths -> llvm -> file | process.
#include "driver/build.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "codegen/link.h"
#include "d2nn/version.h"
#include "diag/catalogue.h"
#include "driver/c_header.h"
#include "driver/embed_weights.h"
#include "driver/manifest.h"
#include "io/atomic_file.h"
#include "text/encoded.h"

namespace d2nn::driver {

namespace {

namespace fs = std::filesystem;

void report(Checked& checked, const diag::DiagnosticCode* code, std::string message) {
  checked.sink.report({.code = code, .message = std::move(message), .range = {source::no_file, 0, 0}});
}

bool write(Checked& checked, const std::string& path, std::string_view content) {
  const Status status = io::write_file(path, content);
  if (!status.ok()) report(checked, diag::code("E0806"), status.message());
  return status.ok();
}

std::string beside(const std::string& output, const char* extension) {
  return fs::path(output).replace_extension(extension).string();
}

std::optional<codegen::Target> resolve(Checked& checked, const codegen::TargetOptions& options) {
  codegen::Target target;
  std::string error;
  if (codegen::resolve_target(options, target, error)) return target;
  report(checked, diag::code("E0901"), error);
  return std::nullopt;
}

/// Everything that code generation reads about the programs of a file; addresses stay valid while it lives.
struct Inputs {
  std::vector<paths::Analysis> analyses;
  std::vector<std::optional<paths::RemainingCosts>> remaining_costs;
  std::vector<char> weights;
  std::vector<codegen::NetworkRequest> networks;
};

std::optional<Inputs> prepare(Checked& checked, bool with_training, const std::string& weights,
                              const std::string& prefix, const codegen::Target& target) {
  Inputs inputs;
  if (!weights.empty()) {
    if (!has_one_network(checked, "`--weights`")) return std::nullopt;
    Result<std::vector<char>> bytes = weights_for(checked.programs.front(), weights);
    if (!bytes.ok()) {
      report(checked, diag::code("E0701"), bytes.status().message());
      return std::nullopt;
    }
    inputs.weights = std::move(*bytes);
  }
  inputs.analyses.reserve(checked.programs.size());
  inputs.remaining_costs.reserve(checked.programs.size());
  for (const graph::Program& program : checked.programs) {
    inputs.analyses.push_back(paths::analyse(program));
    codegen::NetworkRequest request;
    request.program = &program;
    request.analysis = &inputs.analyses.back();
    // Budgets begin with the least cost, which must be exact and no bound.
    const bool is_exact = inputs.analyses.back().costs_are_exact;
    inputs.remaining_costs.push_back(is_exact ? paths::remaining_costs(program) : std::nullopt);
    if (inputs.remaining_costs.back()) request.remaining_costs = &*inputs.remaining_costs.back();
    request.with_training = with_training;
    request.manifest =
        network_manifest(program, inputs.analyses.back(), {prefix, target.cpu, with_training, !weights.empty()}).dump();
    inputs.networks.push_back(std::move(request));
  }
  for (codegen::NetworkRequest& request : inputs.networks) request.weights = inputs.weights;
  return inputs;
}

bool write_header_and_manifest(Checked& checked, const BuildRequest& request, const Inputs& inputs,
                               const codegen::Target& target) {
  const std::string header = beside(request.output, ".h");
  std::vector<HeaderNetwork> networks;
  nlohmann::ordered_json all = manifest_head();
  for (std::size_t i = 0; i < checked.programs.size(); ++i) {
    networks.push_back({&checked.programs[i], &inputs.analyses[i]});
    all["networks"].push_back(
        network_manifest(checked.programs[i], inputs.analyses[i],
                         {request.prefix, target.cpu, request.with_training, !request.weights.empty()}));
  }
  text::put(all, "artefact", fs::path(request.output).filename().string());
  text::put(all, "header", fs::path(header).filename().string());
  const codegen::LinkFlags flags = codegen::user_link_flags();
  text::put_words(all, "compile_flags", flags.compile);
  text::put_words(all, "link_flags", flags.link_static);
  text::put_words(all, "link_flags_shared", flags.link_shared);
  return write(checked, header, c_header(fs::path(header).stem().string(), networks, request.prefix)) &&
         write(checked, beside(request.output, ".json"), all.dump(2) + "\n");
}

bool write_artefact(Checked& checked, const BuildRequest& request, const codegen::CompiledModule& module) {
  if (request.emit == Emit::llvm) return write(checked, request.output, module.llvm_text());
  if (request.emit == Emit::assembly) return write(checked, request.output, module.assembly());
  const std::vector<char> object = module.object();
  const std::string_view bytes(object.data(), object.size());
  if (request.emit == Emit::object) return write(checked, request.output, bytes);
  if (request.emit == Emit::static_library)
    return write(checked, request.output, codegen::archive(bytes, fs::path(request.output).stem().string() + ".o"));
  codegen::LinkRequest link;
  link.object = bytes;
  link.output = request.output;
  link.is_shared = request.emit == Emit::shared;
  link.with_training = request.with_training;
  std::string error;
  if (codegen::link(link, error)) return true;
  report(checked, diag::code("E0902"), error);
  return false;
}

/// Header and manifest go with these.
bool is_library(Emit emit) {
  return emit == Emit::shared || emit == Emit::static_library || emit == Emit::object;
}

/// Every file of the build, so that none is written over another.
io::FileRoles files_of_build(const Checked& checked, const BuildRequest& request) {
  io::FileRoles files = files_of(checked);
  files.reads(request.weights, "the weights (`--weights`)");
  if (request.emit == Emit::executable) {
    for (const std::string& archive : codegen::app_archives(request.with_training))
      files.reads(archive, "the runtime's archive");
  }
  files.writes(request.output, "the output (`-o`)", "give another name with `-o`");
  if (!is_library(request.emit)) return files;
  const std::string fix = "choose another ending, such as `" + beside(request.output, ".o") + "`, or another name";
  files.writes(beside(request.output, ".h"), "the header beside it", fix);
  files.writes(beside(request.output, ".json"), "the manifest beside it", fix);
  return files;
}

/// What the networks of a library are called must leave room for the names of the C interface.
bool check_library_names(Checked& checked, const BuildRequest& request) {
  for (const graph::Program& program : checked.programs) {
    if (request.prefix + program.name != "d2nn") continue;
    report(checked, diag::code("E0902"),
           "the accessor of the network `" + program.name +
               "` would be `d2nn_module`, which is a type of the C interface; rename the network or give another "
               "`--prefix`");
    return false;
  }
  return true;
}

}  // namespace

bool build(Checked& checked, const BuildRequest& request) {
  if (!may_write(checked, files_of_build(checked, request))) return false;
  if (!has_a_network(checked)) return false;
  if (request.emit == Emit::executable && !has_one_network(checked, "an executable")) return false;
  if (is_library(request.emit) && !check_library_names(checked, request)) return false;
  const std::optional<codegen::Target> target = resolve(checked, request.target);
  if (!target) return false;
  const std::optional<Inputs> inputs =
      prepare(checked, request.with_training, request.weights, request.prefix, *target);
  if (!inputs) return false;
  codegen::CodegenOptions options;
  options.target = *target;
  options.prefix = request.prefix;
  options.passes = request.passes;
  options.compiler_version = D2NN_VERSION;
  if (request.emit == Emit::executable) options.app_network = checked.programs.front().name;
  const codegen::CompiledModule module = codegen::generate(inputs->networks, options);
  if (!write_artefact(checked, request, module)) return false;
  return !is_library(request.emit) || write_header_and_manifest(checked, request, *inputs, *target);
}

std::optional<InProcess> InProcess::compile(Checked& checked, bool with_training,
                                            const codegen::TargetOptions& target_options,
                                            const passes::PassSet& passes) {
  if (!has_one_network(checked, "this command")) return std::nullopt;
  const std::optional<codegen::Target> target = resolve(checked, target_options);
  if (!target) return std::nullopt;
  const std::optional<Inputs> inputs = prepare(checked, with_training, "", "", *target);
  if (!inputs) return std::nullopt;
  codegen::CodegenOptions options;
  options.target = *target;
  options.passes = passes;
  options.compiler_version = D2NN_VERSION;
  codegen::Jit jit(codegen::generate(inputs->networks, options));
  const d2nn_module* module = jit.network(checked.programs.front().name + "_module");
  return InProcess(std::move(jit), module);
}

}  // namespace d2nn::driver
