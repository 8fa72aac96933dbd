// Sets up the scope of each body and lets body.h do the rest; checks the text of blocks by the same code, with tensors
// and parameters that have no value, so that whatever depends on them stays silent.
#include "sema/elaborate.h"

#include "sema/arguments.h"
#include "sema/body.h"
#include "sema/order.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

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
    declare_parameters(scope);
    declare_tensors(scope);
    graph::Node node;
    NodeFacts facts;
    BodyLimits limits;
    BodyElaborator(node, facts, limits, sink_, &text).body(block_.body, scope, true);
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

  void declare_tensors(BodyScope& scope) {
    if (block_.tensors.empty()) scope.flow = Tensor{};
    for (const ast::Name& name : block_.tensors) {
      if (!declare(name)) continue;
      if (scope.first_input.empty()) scope.first_input = name.text;
      scope.tensors.emplace(name.text, NamedTensor{std::nullopt, name.range, false, false});
      scope.constants.declare(name.text, {name.range, std::nullopt, "tensor"});
    }
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

/// Fills the ops and the result of one node.
class NodeBody {
 public:
  NodeBody(Draft& draft, graph::NodeId id) : node_(draft.node(id)), facts_(draft[id]) {}

  void run(const Module& module, BodyLimits& limits, diag::Sink& sink) {
    BodyScope scope(facts_.scope);
    scope.module = &module;
    scope.owner = node_.name;
    scope.flow_owner = node_.range;
    if (node_.kind == graph::NodeKind::control) scope.actions = static_cast<std::int64_t>(node_.actions.size());
    for (std::uint32_t i = 0; i < node_.inputs.size(); ++i) {
      const std::string& name = node_.inputs[i].name;
      const Tensor value = graph::ValueId{i};
      if (name.empty()) {
        scope.flow = value;
        continue;
      }
      if (i == 0) scope.first_input = name;
      scope.tensors.emplace(name, NamedTensor{value, facts_.inputs[i].range, false, false});
      scope.constants.declare(name, {facts_.inputs[i].range, std::nullopt, "tensor"});
    }
    const Tensor result = BodyElaborator(node_, facts_, limits, sink, nullptr).body(facts_.node->body, scope, true);
    if (!result) return;
    node_.result = *result;
    facts_.has_body = true;
  }

 private:
  graph::Node& node_;
  NodeFacts& facts_;
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

void elaborate_bodies(Draft& draft, const Module& module, diag::Sink& sink) {
  BodyLimits limits;
  for (std::uint32_t i = 0; i < draft.nodes.size(); ++i) {
    const graph::NodeId id{i};
    if (draft[id].node == nullptr || draft[id].is_silenced) continue;
    NodeBody(draft, id).run(module, limits, sink);
  }
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
