// Where a pipeline begins with a layer or block, the body's joined input flows in.
#include "sema/body.h"

#include "diag/spelling.h"
#include "sema/arguments.h"
#include "sema/report.h"

namespace d2nn::sema {

using graph::ValueId;

std::string join_steps(const std::string& left, const std::string& right) {
  if (right == "_" || right.empty()) return left;
  return left.empty() ? right : left + "." + right;
}

bool BodyScope::declare_tensor(const std::string& name, const NamedTensor& tensor, const ops::Shape* shape) {
  if (!tensors.emplace(name, tensor).second) return false;
  NamedValue value{tensor.range, std::nullopt, "tensor", std::nullopt};
  if (shape != nullptr) value.dims = shape->dims;
  constants.declare(name, std::move(value));
  return true;
}

Tensor BodyElaborator::body(const ast::Body& body, BodyScope& scope, bool is_written) {
  BodyScope* const around = std::exchange(scope_, &scope);
  const std::size_t errors_before = sink_->errors_reported();
  bool is_well = true;
  for (const ast::Let& let : body.lets) {
    if (let.names.size() > 1) {
      is_well = declare_parts(let, scope, is_written) && is_well;
      continue;
    }
    const Tensor value = tensor(*let.value);
    is_well = declare_let(let.names.front(), value, scope, is_written) && value && is_well;
  }
  const bool lacks_result = !body.result && !body.lets.empty();  // without both it hands on its input
  if (lacks_result && is_written) {
    const SourceRange brace{body.range.file, body.range.end - 1, body.range.end};
    Report(code("E0219"), brace, "the body has no result")
        .advise("say what it gives, as in `return " + body.lets.back().names.front().text + ";`")
        .to(*sink_);
  }
  const Tensor result = body.result ? tensor(*body.result) : lacks_result ? std::nullopt : joined_input(body.range);
  if (is_written && sink_->errors_reported() == errors_before) check_unread(scope);
  scope_ = around;
  return is_well ? result : std::nullopt;
}

bool BodyElaborator::declare_let(const ast::Name& name, Tensor value, BodyScope& scope, bool is_written) {
  const bool is_new = scope.declare_tensor(name.text, {value, name.range, true, false}, shape_of(value));
  if (!is_new && is_written) {
    Report(code("E0202"), name.range, quoted(name.text) + " is declared twice in this body")
        .note(scope.tensors.at(name.text).range, "first declared here")
        .to(*sink_);
  }
  return is_new;
}

void BodyElaborator::check_unread(const BodyScope& scope) {
  for (const auto& [name, named] : scope.tensors) {
    if (!named.is_let || named.is_read) continue;
    Report(code("E0213"), named.range, "nothing reads " + quoted(name))
        .advise("remove it: its layers would be computed, and count, for nothing")
        .to(*sink_);
  }
}

Tensor BodyElaborator::tensor(const ast::Expr& expr) {
  if (const auto* pipe = std::get_if<ast::PipelineExpr>(&expr.value))
    return pipeline(*pipe, expr.range, pipe->stages.size());
  if (const auto* call = std::get_if<ast::CallExpr>(&expr.value)) return call_value(*call, expr.range);
  if (const auto* name = std::get_if<ast::NameExpr>(&expr.value)) return name_value(name->name);
  if (is_value(expr)) {
    Report(code("E0205"), expr.range, "a compile-time value stands where a tensor is needed").to(*sink_);
    return std::nullopt;
  }
  if (const auto* binary = std::get_if<ast::BinaryExpr>(&expr.value)) return combine(*binary, expr.range);
  if (const auto* unary = std::get_if<ast::UnaryExpr>(&expr.value)) return negate(*unary, expr.range);
  if (const auto* repeat = std::get_if<ast::RepeatExpr>(&expr.value)) {
    return apply_repeat(*repeat, joined_input(expr.range), expr.range);
  }
  return apply_if(std::get<ast::IfExpr>(expr.value), std::nullopt, expr.range);
}

Tensor BodyElaborator::pipeline(const ast::PipelineExpr& pipe, SourceRange range, std::size_t stages) {
  Tensor flow;
  std::size_t first = 0;
  if (pipe.head) {
    flow = is_flow_of_value(*pipe.head) ? std::nullopt : tensor(*pipe.head);
  } else if (const auto* call = std::get_if<ast::CallExpr>(&pipe.stages[0]->value)) {
    flow = call_value(*call, pipe.stages[0]->range);  // a first layer or block, or concat(...)
    first = 1;
  } else if (const auto* choice = std::get_if<ast::IfExpr>(&pipe.stages[0]->value)) {
    flow = apply_if(*choice, std::nullopt, pipe.stages[0]->range);
    first = 1;
  } else {
    flow = joined_input(range);
  }
  for (std::size_t i = first; i < stages; ++i) {
    const ast::Expr& stage = *pipe.stages[i];
    if (const auto* call = std::get_if<ast::CallExpr>(&stage.value)) {
      flow = apply_stage(*call, flow, stage.range);
    } else if (const auto* repeat = std::get_if<ast::RepeatExpr>(&stage.value)) {
      flow = apply_repeat(*repeat, flow, stage.range);
    } else if (const auto* choice = std::get_if<ast::IfExpr>(&stage.value)) {
      flow = apply_if(*choice, flow, stage.range);
    } else {
      Report(code("E0203"), stage.range, "a layer is needed behind `->`").to(*sink_);
      flow = std::nullopt;
    }
  }
  return flow;
}

NamedTensor* BodyElaborator::find_tensor(const std::string& name) {
  for (BodyScope* scope = scope_; scope != nullptr; scope = scope->outer) {
    const auto found = scope->tensors.find(name);
    if (found != scope->tensors.end()) return &found->second;
  }
  return nullptr;
}

Tensor BodyElaborator::name_value(const ast::Name& name) {
  if (NamedTensor* named = find_tensor(name.text)) {
    named->is_read = true;
    return named->value;
  }
  if (ops::find_layer(name.text) != nullptr || scope_->module->blocks.contains(name.text)) {
    ast::CallExpr call;
    call.callee = name;
    return call_value(call, name.range);
  }
  if (const NamedValue* other = scope_->constants.find(name.text)) {
    const std::string kind = other->other_kind.empty() ? "compile-time value" : other->other_kind;
    Report(code("E0205"), name.range,
           quoted(name.text) + " is " + with_article(kind) + ", but a tensor of this body is needed")
        .note(other->range, quoted(name.text) + " is declared here")
        .to(*sink_);
    return std::nullopt;
  }
  if (ops::find_called_layer(name.text) != nullptr) {
    ast::CallExpr call;
    call.callee = name;
    return call_value(call, name.range);
  }
  std::vector<std::string_view> candidates;
  for (const BodyScope* scope = scope_; scope != nullptr; scope = scope->outer) {
    for (const auto& [known, named] : scope->tensors) candidates.push_back(known);
  }
  for (const ops::Layer* layer : ops::layers()) {
    if (layer->is_in_pipelines) candidates.push_back(layer->name);
  }
  for (const auto& [known, block] : scope_->module->blocks) candidates.push_back(known);
  Report(code("E0201"), name.range, "no tensor, layer or block is named " + quoted(name.text))
      .did_you_mean(name.range, diag::closest(name.text, candidates))
      .to(*sink_);
  return std::nullopt;
}

Tensor BodyElaborator::concat(const ast::CallExpr& call, SourceRange range) {
  std::vector<ValueId> operands;
  bool is_well = true;
  for (const ast::Argument& argument : call.arguments) {
    if (argument.name) {
      Report(code("E0303"), argument.name->range, "`concat` has no parameter " + quoted(argument.name->text))
          .advise("list its tensors, as in `concat(a, b)`")
          .to(*sink_);
      is_well = false;
      continue;
    }
    const Tensor operand = tensor(*argument.value);
    if (operand) operands.push_back(*operand);
    is_well = is_well && operand.has_value();
  }
  if (call.arguments.size() < 2) {
    Report(code("E0303"), call.callee.range,
           "`concat` takes two or more tensors, found " + std::to_string(call.arguments.size()))
        .to(*sink_);
    return std::nullopt;
  }
  if (!is_well) return std::nullopt;
  return append(ops::layer("concat"), {}, std::move(operands), call.label, range, {});
}

/// The arguments are checked even when there is no input.
Tensor BodyElaborator::apply_layer(const ops::Layer& layer, const ast::CallExpr& call,
                                   const std::vector<Tensor>& inputs, SourceRange range) {
  OpFacts facts;
  std::optional<ops::Arguments> arguments = bind_arguments(layer, call, evaluator(), facts, *sink_);
  std::vector<ValueId> operands;
  for (const Tensor& input : inputs) {
    if (!input) return std::nullopt;
    operands.push_back(*input);
  }
  if (!arguments) return std::nullopt;
  return append(layer, std::move(*arguments), std::move(operands), call.label, range, std::move(facts));
}

Tensor BodyElaborator::joined_input(SourceRange range) {
  if (scope_->flow) return *scope_->flow;
  Report(code("E0408"), range, "the inputs of " + quoted(scope_->owner) + " have names, so none flows in by itself")
      .about({graph::family_of(scope_->owner)})
      .note(scope_->flow_owner, quoted(scope_->owner) + " is declared here")
      .advise("begin with an input, as in `" + scope_->first_input + " -> relu`")
      .to(*sink_);
  return std::nullopt;
}

const ops::Shape* BodyElaborator::shape_of(const Tensor& tensor) const {
  return tensor && shapes_ != nullptr ? shapes_->find(*tensor) : nullptr;
}

Evaluator BodyElaborator::evaluator() const {
  return {scope_->constants, *sink_, scope_->actions, shapes_ != nullptr ? &shapes_->is_missed : nullptr};
}

Tensor BodyElaborator::append(const ops::Layer& layer, ops::Arguments arguments, std::vector<ValueId> operands,
                              const std::optional<ast::Label>& label, SourceRange range, OpFacts facts) {
  const std::size_t ordinal = ++scope_->layer_ordinals[layer.name];
  if (!grow(limits_.layers, "layers", range)) return std::nullopt;
  graph::Op op;
  op.layer = &layer;
  op.arguments = std::move(arguments);
  op.operands = std::move(operands);
  op.label = join_steps(scope_->steps, label ? label->text : layer.name + std::to_string(ordinal));
  op.range = range;
  node_.ops.push_back(std::move(op));
  facts_.ops.push_back(std::move(facts));
  facts_.ops.back().name = label ? label->range : range;
  facts_.ops.back().use = scope_->use;
  if (shapes_ != nullptr) shapes_->infer_last_op();
  return ValueId{static_cast<std::uint32_t>(node_.inputs.size() + node_.ops.size() - 1)};
}

}  // namespace d2nn::sema
