// verify says what is wrong with a broken expression, and nothing of a sound one.
#include <doctest/doctest.h>

#include "expr/compose.h"

using namespace d2nn::expr;

namespace {

/// A sound expression that has every kind of term: its terms by their places are below.
Expression sound() {
  return {{{.primitive = Primitive::operand, .dims = {2, 3}},                                  // %0
           {.primitive = Primitive::constant, .dims = {1, 1}, .number = 2},                    // %1
           {.primitive = Primitive::broadcast, .terms = {{1}}, .dims = {2, 3}},                // %2
           {.primitive = Primitive::multiply, .terms = {{0}, {2}}, .dims = {2, 3}},            // %3
           {.primitive = Primitive::sum, .terms = {{3}}, .dims = {2, 1}, .axes = {1}},         // %4
           {.primitive = Primitive::permute, .terms = {{3}}, .dims = {3, 2}, .axes = {1, 0}},  // %5
           {.primitive = Primitive::slice, .terms = {{5}}, .dims = {1, 2}, .axes = {0}, .from = 2, .to = 3},
           {.primitive = Primitive::pad, .terms = {{6}}, .dims = {4, 2}, .axes = {0}, .from = 1, .to = 2},
           {.primitive = Primitive::repeat, .terms = {{7}}, .dims = {4, 6}, .axes = {1}, .from = 3},
           {.primitive = Primitive::reshape, .terms = {{8}}, .dims = {24}},  // %9
           {.primitive = Primitive::operand, .dims = {6}}},                  // %10
          {{9}, {10}}};
}

/// What verify says of the expression once a term is broken.
template <class Break>
std::string fault(std::size_t term, Break break_term) {
  Expression expression = sound();
  break_term(expression.terms[term]);
  return verify(expression);
}

}  // namespace

TEST_CASE("a sound expression has no fault") {
  CHECK(verify(sound()) == "");
}

TEST_CASE("a term that breaks a rule is named with the rule") {
  CHECK(fault(0, [](TermInfo& info) { info.dims = {0, 3}; }) == "%0: operand has a size below 1 in [0, 3]");
  CHECK(fault(1, [](TermInfo& info) { info.dims = {2, 1}; }) == "%1: constant has dims [2, 1], but is one number");
  CHECK(fault(2, [](TermInfo& info) { info.dims = {2}; }) == "%2: broadcast cannot repeat [1, 1] up to [2]");
  CHECK(fault(3, [](TermInfo& info) { info.terms = {{0}}; }) == "%3: multiply has 1 terms, but takes 2");
  CHECK(fault(3, [](TermInfo& info) { info.terms[1] = {3}; }) == "%3: multiply reads %3, which is not before it");
  CHECK(fault(3, [](TermInfo& info) { info.terms[1] = {}; }) ==
        "%3: multiply reads %4294967295, which is not before it");
  CHECK(fault(3, [](TermInfo& info) { info.terms[1] = {1}; }) == "%3: multiply of [1, 1] has dims [2, 3]");
  CHECK(fault(3, [](TermInfo& info) { info.dims = {3, 2}; }) == "%3: multiply of [2, 3] has dims [3, 2]");
  CHECK(fault(4, [](TermInfo& info) { info.axes = {}; }) == "%4: sum reduces no axis");
  CHECK(fault(4, [](TermInfo& info) { info.axes = {2}; }) == "%4: sum has no axis 2 in [2, 3]");
  CHECK(fault(4, [](TermInfo& info) { info.axes = {1, 0}; }) == "%4: sum lists axes out of order");
  CHECK(fault(4, [](TermInfo& info) { info.dims = {2}; }) == "%4: sum has dims [2], but reduces to [2, 1]");
  CHECK(fault(5, [](TermInfo& info) { info.axes = {1, 1}; }) == "%5: permute does not name every axis of [2, 3] once");
  CHECK(fault(5, [](TermInfo& info) { info.dims = {2, 3}; }) == "%5: permute has dims [2, 3]");
  CHECK(fault(6, [](TermInfo& info) { info.to = 4; }) == "%6: slice takes 2 to 4 of 3");
  CHECK(fault(6, [](TermInfo& info) { info.axes = {0, 1}; }) == "%6: slice has no one axis in [3, 2]");
  CHECK(fault(7, [](TermInfo& info) { info.from = -1; }) == "%7: pad adds less than nothing");
  CHECK(fault(7, [](TermInfo& info) { info.to = 1; }) == "%7: pad has dims [4, 2], but makes [3, 2]");
  CHECK(fault(8, [](TermInfo& info) { info.from = 0; }) == "%8: repeat repeats 0 times");
  CHECK(fault(9, [](TermInfo& info) { info.dims = {23}; }) == "%9: reshape cannot view [4, 6] as [23]");
  CHECK(fault(10, [](TermInfo& info) { info.dims = {7}; }) == "%10: operand 0 has 6 elements elsewhere, but [7] here");
  CHECK(fault(10, [](TermInfo& info) { info.primitive = static_cast<Primitive>(primitive_count); }) ==
        "%10: no primitive");
}

TEST_CASE("results are terms of the expression") {
  Expression expression = sound();
  expression.results = {{11}};
  CHECK(verify(expression) == "result %11 is no term");
  expression.results = {};
  CHECK(verify(expression) == "no result");
}

TEST_CASE("every term prints what it holds") {
  CHECK(to_string(sound()) ==
        "%0 = operand 0 : [2, 3]\n"
        "%1 = constant 2 : [1, 1]\n"
        "%2 = broadcast %1 : [2, 3]\n"
        "%3 = multiply %0, %2 : [2, 3]\n"
        "%4 = sum %3 over 1 : [2, 1]\n"
        "%5 = permute %3 to 1, 0 : [3, 2]\n"
        "%6 = slice %5 along 0 from 2 to 3 : [1, 2]\n"
        "%7 = pad %6 along 0 by 1 and 2 of 0 : [4, 2]\n"
        "%8 = repeat %7 along 1 by 3 : [4, 6]\n"
        "%9 = reshape %8 : [24]\n"
        "%10 = operand 0 : [6]\n"
        "result %9, %10\n");
}
