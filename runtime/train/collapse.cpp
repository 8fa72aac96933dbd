// Warnings about collapsed control nodes: see collapse.h.
#include "train/collapse.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "exec/budget.h"

namespace d2nn::train {
namespace {

/// What a sample would cost on the action given up, against the actions taken.
enum class Price : std::uint8_t { same, dearer, cheaper };

Price price_of(double difference) {
  return difference > 0 ? Price::dearer : difference < 0 ? Price::cheaper : Price::same;
}

/// The multiplications of the nodes that an action runs itself.
double cost_of_targets(const d2nn_module& module, const d2nn_action& action) {
  double cost = 0;
  for (std::uint32_t t = 0; t < action.target_count; ++t)
    cost += static_cast<double>(module.nodes[action.targets[t]].cost);
  return cost;
}

/// By the least that can follow each action, over the paths that were taken; where the module has no tables of that, by
/// the nodes that the actions run.
Price find_price(const d2nn_module& module, const Evaluation& evaluation, std::uint32_t control, std::uint32_t action) {
  const d2nn_control& decision = module.controls[control];
  double difference = 0;
  for (const PathCount& path : evaluation.paths) {
    const std::int32_t taken = path.actions[control];
    if (taken < 0 || static_cast<std::uint32_t>(taken) == action) continue;
    const auto samples = static_cast<double>(path.samples);
    if (module.remaining_costs == nullptr) {
      difference += samples * (cost_of_targets(module, decision.actions[action]) -
                               cost_of_targets(module, decision.actions[taken]));
      continue;
    }
    const auto added = [&](std::uint32_t considered) {
      return exec::added_cost(*module.remaining_costs, path.actions.data(), 1, control, considered);
    };
    difference += samples * static_cast<double>(added(action) - added(static_cast<std::uint32_t>(taken)));
  }
  return price_of(difference);
}

std::string format(const char* pattern, auto... values) {
  char buffer[128];
  std::snprintf(buffer, sizeof buffer, pattern, values...);
  return buffer;
}

/// The change of the reward that favours the action, or "" where there is none.
std::string advice_about_reward(const Reward& reward, Price price) {
  if (!reward.reads(D2NN_REWARD_LAMBDA)) {
    if (price == Price::same) return "";
    return std::string("a `reward:` in the program in which cost counts ") + (price == Price::dearer ? "less" : "more");
  }
  if (price == Price::dearer && reward.lambda < 1) return format("a higher --lambda (it is %g)", reward.lambda);
  if (price == Price::cheaper && reward.lambda > 0) return format("a lower --lambda (it is %g)", reward.lambda);
  return "";
}

std::string advice(const Reward& reward, const TrainOptions& options, Price price, const std::string& choice) {
  const bool is_default = reward.steps.empty();
  if (is_default && reward.lambda <= 0 && price != Price::cheaper)
    return "with --lambda 0 only the cost counts, so the cheapest path is the optimum";
  if (is_default && reward.lambda >= 1 && price != Price::dearer)
    return "with --lambda 1 only the metric counts, so the best path is the optimum whatever it costs";
  const TrainOptions defaults;
  std::vector<std::string> helps;
  if (options.explore != Explore::all) helps.emplace_back("--explore all");
  if (!options.pretrain_epochs) helps.emplace_back("a longer --pretrain");
  // With all actions explored, neither random actions nor the rest of the bag decide what is learned of one.
  if (options.explore != Explore::all && options.epsilon.floor <= defaults.epsilon.floor)
    helps.push_back(format("a higher floor of --epsilon (it is %g)", options.epsilon.floor));
  if (options.explore != Explore::all && options.bag >= defaults.bag)
    helps.push_back(format("a smaller --bag (it is %lld)", static_cast<long long>(options.bag)));
  if (std::string words = advice_about_reward(reward, price); !words.empty()) helps.push_back(std::move(words));
  const std::string optimum =
      "it may be the optimum: see what the network earns with `d2nn eval --fix " + choice + " --json`";
  if (helps.empty()) return optimum;
  std::string text = "what usually helps: ";
  for (std::size_t i = 0; i < helps.size(); ++i)
    text += (i == 0 ? "" : i + 1 < helps.size() ? ", " : i == 1 ? " or " : ", or ") + helps[i];
  return text;
}

}  // namespace

std::vector<std::string> collapse_warnings(const d2nn_module& module, const Evaluation& evaluation,
                                           const Reward& reward, const TrainOptions& options, bool is_last,
                                           CollapseState& state) {
  std::vector<std::string> sentences;
  for (std::uint32_t k = 0; k < module.control_count; ++k) {
    const d2nn_control& control = module.controls[k];
    const std::vector<std::int64_t>& taken = evaluation.actions[k];
    const std::int64_t decided = std::accumulate(taken.begin(), taken.end(), std::int64_t{0});
    if (decided == 0) continue;
    for (std::uint32_t a = 0; a < control.action_count; ++a) {
      const double share = static_cast<double>(taken[a]) / static_cast<double>(decided);
      const std::string name = module.nodes[control.node].name;
      const std::string action = control.actions[a].name;
      const std::string key = name + "=" + action;
      if (std::find(state.warned.begin(), state.warned.end(), key) != state.warned.end()) continue;
      if (share >= collapse_share) {
        std::erase(state.given_up, key);
        continue;
      }
      state.given_up.push_back(key);
      if (!is_last && std::count(state.given_up.begin(), state.given_up.end(), key) < settled_evaluations) continue;
      std::erase(state.given_up, key);
      state.warned.push_back(key);
      const Price price = find_price(module, evaluation, k, a);
      sentences.push_back("control node `" + name + "` takes action `" + action + "` for " +
                          format("%.1f %%", 100 * share) + " of the samples it decides" +
                          (price == Price::dearer    ? ", the dearer choice: "
                           : price == Price::cheaper ? ", the cheaper choice: "
                                                     : ": ") +
                          advice(reward, options, price, key));
    }
  }
  return sentences;
}

}  // namespace d2nn::train
