// Expressions, read back as text with every grouping in parentheses.
#include <doctest/doctest.h>

#include <string>

#include "parsed.h"

using namespace d2nn;
using namespace d2nn::ast;
using tests::Errors;
using tests::Parsed;

namespace {

std::string show(const Expr& expr);

std::string show(const std::vector<ExprPtr>& list) {
  std::string out;
  for (const ExprPtr& item : list) out += (out.empty() ? "" : ", ") + show(*item);
  return out;
}

const char* show(BinaryOp op) {
  constexpr const char* spellings[] = {"+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "@"};
  return spellings[static_cast<int>(op)];
}

std::string show_call(const CallExpr& call) {
  std::string out = (call.module ? call.module->text + "." : "") + call.callee.text;
  if (call.has_arguments) {
    std::string arguments;
    for (const Argument& argument : call.arguments) {
      arguments +=
          (arguments.empty() ? "" : ", ") + (argument.name ? argument.name->text + ": " : "") + show(*argument.value);
    }
    out += "(" + arguments + ")";
  }
  if (call.tensors) out += "(" + show(*call.tensors) + ")";
  if (call.label) out += " as " + call.label->text;
  return out;
}

std::string show(const Expr& expr) {
  if (const auto* number = std::get_if<NumberExpr>(&expr.value))
    return number->is_integer ? std::to_string(number->integer) : std::to_string(number->value);
  if (const auto* boolean = std::get_if<BoolExpr>(&expr.value)) return boolean->value ? "true" : "false";
  if (const auto* dims = std::get_if<DimsExpr>(&expr.value)) {
    std::string out;
    for (const std::int64_t d : dims->dims) out += (out.empty() ? "" : "x") + std::to_string(d);
    return out;
  }
  if (const auto* list = std::get_if<ListExpr>(&expr.value)) return "[" + show(list->items) + "]";
  if (const auto* name = std::get_if<NameExpr>(&expr.value)) return name->name.text;
  if (const auto* index = std::get_if<IndexExpr>(&expr.value))
    return show(*index->base) + "[" + show(*index->index) + "]";
  if (const auto* unary = std::get_if<UnaryExpr>(&expr.value))
    return std::string("(") + unary->op + show(*unary->operand) + ")";
  if (const auto* binary = std::get_if<BinaryExpr>(&expr.value))
    return "(" + show(*binary->left) + " " + show(binary->op) + " " + show(*binary->right) + ")";
  if (const auto* call = std::get_if<CallExpr>(&expr.value)) return show_call(*call) + (call->has_arguments ? "" : "!");
  if (const auto* repeat = std::get_if<RepeatExpr>(&expr.value)) {
    const std::string count = repeat->variable
                                  ? repeat->variable->text + " in " + show(*repeat->begin) + ".." + show(*repeat->end)
                                  : show(*repeat->count);
    return "repeat " + count + " {" + show(*repeat->body) + "}" + (repeat->label ? " as " + repeat->label->text : "") +
           (repeat->from ? " from " + show(*repeat->from) : "");
  }
  if (const auto* choice = std::get_if<IfExpr>(&expr.value)) {
    std::string out;
    for (const IfExpr::Branch& branch : choice->branches)
      out += (out.empty() ? "if " : " else if ") + show(*branch.condition) + " {" + show(*branch.body) + "}";
    return out + (choice->otherwise ? " else {" + show(*choice->otherwise) + "}" : "");
  }
  const auto& pipeline = std::get<PipelineExpr>(expr.value);
  return "(" + (pipeline.head ? show(*pipeline.head) : "_") + " -> " + show(pipeline.stages) + ")";
}

/// The expression of `const c = TEXT;`, or the errors.
std::string read(const std::string& text) {
  const Parsed parsed("const c = " + text + ";");
  if (parsed.sink.has_errors()) return parsed.errors().front();
  const auto* constant = parsed.item<Const>(0);
  REQUIRE(constant != nullptr);
  CHECK(parsed.text(constant->value->range) == text);
  return show(*constant->value);
}

}  // namespace

TEST_CASE("operators bind from `->` over `*`, `+`, comparison and equality to `&&` and `||`, all to the left") {
  CHECK(read("1 + 2 * 3 - 4") == "((1 + (2 * 3)) - 4)");
  CHECK(read("1 - 2 - 3") == "((1 - 2) - 3)");
  CHECK(read("8 / 4 % 3 * 2") == "(((8 / 4) % 3) * 2)");
  CHECK(read("a < b + 1 == c >= d") == "((a < (b + 1)) == (c >= d))");
  CHECK(read("a || b && c != d") == "(a || (b && (c != d)))");
  CHECK(read("x -> f + y") == "((x -> f!) + y)");
  CHECK(read("x * y -> f") == "(x * (y -> f!))");
  CHECK(read("-a * b") == "((-a) * b)");
  CHECK(read("!-a && b") == "((!(-a)) && b)");
  CHECK(read("1 - -2") == "(1 - (-2))");
  CHECK(read("-x -> f") == "(-(x -> f!))");
  CHECK(read("a <= b || a > b || a == b") == "(((a <= b) || (a > b)) || (a == b))");
}

TEST_CASE("a parenthesis groups and leaves no trace but the grouping") {
  const Parsed parsed("const c = (1 + 2) * 3;");
  REQUIRE(parsed.errors() == Errors{});
  CHECK(show(*parsed.item<Const>(0)->value) == "((1 + 2) * 3)");
}

TEST_CASE("numbers, dims, lists and truth values") {
  CHECK(read("9223372036854775807") == "9223372036854775807");
  CHECK(read("2.5") == "2.500000");
  CHECK(read("1e3") == "1000.000000");
  CHECK(read("1.5e-1") == "0.150000");
  CHECK(read("3x112x112") == "3x112x112");
  CHECK(read("0x3") == "0x3");
  CHECK(read("[[1, 0], [0, 1]]") == "[[1, 0], [0, 1]]");
  CHECK(read("[]") == "[]");
  CHECK(read("[true, false]") == "[true, false]");
}

TEST_CASE("calls take positional and named arguments, a module, tensors and a label") {
  CHECK(read("conv(3x3, 8, stride: 2, pad: 1)") == "conv(3x3, 8, stride: 2, pad: 1)");
  CHECK(read("conv(3x3, 8,)").starts_with("conv"));
  CHECK(read("heads.exit(10)") == "heads.exit(10)");
  CHECK(read("residual(16)(x, y -> relu)") == "residual(16)(x, (y -> relu!))");
  CHECK(read("relu as stem") == "relu as stem!");
  CHECK(read("relu()") == "relu()");
  CHECK(read("leaf[2][i + 1]") == "leaf[2][(i + 1)]");
}

TEST_CASE("a label is a dotted path of words, numbers and words of the language") {
  CHECK(read("f(1) as layer2.0") == "f(1) as layer2.0");
  CHECK(read("f(1) as a.0.1.b") == "f(1) as a.0.1.b");
  CHECK(read("f(1) as output.dense") == "f(1) as output.dense");
  CHECK(read("f(1) as _") == "f(1) as _");
}

TEST_CASE("a pipeline that begins with a layer call has no head, one that begins with a name has it as head") {
  CHECK(read("conv(3x3, 8) -> relu -> f.g(2) as h") == "(_ -> conv(3x3, 8), relu!, f.g(2) as h)");
  CHECK(read("x -> relu") == "(x -> relu!)");
  CHECK(read("residual(16)(x) -> relu") == "(residual(16)(x) -> relu!)");
  CHECK(read("(a + b) -> relu").starts_with("((a + b) -> relu!)"));
}

TEST_CASE("repeat is a stage with a label and a first number") {
  CHECK(read("repeat 9 { residual(16) } as layer2 from 1 -> relu") ==
        "(_ -> repeat 9 {residual(16)} as layer2 from 1, relu!)");
  CHECK(read("x -> repeat n * 2 { conv(3x3, 8) -> relu }") == "(x -> repeat (n * 2) {(_ -> conv(3x3, 8), relu!)})");
}

TEST_CASE("soft words are names where a name stands") {
  CHECK(read("as + from * in") == "(as + (from * in))");
  CHECK(read("join(default: required) as as") == "join(default: required) as as");
}

TEST_CASE("a matrix product groups with `*` and `/`, below `->` and above `+`") {
  CHECK(read("a @ b * c @ d") == "(((a @ b) * c) @ d)");
  CHECK(read("a @ b + c / d - e") == "(((a @ b) + (c / d)) - e)");
  CHECK(read("q @ k -> permute([1, 0])") == "(q @ (k -> permute([1, 0])))");
  CHECK(read("-x @ y") == "((-x) @ y)");
}

TEST_CASE("a number that an operator would send into a layer is told to need parentheses") {
  const auto fix_of = [](const std::string& text) {
    const Parsed parsed("const c = " + text + ";");
    REQUIRE(parsed.errors().size() == 1);
    const diag::Diagnostic& said = parsed.sink.all().front();
    CHECK(std::string(said.code->code) == "E0220");
    REQUIRE(said.fixes.size() == 1);
    CHECK(said.fixes[0].is_applicable);
    std::string mended = "const c = " + text + ";";
    mended.replace(said.fixes[0].range.begin, said.fixes[0].range.end - said.fixes[0].range.begin,
                   said.fixes[0].replacement);
    CHECK(Parsed(mended).errors() == Errors{});
    return mended.substr(10, mended.size() - 11);
  };
  CHECK(fix_of("x * 0.5 -> f") == "(x * 0.5) -> f");
  CHECK(fix_of("y + x / 2 -> f -> g") == "y + (x / 2) -> f -> g");
  CHECK(fix_of("(x + y) * 0.5 -> f") == "((x + y) * 0.5) -> f");
  CHECK(fix_of("x * (0.5) -> f") == "(x * (0.5)) -> f");
  CHECK(fix_of("-1 -> f") == "(-1) -> f");
  CHECK(read("(x * 2) -> f") == "((x * 2) -> f!)");
}

TEST_CASE("layers take lists, words and calls as arguments, and tensors behind them") {
  CHECK(read("mean([1, 2])") == "mean([1, 2])");
  CHECK(read("upsample(2, mode: bilinear)") == "upsample(2, mode: bilinear)");
  CHECK(read("attention(heads: 4, causal: true)(q, k, v)") == "attention(heads: 4, causal: true)(q, k, v)");
  CHECK(read("x + parameter(1x768, start: normal(0.02)) as cls_token") ==
        "(x + parameter(1x768, start: normal(0.020000)) as cls_token)");
  CHECK(read("widths[i] * len(widths)") == "(widths[i] * len(widths))");
  CHECK(read("conv(3x3, m.widths[0])") == "conv(3x3, m.widths![0])");
  CHECK(read("size(x, 0) + channels(x)") == "(size(x, 0) + channels(x))");
}

TEST_CASE("repeat goes through a range with an index") {
  CHECK(read("repeat i in 0..len(w) { dense(w[i]) -> relu } as layer_ from 1") ==
        "repeat i in 0..len(w) {(_ -> dense(w[i]), relu!)} as layer_ from 1");
  CHECK(read("x -> repeat in in n - 1..n { f(in) }") == "(x -> repeat in in (n - 1)..n {f(in)})");
  CHECK(read("repeat in { f }") == "repeat in {f}");
}

TEST_CASE("if is a stage, a beginning and a value; chains are flat") {
  CHECK(read("x -> if wide { dense(8) } -> relu") == "(x -> if wide {dense(8)}, relu!)");
  CHECK(read("if a < 2 { f } else if b { g -> h } else { x + y } -> relu") ==
        "(_ -> if (a < 2) {f} else if b {(g -> h!)} else {(x + y)}, relu!)");
  CHECK(read("y + if a { x } else { z }") == "(y + if a {x} else {z})");
}
