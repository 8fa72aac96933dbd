// The rules of a well-formed expression. The Builder holds each term to them as it is made; passes hold whole
// expressions.
#include <algorithm>
#include <map>
#include <utility>

#include "expr/expression.h"

namespace d2nn::expr {
namespace {

std::string dims_text(const Dims& dims) {
  std::string text;
  for (std::int64_t size : dims) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

bool is_axis(std::int64_t axis, const Dims& dims) {
  return axis >= 0 && axis < static_cast<std::int64_t>(dims.size());
}

std::string verify_reduction(const TermInfo& info, Dims dims) {
  if (info.axes.empty()) return "reduces no axis";
  for (std::size_t i = 0; i < info.axes.size(); ++i) {
    const std::int64_t axis = info.axes[i];
    if (!is_axis(axis, dims)) return "has no axis " + std::to_string(axis) + " in " + dims_text(dims);
    if (i > 0 && axis <= info.axes[i - 1]) return "lists axes out of order";
    dims[static_cast<std::size_t>(axis)] = 1;
  }
  return info.dims == dims ? "" : "has dims " + dims_text(info.dims) + ", but reduces to " + dims_text(dims);
}

std::string verify_broadcast(const TermInfo& info, const Dims& dims) {
  bool fits = dims.size() == info.dims.size();
  for (std::size_t i = 0; fits && i < dims.size(); ++i) fits = dims[i] == 1 || dims[i] == info.dims[i];
  return fits ? "" : "cannot repeat " + dims_text(dims) + " up to " + dims_text(info.dims);
}

std::string verify_permute(const TermInfo& info, const Dims& dims) {
  std::vector<std::int64_t> sorted = info.axes;
  std::sort(sorted.begin(), sorted.end());
  bool fits = sorted.size() == dims.size() && info.dims.size() == dims.size();
  for (std::size_t i = 0; fits && i < dims.size(); ++i) fits = sorted[i] == static_cast<std::int64_t>(i);
  if (!fits) return "does not name every axis of " + dims_text(dims) + " once";
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (info.dims[i] != dims[static_cast<std::size_t>(info.axes[i])]) return "has dims " + dims_text(info.dims);
  }
  return "";
}

/// slice, pad, repeat: one axis changes its size.
std::string verify_along(const TermInfo& info, Dims dims) {
  if (info.axes.size() != 1 || !is_axis(info.axes[0], dims)) return "has no one axis in " + dims_text(dims);
  std::int64_t& size = dims[static_cast<std::size_t>(info.axes[0])];
  const std::string range = std::to_string(info.from) + " to " + std::to_string(info.to);
  if (info.primitive == Primitive::slice) {
    if (info.from < 0 || info.from >= info.to || info.to > size) {
      return "takes " + range + " of " + std::to_string(size);
    }
    size = info.to - info.from;
  } else if (info.primitive == Primitive::pad) {
    if (info.from < 0 || info.to < 0) return "adds less than nothing";
    size += info.from + info.to;
  } else {
    if (info.from < 1) return "repeats " + std::to_string(info.from) + " times";
    size *= info.from;
  }
  return info.dims == dims ? "" : "has dims " + dims_text(info.dims) + ", but makes " + dims_text(dims);
}

std::string verify_movement(const TermInfo& info, const Dims& dims) {
  switch (info.primitive) {
    case Primitive::broadcast:
      return verify_broadcast(info, dims);
    case Primitive::permute:
      return verify_permute(info, dims);
    case Primitive::reshape:
      if (elements(info.dims) == elements(dims)) return "";
      return "cannot view " + dims_text(dims) + " as " + dims_text(info.dims);
    default:
      return verify_along(info, dims);
  }
}

}  // namespace

std::string verify_term(std::span<const TermInfo> before, const TermInfo& info) {
  if (info.primitive > Primitive::repeat) return "no primitive";
  const std::string name = std::string(spelling(info.primitive)) + " ";
  if (info.terms.size() != arity(info.primitive)) {
    return name + "has " + std::to_string(info.terms.size()) + " terms, but takes " +
           std::to_string(arity(info.primitive));
  }
  for (Term term : info.terms) {
    if (term.index >= before.size()) return name + "reads %" + std::to_string(term.index) + ", which is not before it";
  }
  for (std::int64_t size : info.dims) {
    if (size < 1) return name + "has a size below 1 in " + dims_text(info.dims);
  }
  switch (family(info.primitive)) {
    case Family::leaf:
      if (info.primitive == Primitive::constant && elements(info.dims) != 1) {
        return name + "has dims " + dims_text(info.dims) + ", but is one number";
      }
      return "";
    case Family::elementwise:
      for (Term term : info.terms) {
        const Dims& dims = before[term.index].dims;
        if (dims != info.dims) return name + "of " + dims_text(dims) + " has dims " + dims_text(info.dims);
      }
      return "";
    case Family::reduction:
    case Family::movement:
      break;
  }
  const Dims& dims = before[info.terms[0].index].dims;
  const std::string fault =
      family(info.primitive) == Family::reduction ? verify_reduction(info, dims) : verify_movement(info, dims);
  return fault.empty() ? "" : name + fault;
}

std::string verify(const Expression& expression) {
  std::map<std::pair<Primitive, std::uint32_t>, std::int64_t> leaf_elements;
  for (std::size_t i = 0; i < expression.terms.size(); ++i) {
    const TermInfo& info = expression.terms[i];
    const std::string place = "%" + std::to_string(i) + ": ";
    const std::string fault = verify_term(std::span(expression.terms).first(i), info);
    if (!fault.empty()) return place + fault;
    if (info.primitive != Primitive::operand && info.primitive != Primitive::weight) continue;
    const auto [seen, first] = leaf_elements.try_emplace({info.primitive, info.index}, elements(info.dims));
    if (!first && seen->second != elements(info.dims)) {
      return place + spelling(info.primitive) + " " + std::to_string(info.index) + " has " +
             std::to_string(seen->second) + " elements elsewhere, but " + dims_text(info.dims) + " here";
    }
  }
  if (expression.results.empty()) return "no result";
  for (Term result : expression.results) {
    if (result.index >= expression.terms.size()) return "result %" + std::to_string(result.index) + " is no term";
  }
  return "";
}

}  // namespace d2nn::expr
