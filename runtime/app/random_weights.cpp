#include "app/random_weights.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "weights/safetensors.h"

namespace d2nn::app {

Result<std::string> random_weights(const d2nn_module& module) {
  std::mt19937 random(2);
  std::vector<float> values(static_cast<std::size_t>(module.parameter_floats), 0.0F);
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    const d2nn_parameter& parameter = module.parameters[p];
    const auto begin = values.begin() + parameter.offset;
    const auto end = begin + parameter.tensor.elements;
    if (parameter.start == D2NN_START_ONES) {
      std::fill(begin, end, 1.0F);
    } else if (parameter.start == D2NN_START_NORMAL) {
      std::normal_distribution<float> normal;
      std::generate(begin, end, [&] { return static_cast<float>(parameter.deviation) * normal(random); });
    } else if (parameter.start == D2NN_START_FAN_IN) {
      const auto limit = std::sqrt(3.0F / static_cast<float>(std::max<std::int64_t>(parameter.fan_in, 1)));
      std::uniform_real_distribution<float> uniform(-limit, limit);
      std::generate(begin, end, [&] { return uniform(random); });
    }
  }
  return weights::encode(weights::parameter_views(module, values));
}

}  // namespace d2nn::app
