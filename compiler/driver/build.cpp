// ast and graph (check_file) -> analysis of paths, plan -> llvm -> file | process.
#include "driver/build.h"

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "codegen/link.h"
#include "d2nn/version.h"
#include "diag/catalogue.h"
#include "driver/c_header.h"
#include "driver/embed_weights.h"
#include "driver/manifest.h"
#include "graph/print.h"
#include "io/atomic_file.h"
#include "passes/print.h"
#include "syntax/print.h"
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

/// One network on its way to code. Programs are those of the Checked, the rest is made once, here.
struct Planned {
  const graph::Program* program = nullptr;
  paths::Analysis analysis;
  std::optional<paths::RemainingCosts> remaining_costs;
  passes::Plan inference;
  std::optional<passes::Plan> training;
  nlohmann::ordered_json manifest;
};

/// Prints the plans that are asked for on the way.
passes::Plan plan_inference(const graph::Program& program, const BuildRequest& request) {
  return passes::plan(program, passes::PlanMode::inference, request.passes,
                      [&](const passes::PassInfo& pass, const passes::Plan& plan) {
                        for (const passes::PassInfo* asked : request.print_after) {
                          if (asked->pass != pass.pass) continue;
                          std::cout << "# after " << pass.name << "\n" << passes::print(program, plan) << std::flush;
                        }
                      });
}

std::vector<Planned> analyse_and_plan(const Checked& checked, const BuildRequest& request,
                                      const codegen::Target& target) {
  std::vector<Planned> networks;
  for (const graph::Program& program : checked.programs) {
    Planned& network = networks.emplace_back();
    network.program = &program;
    network.analysis = paths::analyse(program);
    // Budgets begin with the least cost, which must be exact and no bound.
    if (network.analysis.costs_are_exact) network.remaining_costs = paths::remaining_costs(program);
    network.inference = plan_inference(program, request);
    if (request.with_training) network.training = passes::plan(program, passes::PlanMode::training);
    network.manifest = network_manifest(program, network.analysis,
                                        {request.prefix, target.cpu, request.with_training, !request.weights.empty()});
  }
  return networks;
}

std::optional<std::vector<char>> read_weights(Checked& checked, const std::string& path) {
  if (path.empty()) return std::vector<char>{};
  if (!has_one_network(checked, "`--weights`")) return std::nullopt;
  Result<std::vector<char>> bytes = weights_for(checked.programs.front(), path);
  if (bytes.ok()) return std::move(*bytes);
  report(checked, diag::code("E0701"), bytes.status().message());
  return std::nullopt;
}

codegen::CompiledModule emit(const std::vector<Planned>& networks, std::span<const char> weights,
                             codegen::CodegenOptions options) {
  std::vector<codegen::NetworkRequest> requests;
  for (const Planned& network : networks) {
    codegen::NetworkRequest& request = requests.emplace_back();
    request.program = network.program;
    request.analysis = &network.analysis;
    request.remaining_costs = network.remaining_costs ? &*network.remaining_costs : nullptr;
    request.inference = &network.inference;
    request.training = network.training ? &*network.training : nullptr;
    request.weights = weights;
    request.manifest = network.manifest.dump();
  }
  options.compiler_version = D2NN_VERSION;
  return codegen::generate(requests, options);
}

bool write_header_and_manifest(Checked& checked, const BuildRequest& request, const std::vector<Planned>& networks) {
  const std::string header = beside(request.output, ".h");
  std::vector<HeaderNetwork> in_header;
  nlohmann::ordered_json all = manifest_head();
  for (const Planned& network : networks) {
    in_header.push_back({network.program, &network.analysis});
    all["networks"].push_back(network.manifest);
  }
  text::put(all, "artefact", fs::path(request.output).filename().string());
  text::put(all, "header", fs::path(header).filename().string());
  const codegen::LinkFlags flags = codegen::user_link_flags();
  text::put_words(all, "compile_flags", flags.compile);
  text::put_words(all, "link_flags", flags.link_static);
  text::put_words(all, "link_flags_shared", flags.link_shared);
  return write(checked, header, c_header(fs::path(header).stem().string(), in_header, request.prefix)) &&
         write(checked, beside(request.output, ".json"), all.dump(2) + "\n");
}

/// What a program is on its way to code.
bool is_before_code(Emit emit) {
  return emit == Emit::ast || emit == Emit::graph || emit == Emit::plan;
}

bool is_standard_output(const BuildRequest& request) {
  const bool is_text = is_before_code(request.emit) || request.emit == Emit::llvm || request.emit == Emit::assembly;
  return is_text && request.output == "-";
}

bool write_text(Checked& checked, const BuildRequest& request, std::string_view content) {
  if (!is_standard_output(request)) return write(checked, request.output, content);
  std::cout << content << std::flush;
  if (std::cout) return true;
  report(checked, diag::code("E0806"), "cannot write to standard output");
  return false;
}

/// The program before code is generated, as text.
std::string text_of(const Checked& checked, const BuildRequest& request) {
  if (request.emit == Emit::ast) return syntax::print(checked.tree);
  std::string text;
  for (const graph::Program& program : checked.programs) {
    if (request.emit == Emit::graph) {
      text += graph::print(program);
      continue;
    }
    text += passes::print(program, plan_inference(program, request));
    if (request.with_training) text += passes::print(program, passes::plan(program, passes::PlanMode::training));
  }
  return text;
}

bool write_artefact(Checked& checked, const BuildRequest& request, const codegen::CompiledModule& module) {
  if (request.emit == Emit::llvm) return write_text(checked, request, module.llvm_text());
  if (request.emit == Emit::assembly) return write_text(checked, request, module.assembly());
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
  if (is_standard_output(request)) return files;
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
  if (is_before_code(request.emit)) return write_text(checked, request, text_of(checked, request));
  const std::optional<codegen::Target> target = resolve(checked, request.target);
  if (!target) return false;
  const std::optional<std::vector<char>> weights = read_weights(checked, request.weights);
  if (!weights) return false;
  const std::vector<Planned> networks = analyse_and_plan(checked, request, *target);
  codegen::CodegenOptions options;
  options.target = *target;
  options.prefix = request.prefix;
  if (request.emit == Emit::executable) options.app_network = checked.programs.front().name;
  const codegen::CompiledModule module = emit(networks, *weights, options);
  if (!write_artefact(checked, request, module)) return false;
  return !is_library(request.emit) || write_header_and_manifest(checked, request, networks);
}

std::optional<InProcess> InProcess::compile(Checked& checked, bool with_training,
                                            const codegen::TargetOptions& target_options,
                                            const passes::PassSet& passes) {
  if (!has_one_network(checked, "this command")) return std::nullopt;
  const std::optional<codegen::Target> target = resolve(checked, target_options);
  if (!target) return std::nullopt;
  BuildRequest request;
  request.with_training = with_training;
  request.passes = passes;
  codegen::CodegenOptions options;
  options.target = *target;
  codegen::Jit jit(emit(analyse_and_plan(checked, request, *target), {}, options));
  const d2nn_module* module = jit.network(checked.programs.front().name + "_module");
  return InProcess(std::move(jit), module);
}

}  // namespace d2nn::driver
