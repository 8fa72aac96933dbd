// See refine.h. A split goes to all terms that are tied to the axis: through elementwise work, broadcasts, reductions
// and permutations; a reshape ends it, since it only counts elements. An axis that is cut or padded cannot be split.
#include "codegen/expressions/refine.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

namespace d2nn::codegen {

namespace {

using expr::Dims;
using expr::Expression;
using expr::Family;
using expr::Primitive;
using expr::TermInfo;

class Refinement {
 public:
  explicit Refinement(Expression& expression) : expression_(expression), readers_(expression.terms.size()) {
    for (std::size_t term = 0; term < expression.terms.size(); ++term) {
      for (const expr::Term operand : info(term).terms) readers_[operand.index].push_back(term);
    }
  }

  void run() {
    for (std::size_t term = 0; term < readers_.size(); ++term) {
      if (info(term).primitive != Primitive::reshape) continue;
      if (expr::family(info(info(term).terms[0].index).primitive) == Family::leaf) continue;
      while (const auto split = needed_split(term)) {
        if (!apply(term, split->first, split->second)) break;
      }
    }
  }

 private:
  TermInfo& info(std::size_t term) { return expression_.terms[term]; }

  // An axis of the reshape and its outer part, so that the border of an axis of its source falls between the parts.
  std::optional<std::pair<std::size_t, std::int64_t>> needed_split(std::size_t reshape) {
    const Dims& to = info(reshape).dims;
    std::int64_t border = 1;
    for (const std::int64_t size : info(info(reshape).terms[0].index).dims) {
      border *= size;
      std::int64_t before = 1;
      for (std::size_t axis = 0; axis < to.size(); before *= to[axis++]) {
        const std::int64_t behind = before * to[axis];
        if (before < border && border < behind && border % before == 0 && behind % border == 0) {
          return std::pair{axis, border / before};
        }
      }
    }
    return std::nullopt;
  }

  // Adds a term's axis to those to split; false: it cannot be.
  bool tie(std::size_t term, std::size_t axis) {
    const auto [place, is_new] = axes_.try_emplace(term, axis);
    if (is_new) open_.push_back(term);
    return place->second == axis;
  }

  // Goes from one of the two to the other.
  bool tie_across(std::size_t term, std::size_t operand, bool to_operand, std::size_t axis) {
    const TermInfo& reader = info(term);
    switch (expr::family(reader.primitive)) {
      case Family::leaf:
        return true;
      case Family::movement:
        break;
      default:
        return tie(to_operand ? operand : term, axis);
    }
    if (reader.primitive == Primitive::reshape) return true;
    if (reader.primitive == Primitive::broadcast && expr::elements(info(operand).dims) == 1) return true;
    if (reader.primitive == Primitive::permute) {
      const auto moved = to_operand ? reader.axes.begin() + static_cast<long>(axis)
                                    : std::find(reader.axes.begin(), reader.axes.end(), static_cast<long>(axis));
      return tie(to_operand ? operand : term,
                 static_cast<std::size_t>(to_operand ? *moved : moved - reader.axes.begin()));
    }
    const bool is_cut = reader.primitive != Primitive::broadcast && reader.axes[0] == static_cast<std::int64_t>(axis);
    return !is_cut && tie(to_operand ? operand : term, axis);
  }

  bool apply(std::size_t term, std::size_t axis, std::int64_t outer) {
    axes_.clear();
    open_.clear();
    tie(term, axis);
    while (!open_.empty()) {
      const std::size_t next = open_.back();
      open_.pop_back();
      const std::size_t next_axis = axes_.at(next);
      for (const expr::Term operand : info(next).terms) {
        if (!tie_across(next, operand.index, true, next_axis)) return false;
      }
      for (const std::size_t reader : readers_[next]) {
        if (!tie_across(reader, next, false, next_axis)) return false;
      }
    }
    for (const auto& [split, split_axis] : axes_) rename_axes(split);
    for (const auto& [split, split_axis] : axes_) {
      Dims& dims = info(split).dims;
      const std::int64_t size = dims[split_axis];
      dims[split_axis] = size == 1 ? 1 : size / outer;
      dims.insert(dims.begin() + static_cast<long>(split_axis), size == 1 ? 1 : outer);
    }
    return true;
  }

  // The axes that a term names are those of its operand, which is split with it.
  void rename_axes(std::size_t term) {
    TermInfo& named = info(term);
    if (named.axes.empty()) return;
    const auto axis = static_cast<std::int64_t>(axes_.at(named.terms[0].index));
    std::vector<std::int64_t> axes;
    for (const std::int64_t old : named.axes) {
      axes.push_back(old > axis ? old + 1 : old);
      if (old == axis) axes.push_back(old + 1);
    }
    named.axes = std::move(axes);
  }

  Expression& expression_;
  std::vector<std::vector<std::size_t>> readers_;
  std::map<std::size_t, std::size_t> axes_;  // what is split, by term
  std::vector<std::size_t> open_;
};

}  // namespace

Expression refine_axes(Expression expression) {
  Refinement(expression).run();
  return expression;
}

}  // namespace d2nn::codegen
