// A body is an expression over tensors: `->` applies a layer, `+`, `*` and concat(...) combine, `let` names a tensor.
// Where a pipeline begins with a layer, the node's joined input flows in.
#include "sema/elaborate.h"

#include <array>

#include "diag/spelling.h"
#include "sema/arguments.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

using graph::ValueId;
using ops::OpKind;
using Tensor = std::optional<ValueId>;  // nothing after an error, which was reported

struct NamedTensor {
  ValueId value;
  SourceRange range;
  bool is_let = false;
  bool is_read = false;
};

class BodyElaborator {
 public:
  BodyElaborator(Draft& draft, graph::NodeId id, const UnavailableNames& unavailable, diag::Sink& sink)
      : node_(draft.node(id)),
        facts_(draft[id]),
        unavailable_(unavailable),
        sink_(sink),
        constants_(&draft.constants),
        evaluator_(constants_, sink, actions_of(node_)) {}

  void run() {
    const ast::Body& body = facts_.node->body;
    for (std::uint32_t i = 0; i < node_.inputs.size(); ++i) {
      if (node_.inputs[i].name.empty()) continue;
      name_tensor(node_.inputs[i].name, ValueId{i}, facts_.inputs[i].range, false);
    }
    bool is_well = true;
    for (const ast::Let& let : body.lets) {
      const Tensor value = tensor(*let.value);
      if (!value) is_well = false;
      const auto known = tensors_.find(let.name.text);
      if (known != tensors_.end()) {
        Report(code("E0202"), let.name.range, quoted(let.name.text) + " is declared twice in this body")
            .note(known->second.range, "first declared here")
            .to(sink_);
        is_well = false;
      } else if (value) {
        name_tensor(let.name.text, *value, let.name.range, true);
      } else {
        broken_lets_.insert(let.name.text);
      }
    }
    const Tensor result = body.result ? tensor(*body.result) : joined_input(node_.range);
    if (!result || !is_well) return;
    node_.result = *result;
    facts_.has_body = true;
    for (const auto& [name, named] : tensors_) {
      if (!named.is_let || named.is_read) continue;
      Report(code("E0213"), named.range, "nothing reads " + quoted(name))
          .advise("remove it: its layers would be computed, and count, for nothing")
          .to(sink_);
    }
  }

 private:
  static std::optional<std::int64_t> actions_of(const graph::Node& node) {
    if (node.kind != graph::NodeKind::control) return std::nullopt;
    return static_cast<std::int64_t>(node.actions.size());
  }

  void name_tensor(const std::string& name, ValueId value, SourceRange range, bool is_let) {
    tensors_.emplace(name, NamedTensor{value, range, is_let, false});
    constants_.declare(name, {range, std::nullopt, "tensor"});
  }

  Tensor tensor(const ast::Expr& expr) {
    if (const auto* pipe = std::get_if<ast::PipelineExpr>(&expr.value)) return pipeline(*pipe, expr.range);
    if (const auto* call = std::get_if<ast::CallExpr>(&expr.value)) return call_value(*call, expr.range);
    if (const auto* name = std::get_if<ast::NameExpr>(&expr.value)) return name_value(name->name);
    if (const auto* binary = std::get_if<ast::BinaryExpr>(&expr.value)) return combine(*binary, expr.range);
    if (std::holds_alternative<ast::RepeatExpr>(expr.value)) return unavailable_repeat(expr.range);
    Report(code("E0205"), expr.range, "a compile-time value stands where a tensor is needed").to(sink_);
    return std::nullopt;
  }

  Tensor pipeline(const ast::PipelineExpr& pipe, SourceRange range) {
    Tensor flow;
    std::size_t first = 0;
    if (pipe.head) {
      flow = tensor(*pipe.head);
    } else if (const auto* call = std::get_if<ast::CallExpr>(&pipe.stages[0]->value)) {
      flow = call_value(*call, pipe.stages[0]->range);  // a first layer, or concat(...)
      first = 1;
    } else {
      flow = joined_input(range);
    }
    for (std::size_t i = first; i < pipe.stages.size(); ++i) {
      const ast::Expr& stage = *pipe.stages[i];
      if (const auto* call = std::get_if<ast::CallExpr>(&stage.value)) {
        flow = apply_layer(*call, flow, stage.range);
      } else if (std::holds_alternative<ast::RepeatExpr>(stage.value)) {
        flow = unavailable_repeat(stage.range);
      } else {
        Report(code("E0203"), stage.range, "a layer is needed behind `->`").to(sink_);
        flow = std::nullopt;
      }
    }
    return flow;
  }

  /// A call that begins a pipeline: concat(a, b), layer(...)(x), or a layer on the joined input.
  Tensor call_value(const ast::CallExpr& call, SourceRange range) {
    if (is_unavailable(call)) return std::nullopt;
    if (!call.module && call.callee.text == "concat") return concat(call, range);
    if (!is_layer(call)) return std::nullopt;
    if (!call.tensors) return apply_layer(call, joined_input(call.callee.range), range);
    if (call.tensors->size() != 1) {
      Report(code("E0303"), range,
             quoted(call.callee.text) + " takes one tensor, not " + std::to_string(call.tensors->size()))
          .to(sink_);
      return std::nullopt;
    }
    return apply_layer(call, tensor(*call.tensors->front()), range);
  }

  Tensor name_value(const ast::Name& name) {
    const auto found = tensors_.find(name.text);
    if (found != tensors_.end()) {
      found->second.is_read = true;
      return found->second.value;
    }
    if (broken_lets_.contains(name.text)) return std::nullopt;
    if (ops::find_layer(name.text) != nullptr || unavailable_.blocks.contains(name.text)) {
      ast::CallExpr call;
      call.callee = name;
      return call_value(call, name.range);
    }
    if (const NamedValue* other = constants_.find(name.text)) {
      const std::string kind = other->other_kind.empty() ? "compile-time value" : other->other_kind;
      Report(code("E0205"), name.range,
             quoted(name.text) + " is " + with_article(kind) + ", but a tensor of this body is needed")
          .note(other->range, quoted(name.text) + " is declared here")
          .to(sink_);
      return std::nullopt;
    }
    std::vector<std::string_view> candidates;
    for (const auto& [known, named] : tensors_) candidates.push_back(known);
    for (const ops::OpInfo& row : ops::table()) {
      if (row.is_layer) candidates.push_back(row.spelling);
    }
    Report(code("E0201"), name.range, "no tensor or layer is named " + quoted(name.text))
        .did_you_mean(name.range, diag::closest(name.text, candidates))
        .to(sink_);
    return std::nullopt;
  }

  Tensor combine(const ast::BinaryExpr& binary, SourceRange range) {
    if (binary.op != ast::BinaryOp::add && binary.op != ast::BinaryOp::multiply) {
      Report(code("E0205"), binary.op_range, "tensors are combined with `+`, `*` and `concat(a, b)` only").to(sink_);
      return std::nullopt;
    }
    const Tensor left = tensor(*binary.left);
    const Tensor right = tensor(*binary.right);
    if (!left || !right) return std::nullopt;
    const OpKind kind = binary.op == ast::BinaryOp::add ? OpKind::add : OpKind::multiply;
    return append(kind, {}, {*left, *right}, std::nullopt, range, {});
  }

  Tensor concat(const ast::CallExpr& call, SourceRange range) {
    std::vector<ValueId> operands;
    bool is_well = true;
    for (const ast::Argument& argument : call.arguments) {
      if (argument.name) {
        Report(code("E0303"), argument.name->range, "`concat` has no parameter " + quoted(argument.name->text))
            .advise("list its tensors, as in `concat(a, b)`")
            .to(sink_);
        is_well = false;
        continue;
      }
      const Tensor operand = tensor(*argument.value);
      if (operand) operands.push_back(*operand);
      is_well = is_well && operand.has_value();
    }
    if (!is_well) return std::nullopt;
    if (operands.size() < 2) {
      Report(code("E0303"), call.callee.range,
             "`concat` takes two or more tensors, found " + std::to_string(operands.size()))
          .to(sink_);
      return std::nullopt;
    }
    return append(OpKind::concat, {}, std::move(operands), call.label, range, {});
  }

  /// Applies the layer to `input`; its arguments are checked even when there is none.
  Tensor apply_layer(const ast::CallExpr& call, Tensor input, SourceRange range) {
    if (is_unavailable(call) || !is_layer(call)) return std::nullopt;
    const ops::OpInfo& layer = *ops::find_layer(call.callee.text);
    OpFacts facts;
    std::optional<ops::OpAttrs> attrs = bind_arguments(layer, call, evaluator_, facts, sink_);
    if (!attrs || !input) return std::nullopt;
    return append(layer.kind, std::move(*attrs), {*input}, call.label, range, std::move(facts));
  }

  bool is_unavailable(const ast::CallExpr& call) const {
    return call.module ? unavailable_.modules.contains(call.module->text)
                       : unavailable_.blocks.contains(call.callee.text);
  }

  /// False after reporting that the callee is no layer.
  bool is_layer(const ast::CallExpr& call) {
    if (call.module) {
      Report(code("E0201"), call.module->range, "no module is named " + quoted(call.module->text)).to(sink_);
      return false;
    }
    if (ops::find_layer(call.callee.text) != nullptr) return true;
    std::vector<std::string_view> layers;
    for (const ops::OpInfo& row : ops::table()) {
      if (row.is_layer) layers.push_back(row.spelling);
    }
    Report report(code("E0203"), call.callee.range, "no layer is named " + quoted(call.callee.text));
    if (call.callee.text == "concat") {
      report.advise("begin a pipeline with it, as in `concat(a, b) -> relu`");
    } else {
      report.did_you_mean(call.callee.range, diag::closest(call.callee.text, layers));
    }
    report.to(sink_);
    return false;
  }

  Tensor joined_input(SourceRange range) {
    if (node_.inputs[0].name.empty()) return ValueId{0};
    Report(code("E0408"), range, "the inputs of " + quoted(node_.name) + " have names, so none flows in by itself")
        .note(node_.range, quoted(node_.name) + " is declared here")
        .advise("begin with an input, as in `" + node_.inputs[0].name + " -> relu`")
        .to(sink_);
    return std::nullopt;
  }

  Tensor unavailable_repeat(SourceRange range) {
    constexpr std::uint32_t keyword_length = 6;
    Report(code("E0293"), {range.file, range.begin, range.begin + keyword_length}, "`repeat` is not available yet")
        .to(sink_);
    return std::nullopt;
  }

  Tensor append(OpKind kind, ops::OpAttrs attrs, std::vector<ValueId> operands, const std::optional<ast::Label>& label,
                SourceRange range, OpFacts facts) {
    const std::size_t ordinal = ++ordinals_[static_cast<std::size_t>(kind)];
    graph::Op op;
    op.kind = kind;
    op.attrs = std::move(attrs);
    op.operands = std::move(operands);
    op.label = label ? label->text : ops::info(kind).spelling + std::to_string(ordinal);
    op.range = range;
    node_.ops.push_back(std::move(op));
    facts_.ops.push_back(std::move(facts));
    facts_.ops.back().name = label ? label->range : range;
    return ValueId{static_cast<std::uint32_t>(node_.inputs.size() + node_.ops.size() - 1)};
  }

  graph::Node& node_;
  NodeFacts& facts_;
  const UnavailableNames& unavailable_;
  diag::Sink& sink_;
  ConstantScope constants_;
  Evaluator evaluator_;
  std::map<std::string, NamedTensor> tensors_;
  std::set<std::string> broken_lets_;
  std::array<std::size_t, ops::op_count> ordinals_{};
};

}  // namespace

void elaborate_bodies(Draft& draft, const UnavailableNames& unavailable, diag::Sink& sink) {
  for (std::uint32_t i = 0; i < draft.nodes.size(); ++i) {
    const graph::NodeId id{i};
    if (draft[id].node == nullptr || draft[id].is_silenced) continue;
    BodyElaborator(draft, id, unavailable, sink).run();
  }
}

}  // namespace d2nn::sema
