// One call operator per kind of declaration; edges are left to edges.cpp.
#include "sema/declarations.h"

#include "diag/spelling.h"
#include "sema/report.h"
#include "sema/unroll.h"

namespace d2nn::sema {
namespace {

using graph::Join;
using graph::NodeKind;

/// A dummy's value is written out element by element in the compiled module.
constexpr std::int64_t max_dummy_elements = std::int64_t{1} << 24;

class Declarer {
 public:
  Declarer(Draft& draft, diag::Sink& sink) : draft_(draft), sink_(sink) {}

  void declare_parameters(const CheckOptions& options) {
    for (const ast::Parameter& parameter : draft_.network.params) declare(parameter.name, "parameter", std::nullopt);
    draft_.program.settings = evaluate_parameters(draft_.network, options, draft_.constants, sink_);
  }

  void declare_items() {
    for (const Item& item : draft_.items) {
      scope_ = item.scope;
      std::visit(*this, *item.item);
    }
    for (const auto& [name, range] : draft_.empty_families) {
      if (!draft_.names.contains(name)) declare({name, range}, "family", std::nullopt);
    }
  }

  void operator()(const ast::Input& input) {
    graph::Node* node = add(NodeKind::input, input.name, input.doc);
    if (node != nullptr) set_type(*node, input.type);
  }

  void operator()(const ast::Output& output) {
    graph::Node* node = add(NodeKind::output, output.name, output.doc);
    if (node == nullptr) return;
    set_type(*node, output.type);
    node->is_required = output.is_required;
    facts(*node).output = &output;
    add_input(*node, nullptr, output.join ? &*output.join : nullptr);
  }

  void operator()(const ast::Dummy& dummy) {
    graph::Node* node = add(NodeKind::dummy, dummy.name, dummy.doc);
    if (node == nullptr) return;
    const std::optional<TensorLiteral> literal =
        Evaluator(*scope_, sink_).evaluate_tensor(*dummy.value, "the value of `" + node->name + "`");
    if (!set_type(*node, dummy.type) || !literal) {
      facts(*node).has_shape = false;
      return;
    }
    fill(*node, dummy, *literal);
  }

  void operator()(const ast::Node& declaration) {
    const NodeKind kind = declaration.is_control ? NodeKind::control : NodeKind::regular;
    graph::Node* node =
        declaration.index ? add_member(kind, declaration) : add(kind, declaration.name, declaration.doc);
    if (node == nullptr) return;
    facts(*node).node = &declaration;
    if (declaration.inputs.empty()) {
      add_input(*node, nullptr, declaration.join ? &*declaration.join : nullptr);
      return;
    }
    if (declaration.join) {
      Report(code("E0408"), declaration.join->range,
             "the inputs of " + quoted(node->name) + " have names, so each has its own join")
          .advise("write the join behind the input, as in `(" + declaration.inputs[0].name.text + " join " +
                  declaration.join->text + ")`")
          .to(sink_);
    }
    for (const ast::NodeInput& input : declaration.inputs) {
      add_input(*node, &input.name, input.join ? &*input.join : nullptr);
    }
  }

  void operator()(const ast::DataEdges&) {}
  void operator()(const ast::ControlEdges&) {}

  void operator()(const ast::Train&) {}  // train.cpp reads it when all names are known

  void operator()(const std::unique_ptr<ast::For>&) {}  // written out before, as are branches
  void operator()(const std::unique_ptr<ast::If>&) {}

 private:
  bool declare(const ast::Name& name, const std::string& kind, std::optional<graph::NodeId> node) {
    const auto [entry, is_new] = draft_.names.emplace(name.text, Declared{name.range, kind, node});
    if (is_new) return true;
    if (entry->second.range == name.range) {
      Report(code("E0202"), name.range, quoted(name.text) + " is declared anew in every round of its loop")
          .advise(kind == "node" || kind == "control node" ? "give it an index, as in `" + name.text + "[i]`"
                                                           : "declare it outside the loop; only nodes have an index")
          .to(sink_);
      return false;
    }
    entry->second.is_doubled = true;
    Report(code("E0202"), name.range, quoted(name.text) + " is declared twice")
        .note(entry->second.range, "the " + entry->second.kind + " " + quoted(name.text) + " is declared here")
        .to(sink_);
    return false;
  }

  graph::Node* add(NodeKind kind, const ast::Name& name, const std::string& doc) {
    const graph::NodeId id{static_cast<std::uint32_t>(draft_.program.nodes.size())};
    if (!declare(name, kind_text(kind), id)) {
      draft_.has_all_edges = false;  // its edges went to the other one
      return nullptr;
    }
    draft_.constants.declare(name.text, {name.range, std::nullopt, kind_text(kind)});
    return append(kind, name.text, name.range, doc);
  }

  /// A member of a family: "leaf[2]"; the family's name stands for all of them.
  graph::Node* add_member(NodeKind kind, const ast::Node& declaration) {
    const ast::Name& name = declaration.name;
    const auto value = Evaluator(*scope_, sink_).evaluate_as(*declaration.index, ValueType::integer, "an index");
    if (!value || std::get<std::int64_t>(*value) < 0) {
      if (value) {
        Report(code("E0218"), declaration.index->range,
               "the index of " + quoted(name.text) + " is " + to_text(*value) + ", but indices begin at 0")
            .to(sink_);
      }
      draft_.has_all_edges = false;
      draft_.empty_families.emplace(name.text, name.range);
      return nullptr;
    }
    const std::int64_t index = std::get<std::int64_t>(*value);
    const auto known = draft_.names.find(name.text);
    if (known == draft_.names.end()) {
      declare(name, "family", std::nullopt);
      draft_.constants.declare(name.text, {name.range, std::nullopt, "family"});
    } else if (!known->second.is_family() && !declare(name, "family", std::nullopt)) {
      draft_.has_all_edges = false;
      return nullptr;
    }
    Declared& family = draft_.names.at(name.text);
    const graph::NodeId id{static_cast<std::uint32_t>(draft_.program.nodes.size())};
    const auto [member, is_new] = family.members.emplace(index, id);
    const std::string text = name.text + "[" + std::to_string(index) + "]";
    if (!is_new) {
      const SourceRange first = draft_.node(member->second).range;
      Report report(code("E0202"), name.range, quoted(text) + " is declared twice");
      first == name.range ? report.advise("use the variable of the loop in its index")
                          : report.note(first, "first declared here");
      report.to(sink_);
      draft_.has_all_edges = false;
      return nullptr;
    }
    return append(kind, text, name.range, declaration.doc);
  }

  graph::Node* append(NodeKind kind, std::string name, SourceRange range, const std::string& doc) {
    graph::Node node;
    node.kind = kind;
    node.name = std::move(name);
    node.doc = doc;
    node.range = range;
    draft_.program.nodes.push_back(std::move(node));
    draft_.nodes.emplace_back();
    draft_.nodes.back().scope = scope_;
    return &draft_.program.nodes.back();
  }

  NodeFacts& facts(const graph::Node& node) {
    return draft_.nodes[static_cast<std::size_t>(&node - draft_.program.nodes.data())];
  }

  void add_input(graph::Node& node, const ast::Name* name, const ast::Name* join) {
    InputFacts input{Join::none, name != nullptr ? name->range : node.range, false};
    if (name != nullptr) {
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        if (node.inputs[i].name != name->text) continue;
        Report(code("E0202"), name->range, "the input " + quoted(name->text) + " is declared twice")
            .note(facts(node).inputs[i].range, "first declared here")
            .to(sink_);
        return;
      }
    }
    if (join != nullptr) {
      const std::optional<Join> known = find_join(*join);
      input.join = known.value_or(Join::none);
      input.has_wrong_join = !known;
    }
    facts(node).inputs.push_back(input);
    node.inputs.push_back({name != nullptr ? name->text : "", Join::none, {}, {}});
  }

  std::optional<Join> find_join(const ast::Name& name) {
    std::vector<std::string_view> spellings;
    for (Join join : {Join::sum, Join::mean, Join::max, Join::concat, Join::first, Join::last}) {
      if (spelling(join) == name.text) return join;
      spellings.push_back(spelling(join));
    }
    Report(code("E0405"), name.range,
           quoted(name.text) + " is no join; there are `sum`, `mean`, `max`, `concat`, `first` and `last`")
        .did_you_mean(name.range, diag::closest(name.text, spellings))
        .to(sink_);
    return std::nullopt;
  }

  /// Sets shape and has_shape; false after an error.
  bool set_type(graph::Node& node, const ast::TensorType& type) {
    constexpr std::size_t greatest_rank = 8;
    if (type.dims.empty() || type.dims.size() > greatest_rank) {
      Report(code("E0309"), type.range, "a tensor of " + counted(type.dims.size(), "dimension") + ", but it has 1 to 8")
          .to(sink_);
      return false;
    }
    std::vector<std::int64_t> dims;
    for (const ast::ExprPtr& dim : type.dims) {
      const std::optional<Value> value = Evaluator(*scope_, sink_).evaluate_as(*dim, ValueType::integer, "a dimension");
      if (!value) return false;
      dims.push_back(std::get<std::int64_t>(*value));
      if (dims.back() < 1) {
        Report(code("E0309"), dim->range, "the dimension is " + std::to_string(dims.back()) + ", but it is at least 1")
            .to(sink_);
        return false;
      }
    }
    if (!ops::checked_elements(dims)) {
      Report(code("E0308"), type.range,
             ops::Shape(dims).to_string() + " has more than " + std::to_string(ops::max_elements) + " elements")
          .to(sink_);
      return false;
    }
    node.shape = ops::Shape(std::move(dims));
    facts(node).has_shape = true;
    return true;
  }

  void fill(graph::Node& node, const ast::Dummy& dummy, const TensorLiteral& literal) {
    facts(node).has_shape = false;
    const std::int64_t elements = node.shape.elements();
    if (elements > max_dummy_elements) {
      Report(code("E0308"), dummy.type.range,
             "the dummy " + quoted(node.name) + " has " + std::to_string(elements) + " elements, more than " +
                 std::to_string(max_dummy_elements))
          .to(sink_);
      return;
    }
    if (!literal.dims.empty() && literal.dims != node.shape.dims) {
      Report(code("E0307"), dummy.value->range,
             "the value of " + quoted(node.name) + " is " + ops::Shape(literal.dims).to_string() + ", its type " +
                 node.shape.to_string())
          .note(dummy.type.range, "the type is given here")
          .to(sink_);
      return;
    }
    node.dummy_value = literal.values;
    if (literal.dims.empty()) node.dummy_value.assign(static_cast<std::size_t>(elements), literal.values[0]);
    facts(node).has_shape = true;
  }

  Draft& draft_;
  diag::Sink& sink_;
  const ConstantScope* scope_ = nullptr;  // of the item at hand
};

}  // namespace

std::string kind_text(NodeKind kind) {
  return kind == NodeKind::control ? "control node" : std::string(graph::spelling(kind));
}

void declare_names(Draft& draft, const CheckOptions& options, diag::Sink& sink) {
  draft.program.name = draft.network.name.text;
  draft.program.doc = draft.network.doc;
  Declarer declarer(draft, sink);
  declarer.declare_parameters(options);
  unroll_loops(draft, sink);
  declarer.declare_items();
}

}  // namespace d2nn::sema
