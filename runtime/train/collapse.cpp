// Warnings about collapsed control nodes: see collapse.h.
#include "train/collapse.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace d2nn::train {
namespace {

std::string advice(const Reward& reward) {
  const bool is_default = reward.steps.empty();
  if (is_default && reward.lambda <= 0)
    return "with --lambda 0 only the cost counts, so the cheapest path is the optimum";
  if (is_default && reward.lambda >= 1)
    return "with --lambda 1 only the metric counts, so the best path is the optimum whatever it costs";
  return std::string(
             "what usually helps: --explore all, a longer --pretrain, a higher floor of --epsilon, a smaller "
             "--bag, or a ") +
         (reward.reads(D2NN_REWARD_LAMBDA) ? "--lambda nearer to the side that is given up"
                                           : "`reward:` in the program that favours the side that is given up");
}

}  // namespace

std::vector<std::string> collapse_warnings(const d2nn_module& module, const Evaluation& evaluation,
                                           const Reward& reward, std::vector<std::string>& warned) {
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
      if (share >= collapse_share || std::find(warned.begin(), warned.end(), key) != warned.end()) continue;
      warned.push_back(key);
      char percent[32];
      std::snprintf(percent, sizeof percent, "%.1f %%", 100 * share);
      sentences.push_back("control node `" + name + "` takes action `" + action + "` for " + percent +
                          " of the samples it decides: " + advice(reward));
    }
  }
  return sentences;
}

}  // namespace d2nn::train
