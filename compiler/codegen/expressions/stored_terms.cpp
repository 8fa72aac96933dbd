// See stored_terms.h.
#include "codegen/expressions/stored_terms.h"

#include <algorithm>

#include "codegen/expressions/index.h"
#include "expr/recognise.h"

namespace d2nn::codegen {

namespace {

using expr::Dims;
using expr::Primitive;
using expr::TermInfo;

bool is_leaf(Primitive primitive) {
  return expr::family(primitive) == expr::Family::leaf;
}
bool is_reduction(Primitive primitive) {
  return expr::family(primitive) == expr::Family::reduction;
}

using expr::is_polynomial;
// Worth a loop of its own where the other choice is once per round.
bool is_dear(Primitive primitive) {
  return is_polynomial(primitive) || primitive == Primitive::divide || primitive == Primitive::sqrt;
}

class StoredTerms {
 public:
  explicit StoredTerms(const expr::Expression& expression)
      : expression_(expression), count_(expression.terms.size()), is_stored_(count_, 0), is_used_(count_, 0) {
    for (const expr::Term result : expression.results) is_used_[result.index] = 1;
    for (std::size_t term = count_; term-- > 0;) {
      if (is_used_[term] == 0) continue;
      for (const expr::Term operand : expression.terms[term].terms) is_used_[operand.index] = 1;
    }
  }

  std::vector<char> run() {
    for (std::size_t term = 0; term < count_; ++term) {
      if (is_used_[term] == 0) continue;
      const TermInfo& info = expression_.terms[term];
      if (is_reduction(info.primitive)) is_stored_[term] = 1;
      if (info.terms.empty()) continue;
      const std::size_t operand = info.terms[0].index;
      if (is_leaf(expression_.terms[operand].primitive)) continue;
      if (info.primitive == Primitive::reshape && joins_axes(info, expression_.terms[operand].dims)) {
        is_stored_[operand] = 1;
      }
      if (info.primitive == Primitive::broadcast && is_repeated_around(expression_.terms[operand].dims, info.dims) &&
          has_dear_part(operand)) {
        is_stored_[operand] = 1;
      }
    }
    for (std::size_t term = count_; term-- > 0;) {
      const bool is_candidate = is_used_[term] != 0 && is_stored_[term] == 0;
      if (is_candidate && is_polynomial(expression_.terms[term].primitive) && is_read_by_several_loops(term)) {
        is_stored_[term] = 1;
      }
    }
    return is_stored_;
  }

 private:
  // Whether an index of the reshape needs a division to find its place in `from`.
  static bool joins_axes(const TermInfo& reshape, const Dims& from) {
    Variables variables;
    Index rest;
    const std::vector<std::int64_t> strides = strides_of(reshape.dims);
    for (std::size_t axis = 0; axis < reshape.dims.size(); ++axis) {
      if (reshape.dims[axis] > 1) rest = rest + Index::of(variables.counter(reshape.dims[axis]), strides[axis]);
    }
    const auto is_quotient = [&](const auto& part) { return variables[part.first].divisor != 0; };
    const std::vector<std::int64_t> from_strides = strides_of(from);
    for (std::size_t axis = 0; axis < from.size(); ++axis) {
      if (from[axis] == 1) continue;
      const Index index = variables.quotient(rest, from_strides[axis]);
      if (std::any_of(index.parts.begin(), index.parts.end(), is_quotient)) return true;
      rest = rest - index * from_strides[axis];
    }
    return false;
  }

  // Whether an axis that is broadcast stands outside one that is not.
  static bool is_repeated_around(const Dims& from, const Dims& to) {
    bool is_repeated = false;
    for (std::size_t axis = 0; axis < from.size() && axis < to.size(); ++axis) {
      if (from[axis] < to[axis]) is_repeated = true;
      if (is_repeated && from[axis] > 1) return true;
    }
    return false;
  }

  bool has_dear_part(std::size_t term) const {
    const TermInfo& info = expression_.terms[term];
    if (is_stored_[term] != 0) return false;
    return is_dear(info.primitive) || std::any_of(info.terms.begin(), info.terms.end(),
                                                  [&](expr::Term operand) { return has_dear_part(operand.index); });
  }

  bool is_root(std::size_t term) const {
    const auto& results = expression_.results;
    return is_stored_[term] != 0 ||
           std::any_of(results.begin(), results.end(), [&](expr::Term result) { return result.index == term; });
  }

  const Dims& domain(std::size_t root) const {
    const TermInfo& info = expression_.terms[root];
    return is_reduction(info.primitive) ? expression_[info.terms[0]].dims : info.dims;
  }

  // The stages that inline the term.
  std::vector<std::size_t> roots_of(std::size_t term) const {
    std::vector<std::size_t> roots;
    std::vector<char> reads(count_, 0);
    reads[term] = 1;
    for (std::size_t reader = term; reader < count_; ++reader) {
      if (is_used_[reader] == 0) continue;
      for (const expr::Term operand : expression_.terms[reader].terms) {
        if (reads[operand.index] != 0 && (operand.index == term || is_stored_[operand.index] == 0)) reads[reader] = 1;
      }
      if (reads[reader] != 0 && is_root(reader)) roots.push_back(reader);
    }
    return roots;
  }

  bool depends_on(std::size_t term, std::size_t other) const {
    std::vector<char> reads(count_, 0);
    reads[other] = 1;
    for (std::size_t reader = other + 1; reader <= term; ++reader) {
      for (const expr::Term operand : expression_.terms[reader].terms) reads[reader] |= reads[operand.index];
    }
    return reads[term] != 0;
  }

  bool is_read_by_several_loops(std::size_t term) const {
    const std::vector<std::size_t> roots = roots_of(term);
    for (std::size_t i = 0; i < roots.size(); ++i) {
      for (std::size_t j = i + 1; j < roots.size(); ++j) {
        if (domain(roots[i]) != domain(roots[j]) || depends_on(roots[j], roots[i])) return true;
        const TermInfo& a = expression_.terms[roots[i]];
        const TermInfo& b = expression_.terms[roots[j]];
        if (is_reduction(a.primitive) && is_reduction(b.primitive) && a.axes != b.axes) return true;
      }
    }
    return false;
  }

  const expr::Expression& expression_;
  std::size_t count_;
  std::vector<char> is_stored_;
  std::vector<char> is_used_;
};

}  // namespace

std::vector<char> choose_stored_terms(const expr::Expression& expression) {
  return StoredTerms(expression).run();
}

}  // namespace d2nn::codegen
