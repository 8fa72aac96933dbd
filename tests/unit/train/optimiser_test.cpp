// Updates against PyTorch 2's numbers for the same weights and gradients, printed with nine digits.
#include "train/optimiser.h"

#include <doctest/doctest.h>

#include <vector>

#include "small_network.h"

using namespace d2nn;
using namespace d2nn::train;

namespace {

const float weights_before[4] = {1.0F, -2.0F, 0.5F, 0.25F};
const float gradients[3][4] = {{0.1F, -0.2F, 0.3F, 0.0F}, {0.05F, 0.4F, -0.1F, 0.0F}, {-0.3F, 0.2F, 0.2F, 1.0F}};

/// The four first weights of N1 after three steps with the gradients above.
std::vector<float> after_three_steps(const TrainOptions& options, double rate) {
  const d2nn_module& module = test::small_network();
  threads::ThreadPool pool(2);
  Optimiser optimiser(module, options);
  std::vector<float> parameters(static_cast<std::size_t>(module.parameter_floats), 3.0F);
  std::vector<float> gradient(parameters.size());
  std::copy_n(weights_before, 4, parameters.begin());
  for (const auto& step : gradients) {
    std::copy_n(step, 4, gradient.begin());
    optimiser.step({Stage::joint, 0, rate}, parameters, gradient, pool);
    for (const float value : gradient) CHECK(value == 0.0F);
  }
  return {parameters.begin(), parameters.begin() + 4};
}

void check_close(const std::vector<float>& found, const std::vector<double>& wanted) {
  for (std::size_t i = 0; i < 4; ++i) CHECK(static_cast<double>(found[i]) == doctest::Approx(wanted[i]).epsilon(1e-6));
}

}  // namespace

TEST_CASE("Adam moves weights as torch.optim.Adam does") {
  check_close(after_three_steps({}, 0.01), {0.98415041, -1.99885345, 0.479966968, 0.243611872});
}

TEST_CASE("Adam with weight decay moves weights as torch.optim.AdamW does") {
  TrainOptions options;
  options.weight_decay = 0.1;
  check_close(after_three_steps(options, 0.01), {0.981182814, -1.99287593, 0.478492469, 0.242862642});
}

TEST_CASE("SGD with momentum and weight decay moves weights as torch.optim.SGD does") {
  TrainOptions options;
  options.optimizer = OptimizerKind::sgd;
  options.weight_decay = 0.01;
  check_close(after_three_steps(options, 0.1), {0.987837851, -2.03062558, 0.415001363, 0.148598701});
}

TEST_CASE("a stage moves only the nodes it trains") {
  const d2nn_module& module = test::small_network();
  threads::ThreadPool pool(1);
  const auto moved = [&](Stage stage, std::uint32_t node) {
    Optimiser optimiser(module, {});
    std::vector<float> parameters(static_cast<std::size_t>(module.parameter_floats), 1.0F);
    std::vector<float> gradient(parameters.size(), 1.0F);
    optimiser.step({stage, 0, 0.1}, parameters, gradient, pool);
    for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
      if (module.parameters[p].node == node)
        return parameters[static_cast<std::size_t>(module.parameters[p].offset)] != 1.0F;
    }
    return false;
  };
  CHECK(moved(Stage::paths, test::node_n2));
  CHECK_FALSE(moved(Stage::paths, test::node_q));
  CHECK(moved(Stage::joint, test::node_n2));
  CHECK(moved(Stage::joint, test::node_q));
  CHECK_FALSE(moved(Stage::choice, test::node_n2));
  CHECK(moved(Stage::choice, test::node_q));
  CHECK_FALSE(moved(Stage::control, test::node_n2));
  CHECK(moved(Stage::control, test::node_q));
}

TEST_CASE("a control node's first Adam step is as long as the learning rate even after a long pre-training") {
  const d2nn_module& module = test::small_network();
  threads::ThreadPool pool(1);
  Optimiser optimiser(module, {});
  std::vector<float> parameters(static_cast<std::size_t>(module.parameter_floats), 0.0F);
  std::vector<float> gradient(parameters.size(), 0.0F);
  for (int i = 0; i < 50; ++i) optimiser.step({Stage::paths, 0, 0.1}, parameters, gradient, pool);
  std::fill(gradient.begin(), gradient.end(), 0.5F);
  optimiser.step({Stage::joint, 0, 0.1}, parameters, gradient, pool);
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    if (module.parameters[p].node == test::node_q)
      CHECK(static_cast<double>(parameters[static_cast<std::size_t>(module.parameters[p].offset)]) ==
            doctest::Approx(-0.1));
  }
}

TEST_CASE("running statistics are never updated by the optimiser") {
  d2nn_module module = test::small_network();
  std::vector<d2nn_parameter> parameters(module.parameters, module.parameters + module.parameter_count);
  parameters[0].is_trained = 0;
  module.parameters = parameters.data();
  threads::ThreadPool pool(1);
  Optimiser optimiser(module, {});
  std::vector<float> values(static_cast<std::size_t>(module.parameter_floats), 1.0F);
  std::vector<float> gradient(values.size(), 1.0F);
  optimiser.step({Stage::joint, 0, 0.1}, values, gradient, pool);
  CHECK(values[static_cast<std::size_t>(parameters[0].offset)] == 1.0F);
  CHECK(values[static_cast<std::size_t>(parameters[1].offset)] != 1.0F);
}
