#include "expr/expression.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <functional>
#include <numeric>

#include "expr/per_primitive.h"

namespace d2nn::expr {
namespace {

struct PrimitiveInfo {
  const char* spelling = nullptr;
  Family family = Family::leaf;
  std::size_t arity = 0;
};

constexpr auto primitives = per_primitive<PrimitiveInfo>({
    {Primitive::operand, {"operand", Family::leaf, 0}},
    {Primitive::weight, {"weight", Family::leaf, 0}},
    {Primitive::constant, {"constant", Family::leaf, 0}},
    {Primitive::negate, {"negate", Family::elementwise, 1}},
    {Primitive::exp, {"exp", Family::elementwise, 1}},
    {Primitive::log, {"log", Family::elementwise, 1}},
    {Primitive::sqrt, {"sqrt", Family::elementwise, 1}},
    {Primitive::abs, {"abs", Family::elementwise, 1}},
    {Primitive::tanh, {"tanh", Family::elementwise, 1}},
    {Primitive::erf, {"erf", Family::elementwise, 1}},
    {Primitive::detach, {"detach", Family::elementwise, 1}},
    {Primitive::add, {"add", Family::elementwise, 2}},
    {Primitive::subtract, {"subtract", Family::elementwise, 2}},
    {Primitive::multiply, {"multiply", Family::elementwise, 2}},
    {Primitive::divide, {"divide", Family::elementwise, 2}},
    {Primitive::maximum, {"maximum", Family::elementwise, 2}},
    {Primitive::minimum, {"minimum", Family::elementwise, 2}},
    {Primitive::greater, {"greater", Family::elementwise, 2}},
    {Primitive::equal, {"equal", Family::elementwise, 2}},
    {Primitive::select, {"select", Family::elementwise, 3}},
    {Primitive::sum, {"sum", Family::reduction, 1}},
    {Primitive::max, {"max", Family::reduction, 1}},
    {Primitive::broadcast, {"broadcast", Family::movement, 1}},
    {Primitive::reshape, {"reshape", Family::movement, 1}},
    {Primitive::permute, {"permute", Family::movement, 1}},
    {Primitive::slice, {"slice", Family::movement, 1}},
    {Primitive::pad, {"pad", Family::movement, 1}},
    {Primitive::repeat, {"repeat", Family::movement, 1}},
});

const PrimitiveInfo& row(Primitive primitive) {
  return primitives[static_cast<std::size_t>(primitive)];
}

std::uint32_t leaf_count(const Expression& expression, Primitive leaf) {
  std::uint32_t count = 0;
  for (const TermInfo& info : expression.terms) {
    if (info.primitive == leaf) count = std::max(count, info.index + 1);
  }
  return count;
}

/// The fewest digits that read back as the same f32.
std::string text(float number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

std::string text(Term term) {
  return "%" + std::to_string(term.index);
}
std::string text(std::int64_t number) {
  return std::to_string(number);
}

template <class Items>
std::string listed(const Items& items) {
  std::string list;
  for (const auto& item : items) list += (list.empty() ? "" : ", ") + text(item);
  return list;
}

/// What a term holds besides its terms and dims, as it is printed behind them; "" for most.
std::string attributes_text(const TermInfo& info) {
  const std::string along = info.axes.empty() ? "" : " along " + text(info.axes[0]);
  switch (info.primitive) {
    case Primitive::operand:
    case Primitive::weight:
      return " " + std::to_string(info.index);
    case Primitive::constant:
      return " " + text(info.number);
    case Primitive::sum:
    case Primitive::max:
      return " over " + listed(info.axes);
    case Primitive::permute:
      return " to " + listed(info.axes);
    case Primitive::slice:
      return along + " from " + text(info.from) + " to " + text(info.to);
    case Primitive::pad:
      return along + " by " + text(info.from) + " and " + text(info.to) + " of " + text(info.number);
    case Primitive::repeat:
      return along + " by " + text(info.from);
    default:
      return "";
  }
}

}  // namespace

std::int64_t elements(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

const char* spelling(Primitive primitive) {
  return row(primitive).spelling;
}
Family family(Primitive primitive) {
  return row(primitive).family;
}
std::size_t arity(Primitive primitive) {
  return row(primitive).arity;
}

bool operator==(const TermInfo& a, const TermInfo& b) {
  return a.primitive == b.primitive && a.terms == b.terms && a.dims == b.dims && a.index == b.index &&
         std::bit_cast<std::uint32_t>(a.number) == std::bit_cast<std::uint32_t>(b.number) && a.axes == b.axes &&
         a.from == b.from && a.to == b.to;
}

std::uint32_t Expression::operand_count() const {
  return leaf_count(*this, Primitive::operand);
}
std::uint32_t Expression::weight_count() const {
  return leaf_count(*this, Primitive::weight);
}

Expression without_detach(const Expression& expression) {
  Builder builder;
  std::vector<Term> made;
  for (TermInfo info : expression.terms) {
    for (Term& term : info.terms) term = made[term.index];
    made.push_back(info.primitive == Primitive::detach ? info.terms[0] : builder.make(info));
  }
  std::vector<Term> results;
  for (Term result : expression.results) results.push_back(made[result.index]);
  return builder.finish(results);
}

std::string to_string(const Expression& expression) {
  std::string lines;
  for (std::uint32_t i = 0; i < expression.terms.size(); ++i) {
    const TermInfo& info = expression.terms[i];
    lines += text(Term{i}) + " = " + spelling(info.primitive) + (info.terms.empty() ? "" : " ") + listed(info.terms) +
             attributes_text(info) + " : [" + listed(info.dims) + "]\n";
  }
  return lines + "result " + listed(expression.results) + "\n";
}

}  // namespace d2nn::expr
