// Batch normalisation, as torch.nn.BatchNorm2d on images and BatchNorm1d on vectors, and fixed normalisation of inputs.
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

std::optional<ShapeResult> check_count(const char* param, std::size_t count, const Shape& input) {
  const auto channels = static_cast<std::uint64_t>(input.channels());
  if (count == channels) return std::nullopt;
  return reject(ShapeFault::input, param,
                "`" + std::string(param) + "` has " + std::to_string(count) + (count == 1 ? " value" : " values") +
                    ", but " + input.to_string() + " has " + std::to_string(channels) +
                    (channels == 1 ? " channel" : " channels"),
                "give one value per channel");
}

std::optional<ShapeResult> check_eps(double eps) {
  if (eps > 0) return std::nullopt;
  return reject(ShapeFault::argument, "eps", "`eps: " + number_text(eps) + "` is not a number above 0");
}

ShapeResult batch_norm_shape(const Arguments& arguments, Shapes inputs) {
  const Shape& input = inputs[0];
  const double momentum = arguments.number("momentum");
  if (auto error = check_eps(arguments.number("eps"))) return *error;
  if (!(momentum >= 0 && momentum <= 1)) {
    return reject(ShapeFault::argument, "momentum",
                  "`momentum: " + number_text(momentum) + "` does not lie in 0 to 1");
  }
  if (input.rank() != 1 && input.rank() != 3) {
    return reject(ShapeFault::input, nullptr,
                  "`batch_norm` receives " + input.to_string() + ", but needs a vector [C] or an image [C, H, W]");
  }
  return accept(input);
}

std::vector<Weight> batch_norm_weights(const Arguments&, Shapes inputs, const Shape&) {
  const Shape per_channel{inputs[0].channels()};
  return {{.name = "weight", .shape = per_channel, .start = Start::ones},
          {.name = "bias", .shape = per_channel},
          {.name = "running_mean", .shape = per_channel, .is_trained = false},
          {.name = "running_var", .shape = per_channel, .start = Start::ones, .is_trained = false, .is_variance = true}};
}

ShapeResult normalize_shape(const Arguments& arguments, Shapes inputs) {
  const Numbers& mean = arguments.numbers("mean");
  const Numbers& deviations = arguments.numbers("std");
  for (double value : deviations) {
    // The runtime divides by it in f32: what rounds to zero there is zero here.
    if (!(static_cast<float>(value) > 0)) {
      return reject(ShapeFault::argument, "std",
                    "`std` holds " + number_text(value) + ", but every value must be above 0");
    }
  }
  if (auto error = check_count("mean", mean.size(), inputs[0])) return *error;
  if (auto error = check_count("std", deviations.size(), inputs[0])) return *error;
  return accept(inputs[0]);
}

constexpr ParamInfo batch_norm_params[] = {
    {"eps", ParamType::number, "1e-5", "added to the variance"},
    {"momentum", ParamType::number, "0.1", "share of the new statistics in the running ones"},
};
constexpr ParamInfo normalize_params[] = {
    {"mean", ParamType::numbers, nullptr, "subtracted, one per channel"},
    {"std", ParamType::numbers, nullptr, "divided by, one per channel, above 0"},
};

constexpr Layer family[] = {
    {.name = "batch_norm",
     .kernel = Kernel::batch_norm,
     .params = batch_norm_params,
     .shape = batch_norm_shape,
     .weights = batch_norm_weights,
     .doc = "Batch normalisation per channel of [C, H, W] or [C], with learned scale and shift; inference uses the "
            "running statistics."},
    {.name = "normalize",
     .kernel = Kernel::normalize,
     .params = normalize_params,
     .shape = normalize_shape,
     .doc = "(x - mean) / std per channel, with constants."},
};

}  // namespace

std::span<const Layer> norms() {
  return family;
}

}  // namespace d2nn::ops
