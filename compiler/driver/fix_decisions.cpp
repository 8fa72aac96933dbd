#include "driver/fix_decisions.h"

#include "diag/catalogue.h"
#include "diag/spelling.h"

namespace d2nn::driver {

namespace {

void report(Checked& checked, const diag::DiagnosticCode* code, std::string message, const std::string& wrong,
            const std::vector<std::string_view>& candidates) {
  diag::Diagnostic diagnostic{.code = code, .message = std::move(message), .range = {source::no_file, 0, 0}};
  const std::string_view nearest = diag::closest(wrong, candidates);
  if (!nearest.empty()) diagnostic.fixes.push_back({.message = "did you mean `" + std::string(nearest) + "`?"});
  checked.sink.report(std::move(diagnostic));
}

std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "`" : ", `") + std::string(name) + "`";
  return text;
}

void fix(Checked& checked, const std::string& control, const std::string& action) {
  const std::string option = "`--fix " + control + "=" + action + "`: ";
  std::vector<std::string_view> controls;
  bool is_found = false;
  for (graph::Program& program : checked.programs) {
    for (graph::Node& node : program.nodes) {
      if (node.kind != graph::NodeKind::control) continue;
      controls.push_back(node.name);
      if (node.name != control) continue;
      is_found = true;
      std::vector<std::string_view> actions;
      for (std::uint32_t i = 0; i < node.actions.size(); ++i) {
        actions.push_back(node.actions[i].name);
        if (node.actions[i].name == action) node.fixed_action = i;
      }
      if (node.fixed_action) continue;
      report(checked, diag::code("E0522"),
             option + "control node `" + control + "` has no action `" + action + "`, it has " + listed(actions),
             action, actions);
      return;
    }
  }
  if (is_found) return;
  const std::string has = controls.empty() ? "the program has none" : "the program has " + listed(controls);
  report(checked, diag::code("E0521"), option + "no control node is named `" + control + "`; " + has, control,
         controls);
}

}  // namespace

bool fix_decisions(Checked& checked, const std::vector<std::pair<std::string, std::string>>& decisions) {
  if (!decisions.empty()) checked.analyses.clear();  // they are those of another program now
  for (const auto& [control, action] : decisions) fix(checked, control, action);
  return !checked.sink.has_errors();
}

}  // namespace d2nn::driver
