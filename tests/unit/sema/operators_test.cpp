// Arithmetic in bodies: which layer an operator stands for, numbers beside tensors, and the parts of a tensor.
#include <doctest/doctest.h>

#include "graph/print.h"
#include "unit/sema/checked_text.h"

using namespace d2nn;
using namespace d2nn::sema;

namespace {

/// The ops of the node A as graph dumps show them, a line each, without shapes.
std::string ops_of(const std::string& body, const std::string& before = "") {
  const CheckedText checked = check_text(before + one_node(body + " -> dense(2)"));
  CAPTURE(body);
  CAPTURE(checked.messages());
  REQUIRE(checked.codes().empty());
  CHECK(graph::verify(checked.programs[0]).empty());
  std::string ops;
  for (const graph::Op& op : checked.programs[0].nodes[1].ops) {
    if (op.layer->name == std::string("dense")) continue;
    const std::string arguments = ops::arguments_text(op.layer->params, op.arguments);
    ops += (ops.empty() ? "" : ", ") + std::string(op.layer->name) + (arguments.empty() ? "" : "(" + arguments + ")");
    for (const graph::ValueId operand : op.operands) ops += " %" + std::to_string(operand.index);
  }
  return ops;
}

std::string codes_of(const std::string& body, const std::string& input = "f32[4]") {
  return check_text(one_node(body, input)).codes();
}

}  // namespace

TEST_CASE("operators between tensors are layers of two operands, in the order as written") {
  CHECK(ops_of("let x = identity; (x - relu)") == "identity %0, relu %0, subtract %1 %2");
  CHECK(ops_of("let x = identity; (x / relu)") == "identity %0, relu %0, divide %1 %2");
  CHECK(ops_of("let x = identity; (x + x * x)") == "identity %0, multiply %1 %1, add %1 %2");
  CHECK(ops_of("let x = identity; (-x)") == "identity %0, negate %1");
  CHECK(ops_of("let x = identity; (-x -> relu)") == "identity %0, relu %1, negate %2");
  CHECK(ops_of("let x = identity; (x - x - x)") == "identity %0, subtract %1 %1, subtract %2 %1");
}

TEST_CASE("numbers beside tensors are arguments, and their arithmetic is that of real numbers") {
  const std::string numbers = "const three = 3; const half = 0.5; const none = 1 / 8; ";
  const auto op = [&](const std::string& text) {
    return ops_of("let x = identity; (" + text + ")", numbers).substr(13);
  };
  CHECK(op("x * 0.5") == "multiply_number(0.5) %1");
  CHECK(op("half * x") == "multiply_number(0.5) %1");
  CHECK(op("x + three") == "add_number(3.0) %1");
  CHECK(op("three + x") == "add_number(3.0) %1");
  CHECK(op("x - three") == "add_number(-3.0) %1");
  CHECK(op("3 - x") == "number_minus(3.0) %1");
  CHECK(op("x / 4") == "divide_by_number(4.0) %1");
  CHECK(op("-2 / x") == "number_over(-2.0) %1");
  CHECK(op("x * (1 / 8)") == "multiply_number(0.125) %1");
  CHECK(op("x * (three / -(2 * 4))") == "multiply_number(-0.375) %1");
  CHECK(op("x * none") == "multiply_number(0.0) %1");  // an int where it was declared
  CHECK(op("x / size(x, 0)") == "divide_by_number(4.0) %1");
  CHECK(op("x * (size(x, 0) / 8)") == "multiply_number(0.5) %1");
}

TEST_CASE("numbers that are none, or beyond f32, and operators that tensors do not have") {
  CHECK(codes_of("let x = identity; x * true") == "E0204");
  CHECK(codes_of("let x = identity; x * [1, 2]") == "E0204");
  CHECK(codes_of("let x = identity; x * 1e39") == "E0211");
  CHECK(codes_of("let x = identity; x / 0") == "E0207");
  CHECK(codes_of("let x = identity; x * (1 / 0)") == "E0207");
  CHECK(codes_of("let x = identity; x / 1e-60") == "E0207");  // 0 in f32
  CHECK(codes_of("let x = identity; x % 2") == "E0205");
  CHECK(codes_of("let x = identity; x == x") == "E0205");
  CHECK(codes_of("let x = identity; !x") == "E0205");
  CHECK(codes_of("2 * 3") == "E0205");
  CHECK(codes_of("-3") == "E0205");
  CHECK(codes_of("dense(2 @ 1)") == "E0205");
  CHECK(codes_of("let x = identity; x * 0.5 -> relu") == "E0220");
}

TEST_CASE("a block's number beside a tensor is read at its uses") {
  const std::string block = "block scale(by: float)(x) { x * by } block odd(by: bool)(x) { x * by } ";
  CHECK(ops_of("(scale(0.5))", block) == "multiply_number(0.5) %0");
  CHECK(check_text(block + one_node("odd(true) -> dense(2)")).codes() == "E0204");
}

TEST_CASE("the names of a `let` are equal parts along an axis") {
  const auto parts = [](const std::string& body) { return ops_of(body); };
  CHECK(parts("let a, b = chunk(2); (a - b)") == "slice(0, 0, 2) %0, slice(0, 2, 4) %0, subtract %1 %2");
  CHECK(parts("let a, b = reshape(2x2) -> chunk(2, axis: 1); (a - b)") ==
        "reshape(2x2) %0, slice(1, 0, 1) %1, slice(1, 1, 2) %1, subtract %2 %3");
  CHECK(parts("let x = relu; let a, b = chunk(2)(x); (a * b)") ==
        "relu %0, slice(0, 0, 2) %1, slice(0, 2, 4) %1, multiply %2 %3");
  CHECK(codes_of("let a, b, c = chunk(3); a + b + c") == "E0301");
  CHECK(codes_of("let a, b = chunk(2, axis: 1); a + b") == "E0301");
  CHECK(codes_of("let a, b = chunk(4); a + b") == "E0303");
  CHECK(codes_of("let a, b = relu; a + b") == "E0303");
  CHECK(codes_of("chunk(2) -> dense(2)") == "E0303");
  CHECK(codes_of("let a = chunk(2); a") == "E0303");
}
