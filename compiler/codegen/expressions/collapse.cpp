// See collapse.h. Every pair of neighbouring axes of every term starts as one that may become one axis; pairs that a
// primitive treats differently are crossed out, and with them the pairs that they are tied to, until nothing changes.
#include "codegen/expressions/collapse.h"

#include <algorithm>
#include <cstddef>

namespace d2nn::codegen {

namespace {

using expr::Dims;
using expr::Primitive;
using expr::TermInfo;

class Collapse {
 public:
  explicit Collapse(expr::Expression& expression) : expression_(expression) {
    for (TermInfo& term : expression_.terms) {
      if (term.dims.empty()) term.dims = {1};
      joined_.emplace_back(term.dims.size() - 1, 1);
    }
  }

  void run() {
    do {
      has_changed_ = false;
      for (std::size_t term = 0; term < joined_.size(); ++term) visit(term);
    } while (has_changed_);
    for (std::size_t term = 0; term < joined_.size(); ++term) rewrite_axes(term);
    for (std::size_t term = 0; term < joined_.size(); ++term) rewrite_dims(term);
  }

 private:
  void cross_out(std::size_t term, std::size_t pair) {
    if (pair >= joined_[term].size() || joined_[term][pair] == 0) return;
    joined_[term][pair] = 0;
    has_changed_ = true;
  }

  void tie(std::size_t a, std::size_t pair_a, std::size_t b, std::size_t pair_b) {
    if (joined_[a][pair_a] == 0) cross_out(b, pair_b);
    if (joined_[b][pair_b] == 0) cross_out(a, pair_a);
  }

  static bool contains(const std::vector<std::int64_t>& axes, std::size_t axis) {
    return std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(axis)) != axes.end();
  }

  // Whether axis and axis + 1 are both repeated or both kept. An axis of size 1 on both sides goes with the one before
  // it, and leading ones with the first that is not: three axes must not be joined over one in their middle.
  static bool is_broadcast_of_pair(const Dims& from, const Dims& to, std::size_t pair) {
    const auto kind = [&](std::size_t axis) {
      while (axis > 0 && to[axis] == 1) --axis;
      while (axis + 1 < to.size() && to[axis] == 1) ++axis;
      return from[axis] == to[axis];
    };
    return kind(pair) == kind(pair + 1);
  }

  void visit(std::size_t term) {
    const TermInfo& info = expression_.terms[term];
    if (info.primitive == Primitive::reshape) return visit_reshape(term, info.terms[0].index);
    for (const expr::Term operand_term : info.terms) {
      const std::size_t operand = operand_term.index;
      const Dims& dims = expression_.terms[operand].dims;
      const bool is_number = info.primitive == Primitive::broadcast && expr::elements(dims) == 1;
      if (is_number) continue;  // one number that many may share: its axes tie nothing
      for (std::size_t pair = 0; pair + 1 < dims.size(); ++pair) visit_pair(term, info, operand, dims, pair);
    }
  }

  // Axes of a reshape that end where axes of its source end stay apart as long as those do: then an index of the one is
  // a sum of indices of the other.
  void visit_reshape(std::size_t term, std::size_t operand) {
    if (expr::family(expression_.terms[operand].primitive) == expr::Family::leaf) return;
    const Dims& to = expression_.terms[term].dims;
    const Dims& from = expression_.terms[operand].dims;
    std::int64_t end = 1;
    for (std::size_t pair = 0; pair + 1 < to.size(); ++pair) {
      end *= to[pair];
      std::int64_t other_end = 1;
      for (std::size_t other = 0; other + 1 < from.size(); ++other) {
        other_end *= from[other];
        if (end == other_end) tie(term, pair, operand, other);
      }
    }
  }

  void visit_pair(std::size_t term, const TermInfo& info, std::size_t operand, const Dims& dims, std::size_t pair) {
    bool is_joined = true;
    switch (info.primitive) {
      case Primitive::broadcast:
        is_joined = is_broadcast_of_pair(dims, info.dims, pair);
        break;
      case Primitive::sum:
      case Primitive::max:
        is_joined = contains(info.axes, pair) == contains(info.axes, pair + 1);
        break;
      case Primitive::slice:
      case Primitive::pad:
      case Primitive::repeat:
        is_joined = !contains(info.axes, pair) && !contains(info.axes, pair + 1);
        break;
      case Primitive::permute:
        if (info.axes[pair + 1] == info.axes[pair] + 1) {
          tie(term, pair, operand, static_cast<std::size_t>(info.axes[pair]));
        } else {
          cross_out(term, pair);
        }
        for (std::size_t i = 0; i < dims.size(); ++i) {
          const bool is_first = info.axes[i] == static_cast<std::int64_t>(pair);
          const bool is_followed = i + 1 < dims.size() && info.axes[i + 1] == info.axes[i] + 1;
          if (is_first && !is_followed) cross_out(operand, pair);
        }
        return;
      case Primitive::operand:
      case Primitive::weight:
      case Primitive::constant:
      case Primitive::negate:
      case Primitive::exp:
      case Primitive::log:
      case Primitive::sqrt:
      case Primitive::abs:
      case Primitive::tanh:
      case Primitive::erf:
      case Primitive::detach:
      case Primitive::add:
      case Primitive::subtract:
      case Primitive::multiply:
      case Primitive::divide:
      case Primitive::maximum:
      case Primitive::minimum:
      case Primitive::greater:
      case Primitive::equal:
      case Primitive::select:
      case Primitive::reshape:
        break;
    }
    if (!is_joined) cross_out(term, pair);
    if (!is_joined) cross_out(operand, pair);
    tie(term, pair, operand, pair);
  }

  // The axis that `axis` of the term becomes part of.
  std::int64_t new_axis(std::size_t term, std::int64_t axis) const {
    const auto begin = joined_[term].begin();
    return axis - std::count(begin, begin + axis, 1);
  }

  void rewrite_axes(std::size_t term) {
    TermInfo& info = expression_.terms[term];
    if (info.terms.empty()) return;
    const std::size_t operand = info.terms[0].index;
    std::vector<std::int64_t> axes;
    for (std::size_t i = 0; i < info.axes.size(); ++i) {
      const bool is_permute = info.primitive == Primitive::permute;
      if (is_permute && i > 0 && joined_[term][i - 1] != 0) continue;
      const std::int64_t axis = new_axis(operand, info.axes[i]);
      if (is_permute || axes.empty() || axes.back() != axis) axes.push_back(axis);
    }
    info.axes = std::move(axes);
  }

  void rewrite_dims(std::size_t term) {
    Dims& dims = expression_.terms[term].dims;
    Dims result;
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
      if (axis > 0 && joined_[term][axis - 1] != 0) {
        result.back() *= dims[axis];
      } else {
        result.push_back(dims[axis]);
      }
    }
    dims = std::move(result);
  }

  expr::Expression& expression_;
  std::vector<std::vector<char>> joined_;  // by term and pair
  bool has_changed_ = false;
};

}  // namespace

expr::Expression collapse_axes(expr::Expression expression) {
  Collapse(expression).run();
  return expression;
}

}  // namespace d2nn::codegen
