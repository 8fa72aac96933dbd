// A loop's rounds see its variable in a scope of their own; everything behind this step is told the scope of each item.
// Of an `if` the branch that its conditions choose is written out, as if it stood alone.
#include "sema/unroll.h"

#include "sema/report.h"

namespace d2nn::sema {
namespace {

/// Rounds of all loops together, and items they give: a short text could ask for more than memory holds.
constexpr std::int64_t max_rounds = std::int64_t{1} << 16;

class Unroller {
 public:
  Unroller(Draft& draft, diag::Sink& sink) : draft_(draft), sink_(sink) {}

  /// False when there are too many rounds to go on.
  bool unroll(const std::vector<ast::NetworkItem>& items, const ConstantScope& scope) {
    for (const ast::NetworkItem& item : items) {
      if (const auto* loop = std::get_if<std::unique_ptr<ast::For>>(&item)) {
        if (!unroll(**loop, scope)) return false;
      } else if (const auto* choice = std::get_if<std::unique_ptr<ast::If>>(&item)) {
        if (!choose(**choice, scope)) return false;
      } else {
        draft_.items.push_back({&item, &scope});
      }
    }
    return true;
  }

 private:
  bool unroll(const ast::For& loop, const ConstantScope& scope) {
    const Evaluator evaluator(scope, sink_);
    const auto begin = evaluator.evaluate_as(*loop.begin, ValueType::integer, "the begin of a range");
    const auto end = evaluator.evaluate_as(*loop.end, ValueType::integer, "the end of a range");
    if (!begin || !end) {
      draft_.has_all_edges = false;
      lose_names(loop.items);
      return true;
    }
    const std::int64_t first = std::get<std::int64_t>(*begin);
    const std::int64_t last = std::get<std::int64_t>(*end);
    if (first >= last) lose_names(loop.items);  // families without members
    for (std::int64_t i = first; i < last; ++i) {
      if (++rounds_ > max_rounds) {
        Report(code("E0308"), cover(loop.begin->range, loop.end->range),
               "the loops of the network have more than " + std::to_string(max_rounds) + " rounds")
            .to(sink_);
        draft_.has_all_edges = false;
        return false;
      }
      ConstantScope& round = draft_.loop_scopes.emplace_back(&scope);
      round.declare(loop.variable.text, {loop.variable.range, Value(i), {}});
      if (!unroll(loop.items, round)) return false;
    }
    return true;
  }

  bool choose(const ast::If& choice, const ConstantScope& scope) {
    const std::vector<ast::NetworkItem>* taken = nullptr;
    bool is_known = true;
    for (const ast::If::Branch& branch : choice.branches) {
      if (taken == nullptr && is_known) {
        const auto condition =
            Evaluator(scope, sink_).evaluate_as(*branch.condition, ValueType::boolean, "a condition");
        is_known = condition.has_value();
        if (is_known && std::get<bool>(*condition)) {
          taken = &branch.items;
          continue;
        }
      }
      leave_out(branch.items);
    }
    if (!is_known) {
      draft_.has_all_edges = false;
      leave_out(choice.otherwise);
      for (const ast::If::Branch& branch : choice.branches) lose_names(branch.items);
      lose_names(choice.otherwise);
      return true;
    }
    if (taken != nullptr) leave_out(choice.otherwise);
    return unroll(taken != nullptr ? *taken : choice.otherwise, scope);
  }

  /// Remembers what a branch would declare, for who names it elsewhere; its families have no members.
  void leave_out(const std::vector<ast::NetworkItem>& items) {
    for_each_declaration(items, [&](const ast::Name& name, bool is_member) {
      is_member ? draft_.empty_families.emplace(name.text, name.range) : draft_.left_out.emplace(name.text, name.range);
    });
  }

  /// What a loop without rounds, or an `if` without a condition, would have declared: names that are known, of which
  /// there is nothing.
  void lose_names(const std::vector<ast::NetworkItem>& items) {
    for_each_declaration(items,
                         [&](const ast::Name& name, bool) { draft_.empty_families.emplace(name.text, name.range); });
  }

  /// Calls `declares(name, whether it is of a family)` for what has edges, in loops and branches too.
  template <class Declares>
  static void for_each_declaration(const std::vector<ast::NetworkItem>& items, const Declares& declares) {
    for (const ast::NetworkItem& item : items) {
      if (const auto* node = std::get_if<ast::Node>(&item)) declares(node->name, node->index != nullptr);
      if (const auto* input = std::get_if<ast::Input>(&item)) declares(input->name, false);
      if (const auto* output = std::get_if<ast::Output>(&item)) declares(output->name, false);
      if (const auto* dummy = std::get_if<ast::Dummy>(&item)) declares(dummy->name, false);
      for (const auto* nested : ast::nested_items(item)) for_each_declaration(*nested, declares);
    }
  }

  Draft& draft_;
  diag::Sink& sink_;
  std::int64_t rounds_ = 0;
};

}  // namespace

void unroll_loops(Draft& draft, diag::Sink& sink) {
  Unroller(draft, sink).unroll(draft.network.items, draft.constants);
}

}  // namespace d2nn::sema
