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

namespace d2nn::sema {
namespace {

/// What has no place in a program: the command line.
constexpr SourceRange no_place{~0u, 0, 0};

/// A file's declarations by kind.
struct Declarations {
  std::vector<const ast::Const*> constants;
  std::vector<const ast::Network*> networks;
  UnavailableNames unavailable;
};

class Collector {
 public:
  Collector(Declarations& declarations, diag::Sink& sink) : declarations_(declarations), sink_(sink) {}

  void operator()(const ast::Const& constant) {
    if (declare(constant.name)) declarations_.constants.push_back(&constant);
  }
  void operator()(const ast::Network& network) {
    if (declare(network.name)) declarations_.networks.push_back(&network);
  }
  void operator()(const ast::Block& block) {
    declare(block.name);
    declarations_.unavailable.blocks.insert(block.name.text);
    unavailable(code("E0291"), block.range, "block");
  }
  void operator()(const ast::Import& import) {
    if (import.alias) declarations_.unavailable.modules.insert(import.alias->text);
    if (!import.alias && !import.path.empty()) declarations_.unavailable.modules.insert(import.path.back().text);
    unavailable(code("E0290"), import.range, "import");
  }

 private:
  bool declare(const ast::Name& name) {
    const auto [first, is_new] = names_.emplace(name.text, name.range);
    if (!is_new) {
      Report(code("E0202"), name.range, quoted(name.text) + " is declared twice")
          .note(first->second, "first declared here")
          .to(sink_);
    }
    return is_new;
  }

  void unavailable(const diag::DiagnosticCode* code, SourceRange range, const std::string& keyword) {
    range.end = std::min(range.end, range.begin + static_cast<std::uint32_t>(keyword.size()));
    Report(code, range, quoted(keyword) + " is not available yet").to(sink_);
  }

  Declarations& declarations_;
  diag::Sink& sink_;
  std::map<std::string, SourceRange> names_;
};

void check_definitions(const Declarations& declarations, const CheckOptions& options, diag::Sink& sink) {
  std::vector<std::string_view> parameters;
  for (const ast::Network* network : declarations.networks) {
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
std::vector<const ast::Network*> select(const Declarations& declarations, const CheckOptions& options,
                                        diag::Sink& sink) {
  if (options.network.empty()) return declarations.networks;
  std::string list;
  std::vector<std::string_view> names;
  for (const ast::Network* network : declarations.networks) {
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

/// The program of one network, or nothing after an error.
std::optional<graph::Program> check_network(const ast::Network& network, const ConstantScope& constants,
                                            const UnavailableNames& unavailable, const CheckOptions& options,
                                            diag::Sink& sink) {
  const std::size_t errors_before = sink.error_count();
  Draft draft(network, constants);
  declare_names(draft, options, sink);
  connect_edges(draft, sink);
  check_edge_rules(draft, sink);
  elaborate_bodies(draft, unavailable, sink);
  infer_shapes(draft, sink);
  name_parameters(draft, sink);
  if (sink.error_count() > errors_before) return std::nullopt;
  // A file-level error may have left a hole that was reported elsewhere.
  for (const NodeFacts& facts : draft.nodes) {
    if (!facts.has_shape) return std::nullopt;
  }
  check_paths(draft, sink);
  if (sink.error_count() > errors_before) return std::nullopt;
  return std::move(draft.program);
}

}  // namespace

std::vector<graph::Program> check(const ast::File& file, const source::SourceFiles&, const CheckOptions& options,
                                  diag::Sink& sink) {
  Declarations declarations;
  Collector collector(declarations, sink);
  for (const ast::FileItem& item : file.items) std::visit(collector, item);
  check_definitions(declarations, options, sink);
  const ConstantScope constants = evaluate_constants(declarations.constants, sink);
  const bool is_file_well = !sink.has_errors();

  std::vector<graph::Program> programs;
  for (const ast::Network* network : select(declarations, options, sink)) {
    auto program = check_network(*network, constants, declarations.unavailable, options, sink);
    if (program && is_file_well) programs.push_back(std::move(*program));
  }
  return programs;
}

}  // namespace d2nn::sema
