// Initial weights: see initialise.h.
#include "train/initialise.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "train/random.h"

namespace d2nn::train {
namespace {

/// How near zero the scores of control nodes start, as a factor of PyTorch's default range.
constexpr double control_score_scale = 0.01;

/// The weight of a layer that multiplies and sums, such as conv and dense.
bool is_product_weight(const d2nn_parameter& parameter) {
  return parameter.start == D2NN_START_FAN_IN && parameter.decays != 0;
}

/// Parameters of the layer that gives a control node's scores: the last weight of a product in the node and
/// its bias.
std::vector<bool> find_score_layers(const d2nn_module& module) {
  std::vector<bool> is_score(module.parameter_count, false);
  for (std::uint32_t node = 0; node < module.node_count; ++node) {
    if (module.nodes[node].kind != D2NN_NODE_CONTROL) continue;
    std::uint32_t last_weight = D2NN_NO_INDEX;
    for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
      const d2nn_parameter& parameter = module.parameters[p];
      if (parameter.node == node && is_product_weight(parameter)) last_weight = p;
    }
    if (last_weight == D2NN_NO_INDEX) continue;
    is_score[last_weight] = true;
    const std::uint32_t next = last_weight + 1;
    if (next < module.parameter_count && module.parameters[next].node == node &&
        module.parameters[next].start == D2NN_START_FAN_IN) {
      is_score[next] = true;
    }
  }
  return is_score;
}

}  // namespace

void initialise(const d2nn_module& module, std::uint64_t seed, std::span<float> values) {
  const std::vector<bool> is_score = find_score_layers(module);
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    const d2nn_parameter& parameter = module.parameters[p];
    const std::span<float> tensor =
        values.subspan(static_cast<std::size_t>(parameter.offset), static_cast<std::size_t>(parameter.tensor.elements));
    if (parameter.start == D2NN_START_ZEROS || parameter.start == D2NN_START_ONES) {
      std::fill(tensor.begin(), tensor.end(), parameter.start == D2NN_START_ONES ? 1.0F : 0.0F);
      continue;
    }
    if (parameter.start == D2NN_START_NORMAL) {
      for (std::size_t i = 0; i < tensor.size(); ++i) {
        tensor[i] = static_cast<float>(parameter.deviation * Draw(seed, Purpose::initial_weights, p, 0, i).normal());
      }
      continue;
    }
    const double bound = (is_score[p] ? control_score_scale : 1.0) /
                         std::sqrt(static_cast<double>(std::max<std::int64_t>(parameter.fan_in, 1)));
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      tensor[i] = static_cast<float>((2 * Draw(seed, Purpose::initial_weights, p, 0, i).uniform() - 1) * bound);
    }
  }
}

}  // namespace d2nn::train
