// Sets up the scope of each body and lets body.h do the rest, sources before targets, so that the shapes of a node's
// inputs are known when its body is read. Checks the text of blocks by the same code, with tensors and parameters that
// have no value, so that whatever depends on them stays silent.
#include "sema/elaborate.h"

#include <algorithm>

#include "sema/arguments.h"
#include "sema/body.h"
#include "sema/body_shapes.h"
#include "sema/order.h"
#include "sema/report.h"
#include "sema/shapes.h"

namespace d2nn::sema {
namespace {

using graph::NodeId;
using graph::NodeKind;

/// Names of a block's parameters and tensors, each once, and values of defaults.
class BlockChecker {
 public:
  BlockChecker(DeclaredBlock& declared, diag::Sink& sink) : declared_(declared), block_(*declared.block), sink_(sink) {}

  void run(TextCheck& text) {
    const std::size_t errors_before = sink_.errors_reported();
    BodyScope scope(&declared_.module->constants);
    scope.module = declared_.module;
    scope.owner = block_.name.text;
    scope.flow_owner = block_.name.range;
    declare_tensors(scope);
    declare_parameters(scope);
    check_tensors();
    graph::Node node;
    NodeFacts facts;
    BodyLimits limits;
    BodyElaborator(node, facts, limits, sink_, nullptr, &text).body(block_.body, scope, true);
    declared_.is_broken = sink_.errors_reported() > errors_before;
  }

 private:
  bool declare(const ast::Name& name) {
    const auto [first, is_new] = names_.emplace(name.text, name.range);
    if (is_new) return true;
    Report(code("E0202"), name.range, quoted(name.text) + " is declared twice")
        .note(first->second, "first declared here")
        .to(sink_);
    return false;
  }

  void declare_parameters(BodyScope& scope) {
    for (const ast::Parameter& parameter : block_.params) {
      const bool is_new = declare(parameter.name);
      const auto type = parameter_type(parameter, sink_);
      if (parameter.fallback && type) {
        Evaluator(scope.constants, sink_)
            .evaluate_as(*parameter.fallback, *type, "parameter " + quoted(parameter.name.text));
      }
      if (is_new) scope.constants.declare(parameter.name.text, {parameter.name.range, std::nullopt, {}});
    }
  }

  /// Before the parameters, whose defaults may ask for sizes.
  void declare_tensors(BodyScope& scope) {
    if (block_.tensors.empty()) scope.flow = Tensor{};
    for (const ast::Name& name : block_.tensors) {
      const bool is_parameter = std::ranges::any_of(
          block_.params, [&](const ast::Parameter& parameter) { return parameter.name.text == name.text; });
      if (is_parameter) continue;
      if (scope.first_input.empty()) scope.first_input = name.text;
      scope.declare_tensor(name.text, {std::nullopt, name.range, false, false}, nullptr);
    }
  }

  void check_tensors() {
    for (const ast::Name& name : block_.tensors) declare(name);
  }

  DeclaredBlock& declared_;
  const ast::Block& block_;
  diag::Sink& sink_;
  std::map<std::string, SourceRange> names_;
};

/// Blocks that contain themselves; imports form no circle, so the blocks of one file at a time will do.
void check_recursion(const std::vector<DeclaredBlock*>& blocks, const std::vector<TextCheck>& texts, diag::Sink& sink) {
  std::map<const ast::Block*, std::uint32_t> index;
  for (std::uint32_t i = 0; i < blocks.size(); ++i) index.emplace(blocks[i]->block, i);
  std::vector<std::vector<std::uint32_t>> users(blocks.size());
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    for (const ast::Block* called : texts[i].calls) {
      const auto found = index.find(called);
      if (found != index.end()) users[found->second].push_back(i);
    }
  }
  const Order order = topological_order(users);
  std::vector<bool> ends(blocks.size(), false);
  for (std::uint32_t i : order.sorted) ends[i] = true;
  for (std::uint32_t i = 0; i < blocks.size(); ++i) blocks[i]->is_broken = blocks[i]->is_broken || !ends[i];
  for (const std::vector<std::uint32_t>& cycle : order.cycles) {
    const ast::Block& first = *blocks[cycle.front()]->block;
    Report report(code("E0216"), first.name.range, "the block " + quoted(first.name.text) + " contains itself");
    for (std::size_t i = cycle.size(); i-- > 1;) {
      const ast::Name& name = blocks[cycle[i]]->block->name;
      report.note(name.range, "by way of " + quoted(name.text));
    }
    report.advise("a network has a fixed depth: write `repeat` for several in a row").to(sink);
  }
}

/// Elaborates the bodies of a network. What is wrong is told in one order whatever order the nodes have: of the texts
/// of all bodies as declared, then of the shapes along the edges.
class NetworkElaborator {
 public:
  NetworkElaborator(Draft& draft, const Module& module)
      : draft_(draft), module_(module), text_mistakes_(draft.nodes.size()) {}

  void run(diag::Sink& sink) {
    std::vector<bool> is_done(draft_.nodes.size());
    for (const NodeId id : draft_.program.topological_order) {
      is_done[id.index] = true;
      const NodeKind kind = draft_.node(id).kind;
      if (kind == NodeKind::input || kind == NodeKind::dummy) continue;
      const bool has_inputs = join_inputs(draft_, id, shape_mistakes_);
      if (kind != NodeKind::output) {
        elaborate(id, has_inputs);
      } else if (has_inputs && draft_[id].has_shape) {
        check_output(draft_, id, shape_mistakes_);
      }
    }
    for (std::uint32_t i = 0; i < draft_.nodes.size(); ++i) {  // on cycles and behind them
      if (!is_done[i]) elaborate(NodeId{i}, false);
    }
    for (const diag::Sink& mistakes : text_mistakes_) tell(mistakes, sink);
    tell(shape_mistakes_, sink);
  }

 private:
  static void tell(const diag::Sink& mistakes, diag::Sink& sink) {
    for (const diag::Diagnostic& diagnostic : mistakes.all()) sink.report(diagnostic);
  }

  void elaborate(NodeId id, bool has_inputs) {
    NodeFacts& facts = draft_[id];
    if (facts.node == nullptr || facts.is_silenced) return;
    graph::Node& node = draft_.node(id);
    diag::Sink& text_mistakes = text_mistakes_[id.index];
    BodyShapes shapes(draft_, id, has_inputs);
    BodyScope scope(facts.scope);
    declare_inputs(node, facts, shapes, scope);
    const Tensor result =
        BodyElaborator(node, facts, limits_, text_mistakes, &shapes, nullptr).body(facts.node->body, scope, true);
    if (!result) node.cost = 0;
    // A body without a result has a mistake of its own, and its shapes stay silent, unless they are what it lacks.
    const bool speaks_of_shapes = result || (shapes.is_missed && !text_mistakes.has_errors());
    auto mistake = shapes.take_mistake();
    if (mistake && speaks_of_shapes) shape_mistakes_.report(std::move(*mistake));
    if (!result) return;
    node.result = *result;
    if (!shapes.is_known()) return;
    node.shape = value_shape(node, node.result);
    facts.has_shape = node.kind != NodeKind::control || check_scores(node, facts);
  }

  void declare_inputs(const graph::Node& node, const NodeFacts& facts, const BodyShapes& shapes, BodyScope& scope) {
    scope.module = &module_;
    scope.owner = node.name;
    scope.flow_owner = node.range;
    if (node.kind == NodeKind::control) scope.actions = static_cast<std::int64_t>(node.actions.size());
    for (std::uint32_t i = 0; i < node.inputs.size(); ++i) {
      const std::string& name = node.inputs[i].name;
      const Tensor value = graph::ValueId{i};
      if (name.empty()) {
        scope.flow = value;
        continue;
      }
      if (i == 0) scope.first_input = name;
      scope.declare_tensor(name, {value, facts.inputs[i].range, false, false}, shapes.find(*value));
    }
  }

  bool check_scores(const graph::Node& node, const NodeFacts& facts) {
    const auto actions = static_cast<std::int64_t>(node.actions.size());
    if (node.shape.elements() == actions || facts.has_action_errors) return true;
    const bool is_op = node.result.index >= node.inputs.size();
    const std::size_t op = node.result.index - node.inputs.size();
    Report report(code("E0505"), is_op ? node.ops[op].range : node.range,
                  quoted(node.name) + " gives " + counted(static_cast<std::size_t>(node.shape.elements()), "score") +
                      ", but has " + counted(node.actions.size(), "action"));
    report.note(facts.control_edges, "its actions are declared here").advise("end the body with `dense(actions)`");
    diag::Diagnostic diagnostic = report.take();
    if (is_op) place_at_use(diagnostic, facts.block_uses, facts.ops[op].use);
    shape_mistakes_.report(std::move(diagnostic));
    return false;
  }

  Draft& draft_;
  const Module& module_;
  BodyLimits limits_;
  std::vector<diag::Sink> text_mistakes_;  // by node
  diag::Sink shape_mistakes_;
};

}  // namespace

void check_blocks(Modules& modules, diag::Sink& sink) {
  for (const std::unique_ptr<Module>& module : modules.all) {
    std::vector<DeclaredBlock*> blocks;
    for (auto& [name, block] : module->blocks) blocks.push_back(&block);
    std::vector<TextCheck> texts(blocks.size());
    for (std::size_t i = 0; i < blocks.size(); ++i) BlockChecker(*blocks[i], sink).run(texts[i]);
    check_recursion(blocks, texts, sink);
  }
}

void elaborate_nodes(Draft& draft, const Module& module, diag::Sink& sink) {
  NetworkElaborator(draft, module).run(sink);
}

void place_at_use(diag::Diagnostic& diagnostic, const std::vector<BlockUse>& uses, std::int32_t use) {
  for (; use != BlockUse::no_use; use = uses[static_cast<std::size_t>(use)].outer) {
    const BlockUse& place = uses[static_cast<std::size_t>(use)];
    diagnostic.notes.insert(diagnostic.notes.begin(), {diagnostic.range, "here in the block " + quoted(place.block)});
    diagnostic.range = place.range;
    diagnostic.label.clear();
    for (diag::Fix& fix : diagnostic.fixes) fix.is_applicable = false;
  }
}

}  // namespace d2nn::sema
