// Batch normalisation, as torch.nn.BatchNorm2d on images and BatchNorm1d on vectors, normalisation of each sample by
// itself, as torch.nn.LayerNorm and GroupNorm, and fixed normalisation of inputs.
#include "expr/compose.h"
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
    return reject(ShapeFault::argument, "momentum", "`momentum: " + number_text(momentum) + "` does not lie in 0 to 1");
  }
  if (input.rank() != 1 && input.rank() != 3) {
    return reject(ShapeFault::input, nullptr,
                  "`batch_norm` receives " + input.to_string() + ", but needs a vector [C] or an image [C, H, W]");
  }
  return accept(input);
}

std::vector<Weight> batch_norm_weights(const Arguments&, Shapes inputs, const Shape&) {
  const Shape per_channel{inputs[0].channels()};
  return {
      {.name = "weight", .shape = per_channel, .start = Start::ones},
      {.name = "bias", .shape = per_channel},
      {.name = "running_mean", .shape = per_channel, .is_trained = false},
      {.name = "running_var", .shape = per_channel, .start = Start::ones, .is_trained = false, .is_variance = true}};
}

bool is_over_channels(const Arguments& arguments) {
  return arguments.word("over") == "channels";
}

ShapeResult layer_norm_shape(const Arguments& arguments, Shapes inputs) {
  const std::int64_t last = arguments.integer("last");
  if (auto error = check_eps(arguments.number("eps"))) return *error;
  if (is_over_channels(arguments)) {
    if (last != 1) {
      return reject(ShapeFault::argument, "last",
                    "`last: " + std::to_string(last) + "` counts last axes, but `over: channels` is over axis 0",
                    "leave `last` out");
    }
    if (auto error = check_image("layer_norm", inputs[0])) return *error;
  } else if (last > static_cast<std::int64_t>(inputs[0].rank())) {
    return reject(ShapeFault::input, "last",
                  "`last: " + std::to_string(last) + "` is more than the axes of " + inputs[0].to_string());
  }
  return accept(inputs[0]);
}

/// The sizes of the axes that layer_norm normalises over and has weights for.
Shape normalised_axes(const Arguments& arguments, const Shape& input) {
  if (is_over_channels(arguments)) return Shape{input.channels()};
  return Shape(std::vector<std::int64_t>(input.dims.end() - arguments.integer("last"), input.dims.end()));
}

/// Of layers that normalise each sample by itself: scale and shift, which PyTorch calls weight and bias.
std::vector<Weight> scale_and_shift(const Shape& shape) {
  return {{.name = "weight", .shape = shape, .start = Start::ones}, {.name = "bias", .shape = shape}};
}

std::vector<Weight> layer_norm_weights(const Arguments& arguments, Shapes inputs, const Shape&) {
  return scale_and_shift(normalised_axes(arguments, inputs[0]));
}

/// What is normalised together is made one axis.
expr::Value layer_norm(Composition& layer, const Arguments& arguments) {
  const std::int64_t size = normalised_axes(arguments, layer.shape()).elements();
  const std::int64_t places = layer.shape().elements() / size;
  const bool is_first = is_over_channels(arguments);
  const expr::Value x = layer.operand(0, is_first ? expr::Dims{size, places} : expr::Dims{places, size});
  const expr::Dims weight = is_first ? expr::Dims{size, 1} : expr::Dims{1, size};
  const expr::Value normal = expr::normalise(x, {is_first ? 0 : 1}, arguments.number("eps"));
  return normal * layer.weight(0, weight) + layer.weight(1, weight);
}

ShapeResult group_norm_shape(const Arguments& arguments, Shapes inputs) {
  const std::int64_t groups = arguments.integer("groups");
  if (auto error = check_eps(arguments.number("eps"))) return *error;
  if (inputs[0].channels() % groups != 0) {
    return reject(ShapeFault::input, "groups",
                  "`groups: " + std::to_string(groups) + "` does not divide the " +
                      std::to_string(inputs[0].channels()) + " channels of " + inputs[0].to_string());
  }
  return accept(inputs[0]);
}

std::vector<Weight> group_norm_weights(const Arguments&, Shapes inputs, const Shape&) {
  return scale_and_shift(Shape{inputs[0].channels()});
}

expr::Value group_norm(Composition& layer, const Arguments& arguments) {
  const std::int64_t groups = arguments.integer("groups");
  const std::int64_t channels = layer.shape().channels() / groups;
  const std::int64_t places = layer.shape().elements() / layer.shape().channels();
  const expr::Value normal =
      expr::normalise(layer.operand(0, {groups, channels, places}), {1, 2}, arguments.number("eps"));
  const expr::Dims weight{groups, channels, 1};
  return normal * layer.weight(0, weight) + layer.weight(1, weight);
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
constexpr const char* layer_norm_axes[] = {"last", "channels"};
constexpr ParamInfo layer_norm_params[] = {
    {"last", ParamType::integer, "1", "how many of the last axes it normalises over", 1},
    {"eps", ParamType::number, "1e-5", "added to the variance"},
    {.name = "over",
     .type = ParamType::word,
     .fallback = "last",
     .doc = "`channels`: over axis 0 of [C, H, W], separately at each position",
     .choices = layer_norm_axes},
};
constexpr ParamInfo group_norm_params[] = {
    {"groups", ParamType::integer, nullptr, "groups of neighbouring channels, each normalised separately", 1},
    {"eps", ParamType::number, "1e-5", "added to the variance"},
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
    {.name = "layer_norm",
     .params = layer_norm_params,
     .shape = layer_norm_shape,
     .meaning = layer_norm,
     .weights = layer_norm_weights,
     .doc = "(x - mean) / sqrt(variance + eps) over the last axes, or over the channels, of each sample; with learned "
            "scale and shift of the shape of those axes."},
    {.name = "group_norm",
     .params = group_norm_params,
     .shape = group_norm_shape,
     .meaning = group_norm,
     .weights = group_norm_weights,
     .doc = "(x - mean) / sqrt(variance + eps) over each group of channels and all positions, of each sample; with "
            "learned scale and shift per channel."},
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
