#include "driver/hints.h"

#include "diag/catalogue.h"
#include "graph/print.h"
#include "paths/uses.h"

namespace d2nn::driver {

namespace {

constexpr std::size_t most_hints = 20;

std::string action_list(const graph::Node& control, const std::vector<std::uint32_t>& actions) {
  std::string text;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == actions.size() ? " or " : ", ") + control.actions[actions[i]].name;
  }
  return text;
}

diag::Diagnostic hint(const graph::Program& program, const paths::UnusedWork& work) {
  const graph::Node& node = program[work.node];
  const graph::Node& control = program[work.control];
  diag::Diagnostic made{.code = diag::code("E0520"), .range = node.range};
  std::string edges;
  for (const std::uint32_t action : work.needed) {
    edges += (edges.empty() ? "" : ", ") + control.actions[action].name + ": " + node.name;
  }
  made.message = "`" + node.name + "` is not needed where " + control.name + " = " +
                 action_list(control, work.unneeded) + "; the control edge" + (work.needed.size() > 1 ? "s" : "") +
                 " `" + control.name + " ~> " + edges + "` would save " + (work.saves_more ? "at least " : "") +
                 graph::grouped(work.saved) + " multiplications there";
  made.subject = graph::family_of(node.name) + " " + graph::family_of(control.name) + " " +
                 action_list(control, work.unneeded) + " " + graph::grouped(work.saved);
  made.notes.push_back({control.range, "`" + control.name + "` decides here"});
  made.fixes.push_back({.message = "let " + action_list(control, work.needed) + " of `" + control.name +
                                   "` activate `" + node.name + "`"});
  return made;
}

}  // namespace

void hint_unused_work(Checked& checked) {
  for (const graph::Program& program : checked.programs) {
    for (const paths::UnusedWork& work : paths::find_unused_work(program, most_hints)) {
      checked.sink.report(hint(program, work));
    }
  }
}

}  // namespace d2nn::driver
