// Reads the analysis of the paths room; nothing here enumerates paths.
#include "sema/outputs.h"

#include <algorithm>

#include "sema/report.h"

namespace d2nn::sema {
namespace {

using graph::EdgeId;
using graph::Node;
using graph::NodeId;
using graph::NodeKind;

class PathRules {
 public:
  PathRules(const Draft& draft, const paths::Analysis& analysis, diag::Sink& sink)
      : draft_(draft), program_(draft.program), analysis_(analysis), sink_(sink) {}

  void run() {
    for (const paths::Analysis::NullWitness& witness : analysis_.null_outputs) check_required(witness);
    if (sink_.has_errors()) return;  // the same decisions would show again as warnings
    check_defaults();
    check_never_executed();
    check_same_effects();
  }

 private:
  void check_required(const paths::Analysis::NullWitness& witness) {
    const Node& output = program_[witness.output];
    if (!output.is_required) return;
    const SourceRange place = draft_.nodes[witness.output.index].output->required_range;
    const std::string subject = "the output " + quoted(output.name) + " is required, but ";
    if (!analysis_.gave_up.empty()) {
      Report(code("E0509"), place, subject + "could not be proved to have a value: " + analysis_.gave_up).to(sink_);
      return;
    }
    std::string path;
    for (const auto& [control, action] : witness.decisions) {
      path += (path.empty() ? "null when " : " and ") + program_[control].name + " = " +
              program_[control].actions[action].name;
    }
    Report report(code("E0509"), place, subject + (path.empty() ? "null on every path" : path));
    for (const auto& [control, action] : witness.decisions) {
      report.note(
          program_[control].actions[action].range,
          quoted(program_[control].name + " = " + program_[control].actions[action].name) + " is declared here");
    }
    report.advise("give an edge into " + quoted(output.name) + " a default value, or leave `required` out").to(sink_);
  }

  /// One literal may serve several edges; it is useless when it is on all of them.
  void check_defaults() {
    std::map<std::uint32_t, std::pair<std::uint32_t, bool>> literals;  // by place: an edge, and whether any needs it
    for (std::uint32_t i = 0; i < program_.edges.size(); ++i) {
      if (!program_.edges[i].fallback) continue;
      auto& [edge, is_needed] = literals[draft_.edges[i].fallback->range.begin];
      edge = i;
      is_needed = is_needed || analysis_.source_can_be_skipped[i];
    }
    for (const auto& [place, literal] : literals) {
      const auto& [edge, is_needed] = literal;
      if (is_needed) continue;
      const Node& source = program_[program_.edges[edge].source];
      Report(code("E0510"), draft_.edges[edge].fallback->range,
             "the default value is never used: " + quoted(source.name) + " is never skipped")
          .about({graph::family_of(source.name)})
          .note(source.range, quoted(source.name) + " is declared here")
          .advise("remove the default value")
          .to(sink_);
    }
  }

  /// Only the first of a chain: what it starves goes without saying.
  void check_never_executed() {
    const auto reaching = graph::activations(program_);
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) {
      const Node& node = program_.nodes[i];
      const bool can_be_skipped =
          node.kind == NodeKind::regular || node.kind == NodeKind::control || node.kind == NodeKind::dummy;
      if (!can_be_skipped || !analysis_.never_executes[i] || is_starved(node, reaching[i])) continue;
      Report report(code("E0511"), node.range, quoted(node.name) + " executes on no path");
      report.about({graph::family_of(node.name)});
      for (const graph::NodeInput& input : node.inputs) {
        for (EdgeId edge : input.edges) {
          if (!analysis_.edge_can_be_null[edge.index]) continue;
          report.note(draft_.edges[edge.index].source, draft_.edge_text(edge) + " can be null");
        }
      }
      for (const graph::Activation& activation : reaching[i]) {
        const graph::Action& action = program_[activation.control].actions[activation.action];
        report.note(action.range, "it needs " + quoted(program_[activation.control].name + " = " + action.name));
      }
      report.advise("remove it, or give an edge a default value").to(sink_);
    }
  }

  /// An action that differs from the earlier one by nodes that never execute is told of by E0511.
  void check_same_effects() {
    for (const paths::Analysis::SameEffect& effect : analysis_.same_effects) {
      const Node& control = program_[effect.control];
      const graph::Action& action = control.actions[effect.action];
      const graph::Action& earlier = control.actions[effect.earlier];
      const auto never_executes = [&](NodeId target) { return bool(analysis_.never_executes[target.index]); };
      if (std::ranges::any_of(action.targets, never_executes) || std::ranges::any_of(earlier.targets, never_executes))
        continue;
      Report(code("E0512"), action.range,
             quoted(control.name + " = " + action.name) +
                 " changes nothing: whatever else is decided, the same nodes execute as with " +
                 quoted(control.name + " = " + earlier.name))
          .about({graph::family_of(control.name), graph::family_of(action.name), graph::family_of(earlier.name)})
          .note(earlier.range, quoted(control.name + " = " + earlier.name) + " is declared here")
          .advise("leave one of the two actions out, or give them different targets")
          .to(sink_);
    }
  }

  bool is_starved(const Node& node, const std::vector<graph::Activation>& activations) const {
    for (const graph::NodeInput& input : node.inputs) {
      for (EdgeId edge : input.edges) {
        if (analysis_.never_executes[program_[edge].source.index]) return true;
      }
    }
    for (const graph::Activation& activation : activations) {
      if (analysis_.never_executes[activation.control.index]) return true;
    }
    return false;
  }

  const Draft& draft_;
  const graph::Program& program_;
  const paths::Analysis& analysis_;
  diag::Sink& sink_;
};

}  // namespace

paths::Analysis check_paths(const Draft& draft, const paths::Questions& questions, diag::Sink& sink) {
  paths::Analysis analysis = paths::analyse(draft.program, questions);
  // What a program may be does not depend on what else is asked: that alone may have been too hard.
  if (analysis.gave_up.empty()) {
    PathRules(draft, analysis, sink).run();
  } else {
    PathRules(draft, paths::analyse(draft.program, paths::null_values), sink).run();
  }
  return analysis;
}

}  // namespace d2nn::sema
