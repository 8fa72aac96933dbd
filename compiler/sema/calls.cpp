// Calls in bodies: which layer or block is meant, and what a block or a repetition brings in. Every use of a block
// elaborates its body anew, with the values of its parameters at hand; nothing of a block is left in the graph but
// steps of labels.
#include <limits>
#include <utility>

#include "diag/spelling.h"
#include "sema/arguments.h"
#include "sema/body.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

/// Layers of a network, and uses of blocks and rounds of `repeat` in it: a short text could ask for more than memory
/// holds.
constexpr std::size_t max_growth = std::size_t{1} << 18;
/// Blocks in one another; elaboration recurses.
constexpr std::size_t max_depth = 200;

}  // namespace

BodyElaborator::Callee BodyElaborator::find_callee(const ast::CallExpr& call) {
  if (call.module) return find_member(call);
  const auto& blocks = scope_->module->blocks;
  if (const auto block = blocks.find(call.callee.text); block != blocks.end()) return {nullptr, &block->second, false};
  if (call.callee.text == "concat") return {nullptr, nullptr, true};
  if (const ops::Layer* layer = ops::find_called_layer(call.callee.text)) return {layer, nullptr, false};
  if (is_chunk(call)) {
    Report(code("E0303"), call.callee.range, "`chunk` gives several tensors: it ends a `let` with as many names")
        .advise("write it as in `let a, b = x -> chunk(2);`")
        .to(*sink_);
    return {};
  }
  if (is_size_query(call) && !call.arguments.empty() &&
      std::holds_alternative<ast::NameExpr>(call.arguments[0].value->value)) {
    Report(code("E0205"), call.callee.range,
           quoted(call.callee.text) + " gives a compile-time value, but a tensor is needed")
        .advise("write it where it is needed, as in `dense(" + call.callee.text + "(x))`")
        .to(*sink_);
    return {};
  }
  report_unknown_callee(call);
  return {};
}

/// "heads.exit(10)".
BodyElaborator::Callee BodyElaborator::find_member(const ast::CallExpr& call) {
  const auto& imports = scope_->module->imports;
  const auto module = imports.find(call.module->text);
  if (module == imports.end()) {
    std::vector<std::string_view> names;
    for (const auto& [name, imported] : imports) names.push_back(name);
    const std::string_view nearest = diag::closest(call.module->text, names);
    Report report(code("E0201"), call.module->range, "no module is named " + quoted(call.module->text));
    nearest.empty() ? report.advise("import it, as in `import std.vision;` or `import \"file.d2nn\" as name;`")
                    : report.did_you_mean(call.module->range, nearest);
    report.to(*sink_);
    return {};
  }
  if (module->second == nullptr) return {};  // could not be imported, which was reported
  const auto& blocks = module->second->blocks;
  if (const auto block = blocks.find(call.callee.text); block != blocks.end()) return {nullptr, &block->second, false};
  std::vector<std::string_view> names;
  for (const auto& [name, block] : blocks) names.push_back(name);
  Report(code("E0203"), call.callee.range,
         "the module " + quoted(call.module->text) + " has no block " + quoted(call.callee.text))
      .did_you_mean(call.callee.range, diag::closest(call.callee.text, names))
      .to(*sink_);
  return {};
}

void BodyElaborator::report_unknown_callee(const ast::CallExpr& call) {
  std::vector<std::string_view> names;
  for (const ops::Layer* layer : ops::layers()) {
    if (layer->is_in_pipelines || layer->called_with != 1) names.push_back(layer->name);
  }
  for (const auto& [name, block] : scope_->module->blocks) names.push_back(name);
  Report report(code("E0203"), call.callee.range, "no layer or block is named " + quoted(call.callee.text));
  if (find_tensor(call.callee.text) != nullptr) {
    report.advise(quoted(call.callee.text) + " is a tensor: a pipeline may begin with it, but not go through it");
  } else {
    report.did_you_mean(call.callee.range, diag::closest(call.callee.text, names));
  }
  report.to(*sink_);
}

Tensor BodyElaborator::call_value(const ast::CallExpr& call, SourceRange range) {
  const Callee callee = find_callee(call);
  if (callee.is_concat) return concat(call, range);
  if (callee.layer == nullptr && callee.block == nullptr) return std::nullopt;
  if (callee.layer != nullptr && callee.layer->called_with == 0) return own_value(*callee.layer, call, range);
  if (!call.tensors) {
    if (callee.block != nullptr && !takes(*callee.block, 1, call)) return std::nullopt;
    return apply_stage(call, joined_input(call.callee.range), range);
  }
  std::vector<Tensor> tensors;
  for (const ast::ExprPtr& expr : *call.tensors) tensors.push_back(tensor(*expr));
  if (callee.block != nullptr) {
    if (!takes(*callee.block, tensors.size(), call)) return std::nullopt;
    return apply_block(*callee.block, call, std::move(tensors), range);
  }
  const std::size_t wanted = callee.layer->called_with;
  if (tensors.size() != wanted) {
    Report(code("E0303"), range,
           quoted(call.callee.text) + " takes " + (wanted == 1 ? "one tensor" : counted(wanted, "tensor")) + ", not " +
               std::to_string(tensors.size()))
        .to(*sink_);
    return std::nullopt;
  }
  return apply_layer(*callee.layer, call, tensors, range);
}

Tensor BodyElaborator::own_value(const ops::Layer& layer, const ast::CallExpr& call, SourceRange range) {
  if (call.tensors) {
    for (const ast::ExprPtr& expr : *call.tensors) tensor(*expr);
    Report(code("E0303"), range, quoted(call.callee.text) + " takes no tensor, but is given some in parentheses")
        .advise("combine them, as in `x + " + call.callee.text + "(...)`")
        .to(*sink_);
    return std::nullopt;
  }
  const Tensor value = apply_layer(layer, call, {}, range);
  return text_check_ == nullptr ? value : std::nullopt;
}

Tensor BodyElaborator::apply_stage(const ast::CallExpr& call, Tensor input, SourceRange range) {
  const Callee callee = find_callee(call);
  if (callee.is_concat) {
    Report(code("E0203"), call.callee.range, "`concat` takes its tensors in parentheses, not what flows in")
        .advise("begin a pipeline with it, as in `concat(a, b) -> relu`")
        .to(*sink_);
    return std::nullopt;
  }
  if (callee.layer == nullptr && callee.block == nullptr) return std::nullopt;
  if (call.tensors) {
    Report(code("E0303"), range,
           "what flows in and tensors in parentheses are both given to " + quoted(call.callee.text))
        .advise("leave out one of them")
        .to(*sink_);
    return std::nullopt;
  }
  if (callee.layer != nullptr && callee.layer->called_with == 0) {
    Report(code("E0303"), call.callee.range, quoted(call.callee.text) + " takes no tensor, so nothing flows into it")
        .advise("combine it with a tensor, as in `x + " + call.callee.text + "(...)`")
        .to(*sink_);
    return std::nullopt;
  }
  if (callee.layer != nullptr && callee.layer->called_with > 1) {
    Report(code("E0303"), call.callee.range,
           quoted(call.callee.text) + " takes " + counted(callee.layer->called_with, "tensor") +
               " in parentheses, not what flows in")
        .advise("name them, as in `" + call.callee.text + "(...)(a, b, c)`")
        .to(*sink_);
    return std::nullopt;
  }
  if (callee.layer != nullptr) return apply_layer(*callee.layer, call, {input}, range);
  return takes(*callee.block, 1, call) ? apply_block(*callee.block, call, {input}, range) : std::nullopt;
}

bool BodyElaborator::takes(const DeclaredBlock& declared, std::size_t tensors, const ast::CallExpr& call) {
  const ast::Block& block = *declared.block;
  const std::size_t needed = std::max<std::size_t>(block.tensors.size(), 1);  // without names one flows in
  if (needed == tensors) return true;
  std::string names;
  for (const ast::Name& name : block.tensors) names += (names.empty() ? "" : ", ") + name.text;
  Report(code("E0303"), call.callee.range,
         quoted(block.name.text) + " takes " + counted(needed, "tensor") + ", found " + std::to_string(tensors))
      .note(block.name.range, quoted(block.name.text) + " is declared here")
      .advise("the block is " + quoted(signature_text(block)))
      .to(*sink_);
  return false;
}

Tensor BodyElaborator::apply_block(const DeclaredBlock& declared, const ast::CallExpr& call,
                                   std::vector<Tensor> tensors, SourceRange range) {
  const ast::Block& block = *declared.block;
  const bool adds_step = !std::exchange(names_no_step_, false) || call.label;
  const std::string step = label_step(call.label, block.name.text);
  if (text_check_ != nullptr) text_check_->calls.push_back(&block);
  if (declared.is_broken) return std::nullopt;
  BodyScope inner(&declared.module->constants);
  for (std::size_t i = 0; i < block.tensors.size(); ++i) {
    const ast::Name& name = block.tensors[i];
    if (i == 0) inner.first_input = name.text;
    inner.declare_tensor(name.text, {tensors[i], name.range, false, false}, shape_of(tensors[i]));
  }
  diag::Sink found;
  const bool is_bound = bind_block_arguments(block, call, evaluator(), inner.constants, *sink_, found);
  tell_at_use(found, block, range);
  if (text_check_ != nullptr || !is_bound) return std::nullopt;
  for (const Tensor& tensor : tensors) {
    if (!tensor) return std::nullopt;
  }
  if (!grow(limits_.uses, "uses of blocks and rounds of `repeat`", range)) return std::nullopt;
  if (depth_ == max_depth) {
    Report(code("E0308"), range, "blocks stand in one another more than " + std::to_string(max_depth) + " deep")
        .to(*sink_);
    return std::nullopt;
  }
  inner.module = declared.module;
  inner.owner = block.name.text;
  inner.flow_owner = block.name.range;
  if (block.tensors.empty()) inner.flow = tensors[0];
  inner.steps = adds_step ? join_steps(scope_->steps, step) : scope_->steps;
  inner.use = static_cast<std::int32_t>(facts_.block_uses.size());
  facts_.block_uses.push_back({block.name.text, range, scope_->use});

  found = {};
  diag::Sink* const outside = std::exchange(sink_, &found);
  ++depth_;
  const Tensor result = body(block.body, inner, false);
  --depth_;
  sink_ = outside;
  tell_at_use(found, block, range);
  return result;
}

void BodyElaborator::tell_at_use(const diag::Sink& found, const ast::Block& block, SourceRange use) {
  for (diag::Diagnostic diagnostic : found.all()) {
    place_at_use(diagnostic, {{block.name.text, use}}, 0);
    sink_->report(std::move(diagnostic));
  }
}

BodyElaborator::Rounds BodyElaborator::rounds_of(const ast::RepeatExpr& repeat) {
  const Evaluator values = evaluator();
  const auto integer = [&](const ast::Expr& expr, const char* what) -> std::optional<std::int64_t> {
    const auto value = values.evaluate_as(expr, ValueType::integer, what);
    return value ? std::optional(std::get<std::int64_t>(*value)) : std::nullopt;
  };
  const auto is_number = [&](const std::optional<std::int64_t>& value, const ast::Expr& place, const char* what) {
    if (!value || *value >= 0) return value.has_value();
    Report(code("E0217"), place.range,
           std::string(what) + " of `repeat` is " + std::to_string(*value) + ", but it is at least 0")
        .to(*sink_);
    return false;
  };
  Rounds rounds;
  if (repeat.variable) {
    const auto begin = integer(*repeat.begin, "the begin of a range");
    const auto end = integer(*repeat.end, "the end of a range");
    rounds.is_known = begin && end;
    rounds.first_index = begin;
    if (rounds.is_known) {
      const bool overflows = __builtin_sub_overflow(*end, *begin, &rounds.count);
      if (overflows) rounds.count = std::numeric_limits<std::int64_t>::max();
      if (*begin >= *end) rounds.count = 0;
    }
  } else {
    const auto count = integer(*repeat.count, "the count of `repeat`");
    rounds.is_known = is_number(count, *repeat.count, "the count");
    if (rounds.is_known) rounds.count = *count;
  }
  if (repeat.from) {
    const auto from = integer(*repeat.from, "the first number of `repeat`");
    rounds.is_known = is_number(from, *repeat.from, "the first number") && rounds.is_known;
    rounds.first_number = from.value_or(0);
  }
  return rounds;
}

Tensor BodyElaborator::apply_repeat(const ast::RepeatExpr& repeat, Tensor input, SourceRange range) {
  const Rounds rounds = rounds_of(repeat);
  const std::string step = label_step(repeat.label, "repeat");
  // "encoder_layer_" takes its numbers without a dot; a step that is `_` alone is left out.
  const bool is_open = step.ends_with('_') && step != "_" && !step.ends_with("._");
  const bool is_well = rounds.is_known && input;

  // The text of a block, and a body that cannot run, are gone through once for their own mistakes.
  const std::int64_t count = is_well && text_check_ == nullptr ? rounds.count : 1;
  Tensor flow = input;
  const bool is_alone = may_leave_out_step(*repeat.body);
  for (std::int64_t i = 0; i < count; ++i) {
    if (is_well && !grow(limits_.uses, "uses of blocks and rounds of `repeat`", range)) return std::nullopt;
    BodyScope round(&scope_->constants);
    round.module = scope_->module;
    round.outer = scope_;
    round.flow = flow;
    round.actions = scope_->actions;
    round.use = scope_->use;
    if (repeat.variable) {
      std::optional<Value> index;
      if (is_well && text_check_ == nullptr) index = Value(*rounds.first_index + i);
      round.constants.declare(repeat.variable->text, {repeat.variable->range, index, {}});
    }
    if (is_well) {
      std::int64_t number = i;
      if (__builtin_add_overflow(number, rounds.first_number, &number)) number = i;
      round.steps = is_open ? join_steps(scope_->steps, step + std::to_string(number))
                            : join_steps(join_steps(scope_->steps, step), std::to_string(number));
    }
    BodyScope* const around = std::exchange(scope_, &round);
    names_no_step_ = is_alone;
    flow = tensor(*repeat.body);
    names_no_step_ = false;
    scope_ = around;
    if (!flow) return std::nullopt;
  }
  return is_well ? flow : std::nullopt;
}

/// "residual(16)", "vision.conv_relu(8)", "gate": one use of a block and nothing else.
bool BodyElaborator::is_block_call(const ast::Expr& body) {
  if (const auto* name = std::get_if<ast::NameExpr>(&body.value)) {
    return find_tensor(name->name.text) == nullptr && scope_->module->blocks.contains(name->name.text);
  }
  const auto* call = std::get_if<ast::CallExpr>(&body.value);
  if (call == nullptr || call->tensors) return false;
  return call->module || scope_->module->blocks.contains(call->callee.text);
}

/// The only thing of a round of `repeat`, or of a branch that is the only thing of one.
bool BodyElaborator::may_leave_out_step(const ast::Expr& body) {
  return is_block_call(body) || std::holds_alternative<ast::IfExpr>(body.value);
}

bool BodyElaborator::grow(std::size_t& count, const char* what, SourceRange range) {
  if (count < max_growth) {
    ++count;
    return true;
  }
  if (!limits_.is_reached) {
    Report(code("E0308"), range, "the network has more than " + std::to_string(max_growth) + " " + what).to(*sink_);
  }
  limits_.is_reached = true;
  return false;
}

/// The step of a block or repetition in the names of parameters: its label, or its kind and ordinal.
std::string BodyElaborator::label_step(const std::optional<ast::Label>& label, const std::string& kind) {
  const std::size_t ordinal = ++scope_->other_ordinals[kind];
  return label ? label->text : kind + std::to_string(ordinal);
}

}  // namespace d2nn::sema
