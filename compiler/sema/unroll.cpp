// A loop's rounds see its variable in a scope of their own; everything behind this step is told the scope of each item.
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
      const auto* loop = std::get_if<std::unique_ptr<ast::For>>(&item);
      if (loop == nullptr) {
        draft_.items.push_back({&item, &scope});
      } else if (!unroll(**loop, scope)) {
        return false;
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
      lose_names(loop);
      return true;
    }
    const std::int64_t first = std::get<std::int64_t>(*begin);
    const std::int64_t last = std::get<std::int64_t>(*end);
    if (first >= last) lose_names(loop);  // families without members
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

  /// What a loop without rounds would have declared: names that are known, of which there is nothing.
  void lose_names(const ast::For& loop) {
    for (const ast::NetworkItem& item : loop.items) {
      if (const auto* node = std::get_if<ast::Node>(&item))
        draft_.empty_families.emplace(node->name.text, node->name.range);
      if (const auto* inner = std::get_if<std::unique_ptr<ast::For>>(&item)) lose_names(**inner);
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
