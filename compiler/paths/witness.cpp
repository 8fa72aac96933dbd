#include "paths/witness.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace d2nn::paths {
namespace {

/// Thrown when the exact search meets its limit; caught in shortest_witness.
struct SearchTooLarge {};

/// Eliminates the control nodes from the last to the first: each is either not named in the list (then the condition
/// must hold for all its actions) or named with one action. What is left is described by two predicates over the
/// earlier ones.
class Search {
 public:
  Search(const Conditions& conditions, const DiagramSession& session, std::size_t state_limit)
      : conditions_(conditions), session_(session), state_limit_(state_limit) {}

  static constexpr std::size_t impossible = ~std::size_t{0};

  /// Fewest decisions by the first `controls` control nodes. `possible`: some path is left; `certain`: all that are
  /// left satisfy the condition.
  std::size_t fewest(std::size_t controls, const Predicate& possible, const Predicate& certain) {
    if (possible.is_never() || certain.is_never()) return impossible;
    if (certain.is_always()) return 0;
    if (controls == 0) return impossible;
    const Key key{controls, possible.key(), certain.key()};
    if (const auto known = known_.find(key); known != known_.end()) return known->second.fewest;
    if (known_.size() >= state_limit_) throw SearchTooLarge();

    State state{possible, certain, impossible, std::nullopt};
    const auto try_choice = [&](std::optional<std::uint32_t> action) {
      const auto [next_possible, next_certain] = after(controls - 1, possible, certain, action);
      const std::size_t rest = fewest(controls - 1, next_possible, next_certain);
      if (rest == impossible || rest + (action ? 1 : 0) >= state.fewest) return;
      state.fewest = rest + (action ? 1 : 0);
      state.action = action;
    };
    const ControlCode& code = conditions_.codes[controls - 1];
    try_choice(std::nullopt);
    for (std::uint32_t action = 0; action < code.action_count; ++action) try_choice(action);
    const std::size_t result = state.fewest;
    known_.emplace(key, std::move(state));
    return result;
  }

  /// The list that `fewest` found.
  DecisionList list(std::size_t controls, Predicate possible, Predicate certain) const {
    DecisionList decisions;
    while (!certain.is_always()) {
      const State& state = known_.at(Key{controls, possible.key(), certain.key()});
      --controls;
      if (state.action) decisions.emplace_back(conditions_.codes[controls].control, *state.action);
      std::tie(possible, certain) = after(controls, possible, certain, state.action);
    }
    std::reverse(decisions.begin(), decisions.end());
    return decisions;
  }

 private:
  using Key = std::tuple<std::size_t, int, int>;
  /// Keeps its predicates alive, so that no other predicate can take over their keys.
  struct State {
    Predicate possible;
    Predicate certain;
    std::size_t fewest;
    std::optional<std::uint32_t> action;
  };

  std::pair<Predicate, Predicate> after(std::size_t control, const Predicate& possible, const Predicate& certain,
                                        std::optional<std::uint32_t> action) const {
    const ControlCode& code = conditions_.codes[control];
    if (!action) return {session_.exists(possible, code.variables), session_.for_all(certain, code.variables)};
    const Predicate chosen = conditions_.executes[code.control.index] & spells(code, *action, session_);
    return {session_.exists(possible & chosen, code.variables), session_.for_all((!chosen) | certain, code.variables)};
  }

  const Conditions& conditions_;
  const DiagramSession& session_;
  std::size_t state_limit_;
  std::map<Key, State> known_;
};

/// All decisions of one path that satisfies the condition, then without those that the rest makes superfluous.
DecisionList irredundant_witness(const Predicate& condition, const Conditions& conditions,
                                 const DiagramSession& session) {
  Predicate satisfying = condition;
  std::vector<std::pair<std::size_t, std::uint32_t>> decisions;  // position in codes, action
  for (std::size_t position = 0; position < conditions.codes.size(); ++position) {
    const ControlCode& code = conditions.codes[position];
    for (std::uint32_t action = 0; action < code.action_count; ++action) {
      const Predicate chosen = conditions.executes[code.control.index] & spells(code, action, session);
      if ((satisfying & chosen).is_never()) continue;
      satisfying = satisfying & chosen;
      decisions.emplace_back(position, action);
      break;
    }
  }
  for (std::size_t candidate = decisions.size(); candidate-- > 0;) {
    Predicate taken = session.always();
    for (std::size_t other = 0; other < decisions.size(); ++other) {
      if (other == candidate) continue;
      const ControlCode& code = conditions.codes[decisions[other].first];
      taken = taken & conditions.executes[code.control.index] & spells(code, decisions[other].second, session);
    }
    if ((taken & !condition).is_never()) decisions.erase(decisions.begin() + static_cast<std::ptrdiff_t>(candidate));
  }
  DecisionList list;
  for (const auto& [position, action] : decisions) list.emplace_back(conditions.codes[position].control, action);
  return list;
}

}  // namespace

std::optional<DecisionList> shortest_witness(const Predicate& condition, const Conditions& conditions,
                                             const DiagramSession& session, std::size_t state_limit) {
  if (condition.is_never()) return std::nullopt;
  try {
    Search search(conditions, session, state_limit);
    search.fewest(conditions.codes.size(), session.always(), condition);
    return search.list(conditions.codes.size(), session.always(), condition);
  } catch (const SearchTooLarge&) {
  } catch (const DiagramError&) {  // the quantified conditions outgrew the limit, which the plain ones did not
  }
  return irredundant_witness(condition, conditions, session);
}

}  // namespace d2nn::paths
