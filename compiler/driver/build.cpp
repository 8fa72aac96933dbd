// The way of a program, whose ast and graph check_file() made: analyse -> plan -> emit -> link. build() has it on one
// screen.
#include "driver/build.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "d2nn/version.h"
#include "diag/catalogue.h"
#include "driver/artefact.h"
#include "driver/embed_weights.h"
#include "driver/manifest.h"
#include "graph/print.h"
#include "passes/print.h"
#include "syntax/print.h"

namespace d2nn::driver {

namespace {

std::optional<codegen::Target> resolve(Checked& checked, const codegen::TargetOptions& options) {
  codegen::Target target;
  std::string error;
  if (codegen::resolve_target(options, target, error)) return target;
  report(checked, diag::code("E0901"), error);
  return std::nullopt;
}

/// One network on its way to code; program and analysis are those of the Checked.
struct Planned {
  const graph::Program* program = nullptr;
  const paths::Analysis* analysis = nullptr;
  passes::Plan inference;
  std::optional<passes::Plan> training;
};

/// Prints the plans that are asked for on the way.
passes::Plan plan_inference(const graph::Program& program, const paths::Analysis& analysis,
                            const BuildRequest& request) {
  return passes::plan_inference(
      program, *analysis.uses, request.passes, [&](const passes::PassInfo& pass, const passes::Plan& plan) {
        for (const passes::PassInfo* asked : request.print_after) {
          if (asked->pass != pass.pass) continue;
          std::cout << "# after " << pass.name << "\n" << passes::print(program, plan) << std::flush;
        }
      });
}

std::vector<Planned> plan(const Checked& checked, const BuildRequest& request) {
  std::vector<Planned> networks;
  for (std::size_t i = 0; i < checked.programs.size(); ++i) {
    const graph::Program& program = checked.programs[i];
    const paths::Analysis& analysis = checked.analyses[i];
    networks.push_back({&program, &analysis, plan_inference(program, analysis, request), std::nullopt});
    if (request.with_training) networks.back().training = passes::plan_training(program);
  }
  return networks;
}

/// The program before code is generated, as text.
std::string text_of(Checked& checked, const BuildRequest& request) {
  std::string text;
  if (request.emit == Emit::ast) return syntax::print(checked.tree);
  if (request.emit == Emit::graph) {
    for (const graph::Program& program : checked.programs) text += graph::print(program);
    return text;
  }
  analyse(checked, questions_of_build(request.passes));
  for (const Planned& network : plan(checked, request)) {
    text += passes::print(*network.program, network.inference);
    if (network.training) text += passes::print(*network.program, *network.training);
  }
  return text;
}

std::optional<std::vector<char>> read_weights(Checked& checked, const std::string& path) {
  if (path.empty()) return std::vector<char>{};
  if (!has_one_network(checked, "`--weights`")) return std::nullopt;
  Result<std::vector<char>> bytes = weights_for(checked.programs.front(), path);
  if (bytes.ok()) return std::move(*bytes);
  report(checked, diag::code("E0701"), bytes.status().message());
  return std::nullopt;
}

/// One manifest per network, in order: for the module and for the file beside a library.
nlohmann::ordered_json manifests_of(const std::vector<Planned>& networks, const BuildRequest& request,
                                    const codegen::Target& target) {
  nlohmann::ordered_json manifests = nlohmann::ordered_json::array();
  const ManifestFacts facts{request.prefix, target.cpu, request.with_training, !request.weights.empty()};
  for (const Planned& network : networks)
    manifests.push_back(network_manifest(*network.program, *network.analysis, facts));
  return manifests;
}

codegen::CompiledModule emit(const std::vector<Planned>& networks, const nlohmann::ordered_json& manifests,
                             std::span<const char> weights, codegen::CodegenOptions options) {
  std::vector<codegen::NetworkRequest> requests;
  for (const Planned& network : networks) {
    codegen::NetworkRequest& request = requests.emplace_back();
    request.program = network.program;
    request.analysis = network.analysis;
    request.remaining_costs = network.analysis->remaining_costs ? &*network.analysis->remaining_costs : nullptr;
    request.inference = &network.inference;
    request.training = network.training ? &*network.training : nullptr;
    request.weights = weights;
    request.manifest = manifests[requests.size() - 1].dump();
  }
  options.compiler_version = D2NN_VERSION;
  return codegen::generate(requests, options);
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

bool may_build(Checked& checked, const BuildRequest& request) {
  if (!may_write_artefact(checked, request) || !has_a_network(checked)) return false;
  if (request.emit == Emit::executable && !has_one_network(checked, "an executable")) return false;
  return !is_library(request.emit) || check_library_names(checked, request);
}

}  // namespace

paths::Questions questions_of_build(const passes::PassSet& passes) {
  return {.paths = true,
          .remaining_costs = true,  // budgets begin with the least cost, which must be exact and no bound
          .uses = true,
          .uses_are_conditional = passes::needs_conditional_uses(passes)};
}

bool build(Checked& checked, const BuildRequest& request) {
  if (!may_build(checked, request)) return false;
  if (is_before_code(request.emit)) return write_text(checked, request, text_of(checked, request));
  const std::optional<codegen::Target> target = resolve(checked, request.target);
  if (!target) return false;
  const std::optional<std::vector<char>> weights = read_weights(checked, request.weights);
  if (!weights) return false;

  analyse(checked, questions_of_build(request.passes));
  const std::vector<Planned> networks = plan(checked, request);
  const nlohmann::ordered_json manifests = manifests_of(networks, request, *target);
  codegen::CodegenOptions options;
  options.target = *target;
  options.prefix = request.prefix;
  if (request.emit == Emit::executable) options.app_network = checked.programs.front().name;
  const codegen::CompiledModule module = emit(networks, manifests, *weights, options);
  if (!write_artefact(checked, request, module)) return false;

  if (!is_library(request.emit)) return true;
  std::vector<HeaderNetwork> in_header;
  for (const Planned& network : networks) in_header.push_back({network.program, network.analysis});
  return write_header_and_manifest(checked, request, in_header, manifests);
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
  analyse(checked, questions_of_build(passes));
  const std::vector<Planned> networks = plan(checked, request);
  codegen::Jit jit(emit(networks, manifests_of(networks, request, *target), {}, options));
  const d2nn_module* module = jit.network(checked.programs.front().name + "_module");
  return InProcess(std::move(jit), module);
}

}  // namespace d2nn::driver
