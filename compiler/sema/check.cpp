// The whole way of a file through sema, in order. Each step adds to the Draft; see draft.h.
#include "sema/check.h"

#include <algorithm>
#include <map>
#include <set>

#include "diag/spelling.h"
#include "sema/declarations.h"
#include "sema/edge_rules.h"
#include "sema/edges.h"
#include "sema/elaborate.h"
#include "sema/outputs.h"
#include "sema/parameters.h"
#include "sema/report.h"
#include "sema/shapes.h"
#include "sema/train.h"

namespace d2nn::sema {
namespace {

/// What has no place in a program: the command line.
constexpr SourceRange no_place{~0u, 0, 0};

void check_definitions(const std::vector<const ast::Network*>& networks, const CheckOptions& options,
                       diag::Sink& sink) {
  std::vector<std::string_view> parameters;
  for (const ast::Network* network : networks) {
    for (const ast::Parameter& parameter : network->params) parameters.push_back(parameter.name.text);
  }
  std::set<std::string_view> reported;
  for (const auto& [name, value] : options.definitions) {
    if (std::find(parameters.begin(), parameters.end(), name) != parameters.end()) continue;
    if (!reported.insert(name).second) continue;
    const std::string_view nearest = diag::closest(name, parameters);
    Report(code("E0802"), no_place, "`-D" + name + "=" + value + "`: no network has a parameter " + quoted(name))
        .advise(nearest.empty() ? "" : "did you mean `-D" + std::string(nearest) + "=" + value + "`?")
        .to(sink);
  }
}

/// The networks to check: all, or the one asked for.
std::vector<const ast::Network*> select(const std::vector<const ast::Network*>& networks, const CheckOptions& options,
                                        diag::Sink& sink) {
  if (options.network.empty()) return networks;
  std::string list;
  std::vector<std::string_view> names;
  for (const ast::Network* network : networks) {
    if (network->name.text == options.network) return {network};
    names.push_back(network->name.text);
    list += (list.empty() ? "; it has " : ", ") + quoted(network->name.text);
  }
  const std::string_view nearest = diag::closest(options.network, names);
  Report(code("E0803"), no_place, "the file has no network " + quoted(options.network) + list)
      .advise(nearest.empty() ? "" : "did you mean `--network " + std::string(nearest) + "`?")
      .to(sink);
  return {};
}

/// Adds one network to the others, unless it has errors.
void check_network(const ast::Network& network, const Module& module, const CheckOptions& options, diag::Sink& sink,
                   Networks& networks) {
  const std::size_t errors_before = sink.errors_reported();
  Draft draft(network, module.constants);
  declare_names(draft, options, sink);
  connect_edges(draft, sink);
  check_edge_rules(draft, sink);
  elaborate_nodes(draft, module, sink);
  check_defaults_and_cost(draft, sink);
  name_parameters(draft, sink);
  check_train(draft, sink);
  if (sink.errors_reported() > errors_before) return;
  // A file-level error may have left a hole that was reported elsewhere.
  for (const NodeFacts& facts : draft.nodes) {
    if (!facts.has_shape) return;
  }
  paths::Analysis analysis = check_paths(draft, options.questions, sink);
  if (sink.errors_reported() > errors_before) return;
  networks.programs.push_back(std::move(draft.program));
  networks.analyses.push_back(std::move(analysis));
}

}  // namespace

Networks check(const ast::File& file, source::SourceFiles& files, const CheckOptions& options, diag::Sink& sink) {
  Modules modules = load_modules(file, files, options.loader, sink);
  check_definitions(modules.main().networks, options, sink);
  check_blocks(modules, sink);
  const bool is_file_well = !sink.has_errors();

  Networks checked;
  for (const ast::Network* network : select(modules.main().networks, options, sink))
    check_network(*network, modules.main(), options, sink, checked);
  return is_file_well ? std::move(checked) : Networks{};
}

}  // namespace d2nn::sema
