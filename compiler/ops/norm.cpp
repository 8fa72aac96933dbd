// Batch normalisation, as torch.nn.BatchNorm2d on images and BatchNorm1d on vectors, and fixed normalisation of inputs.
#include <cmath>

#include "ops/attributes.h"
#include "ops/rules.h"

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

}  // namespace

ShapeResult batch_norm_shape(const OpAttrs& attrs, Shapes inputs) {
  const Shape& input = inputs[0];
  if (!(attrs.eps > 0) || !std::isfinite(attrs.eps)) {
    return reject(ShapeFault::argument, "eps", "`eps: " + number_text(attrs.eps) + "` is not a number above 0");
  }
  if (!(attrs.momentum >= 0 && attrs.momentum <= 1)) {
    return reject(ShapeFault::argument, "momentum",
                  "`momentum: " + number_text(attrs.momentum) + "` does not lie in 0 to 1");
  }
  if (input.rank() != 1 && input.rank() != 3) {
    return reject(ShapeFault::input, nullptr,
                  "`batch_norm` receives " + input.to_string() + ", but needs a vector [C] or an image [C, H, W]");
  }
  return accept(input);
}

std::vector<WeightInfo> batch_norm_weights(const OpAttrs&, Shapes inputs, const Shape&) {
  const Shape per_channel{inputs[0].channels()};
  return {{WeightRole::weight, per_channel, true},
          {WeightRole::bias, per_channel, true},
          {WeightRole::running_mean, per_channel, false},
          {WeightRole::running_var, per_channel, false}};
}

ShapeResult normalize_shape(const OpAttrs& attrs, Shapes inputs) {
  for (double value : attrs.mean) {
    if (!std::isfinite(static_cast<float>(value))) {
      return reject(ShapeFault::argument, "mean", "`mean` holds a value beyond f32");
    }
  }
  for (double value : attrs.std) {
    // The runtime divides by it in f32: what rounds to zero there is zero here.
    if (!(static_cast<float>(value) > 0) || !std::isfinite(static_cast<float>(value))) {
      return reject(ShapeFault::argument, "std",
                    "`std` holds " + number_text(value) + ", but every value must be above 0");
    }
  }
  if (auto error = check_count("mean", attrs.mean.size(), inputs[0])) return *error;
  if (auto error = check_count("std", attrs.std.size(), inputs[0])) return *error;
  return accept(inputs[0]);
}

}  // namespace d2nn::ops
