// The table itself: one row per OpKind, in its order. A new layer is a new enumerator, a row here and its rules.
#include "ops/op_table.h"

#include "ops/rules.h"

namespace d2nn::ops {
namespace {

constexpr ParamInfo conv_params[] = {
    {"kernel", ParamType::extent, nullptr, "height and width of the window"},
    {"filters", ParamType::integer, nullptr, "output channels"},
    {"stride", ParamType::extent, "1", "step of the window"},
    {"pad", ParamType::extent, "0", "zeros added on each side"},
    {"dilation", ParamType::extent, "1", "distance between the window's elements"},
    {"groups", ParamType::integer, "1", "groups of channels convolved apart; divides the channels and the filters"},
    {"bias", ParamType::boolean, "true", "whether a bias per filter is added"},
};
constexpr ParamInfo dense_params[] = {
    {"units", ParamType::integer, nullptr, "elements of the result"},
    {"bias", ParamType::boolean, "true", "whether a bias per unit is added"},
};
constexpr ParamInfo max_pool_params[] = {
    {"kernel", ParamType::extent, nullptr, "height and width of the window"},
    {"stride", ParamType::extent, "kernel", "step of the window"},
    {"pad", ParamType::extent, "0", "minus infinities added on each side; at most half of the kernel"},
};
constexpr ParamInfo avg_pool_params[] = {
    {"kernel", ParamType::extent, nullptr, "height and width of the window"},
    {"stride", ParamType::extent, "kernel", "step of the window"},
    {"pad", ParamType::extent, "0", "zeros added on each side, counted in the mean; at most half of the kernel"},
};
constexpr ParamInfo batch_norm_params[] = {
    {"eps", ParamType::number, "1e-5", "added to the variance"},
    {"momentum", ParamType::number, "0.1", "share of the new statistics in the running ones"},
};
constexpr ParamInfo leaky_relu_params[] = {
    {"slope", ParamType::number, "0.01", "factor of negative values"},
};
constexpr ParamInfo dropout_params[] = {
    {"p", ParamType::number, "0.5", "probability that training sets a value to zero; below 1"},
};
constexpr ParamInfo reshape_params[] = {
    {"dims", ParamType::dims, nullptr, "the new dimensions, with as many elements"},
};
constexpr ParamInfo normalize_params[] = {
    {"mean", ParamType::numbers, nullptr, "subtracted, one per channel"},
    {"std", ParamType::numbers, nullptr, "divided by, one per channel, above 0"},
};
constexpr ParamInfo pad_channels_params[] = {
    {"before", ParamType::integer, nullptr, "channels of zeros put before the input's"},
    {"after", ParamType::integer, nullptr, "channels of zeros put after the input's"},
};

constexpr std::array<OpInfo, op_count> rows{{
    {OpKind::conv, "conv", true, conv_params, conv_shape, conv_cost, conv_weights,
     "Two-dimensional convolution of an image [C, H, W]; every size is floor((in + 2 pad - dilation (kernel - 1) - 1) "
     "/ "
     "stride) + 1."},
    {OpKind::dense, "dense", true, dense_params, dense_shape, dense_cost, dense_weights,
     "Fully connected layer; the input is flattened in C, H, W order."},
    {OpKind::max_pool, "max_pool", true, max_pool_params, max_pool_shape, no_cost, no_weights,
     "Greatest value of each window; NaN wins over every number."},
    {OpKind::avg_pool, "avg_pool", true, avg_pool_params, avg_pool_shape, no_cost, no_weights,
     "Mean of each window; padded zeros are counted."},
    {OpKind::global_avg_pool,
     "global_avg_pool",
     true,
     {},
     global_avg_pool_shape,
     no_cost,
     no_weights,
     "Mean of each channel: [C, H, W] gives [C, 1, 1]."},
    {OpKind::batch_norm, "batch_norm", true, batch_norm_params, batch_norm_shape, no_cost, batch_norm_weights,
     "Batch normalisation per channel of [C, H, W] or [C], with learned scale and shift; inference uses the running "
     "statistics."},
    {OpKind::relu, "relu", true, {}, same_shape, no_cost, no_weights, "max(x, 0); NaN passes through."},
    {OpKind::leaky_relu, "leaky_relu", true, leaky_relu_params, leaky_relu_shape, no_cost, no_weights,
     "x where it is positive, slope x elsewhere."},
    {OpKind::sigmoid, "sigmoid", true, {}, same_shape, no_cost, no_weights, "1 / (1 + exp(-x))."},
    {OpKind::tanh, "tanh", true, {}, same_shape, no_cost, no_weights, "Hyperbolic tangent."},
    {OpKind::gelu,
     "gelu",
     true,
     {},
     same_shape,
     no_cost,
     no_weights,
     "x times the standard normal distribution function of x, exact (with erf)."},
    {OpKind::silu, "silu", true, {}, same_shape, no_cost, no_weights, "x sigmoid(x)."},
    {OpKind::softmax,
     "softmax",
     true,
     {},
     same_shape,
     no_cost,
     no_weights,
     "exp(x) divided by its sum over the first dimension (channels)."},
    {OpKind::dropout, "dropout", true, dropout_params, dropout_shape, no_cost, no_weights,
     "In training sets values to zero and scales the others by 1 / (1 - p); does nothing in inference."},
    {OpKind::flatten,
     "flatten",
     true,
     {},
     flatten_shape,
     no_cost,
     no_weights,
     "One dimension, elements in C, H, W order."},
    {OpKind::reshape, "reshape", true, reshape_params, reshape_shape, no_cost, no_weights,
     "The same elements in the same order under other dimensions."},
    {OpKind::normalize, "normalize", true, normalize_params, normalize_shape, no_cost, no_weights,
     "(x - mean) / std per channel, with constants."},
    {OpKind::pad_channels, "pad_channels", true, pad_channels_params, pad_channels_shape, no_cost, no_weights,
     "Adds channels of zeros."},
    {OpKind::identity, "identity", true, {}, same_shape, no_cost, no_weights, "Its input."},
    {OpKind::add, "add", false, {}, equal_shapes, no_cost, no_weights, "`a + b`: element by element."},
    {OpKind::multiply, "multiply", false, {}, equal_shapes, no_cost, no_weights, "`a * b`: element by element."},
    {OpKind::concat,
     "concat",
     false,
     {},
     concat_shape,
     no_cost,
     no_weights,
     "`concat(a, b)`: one behind the other along the first dimension (channels)."},
}};

consteval bool is_in_order() {
  for (std::size_t i = 0; i < op_count; ++i) {
    if (rows[i].kind != static_cast<OpKind>(i)) return false;
  }
  return true;
}
static_assert(is_in_order(), "one row per OpKind, in the order of the enumeration");

}  // namespace

const OpInfo& info(OpKind kind) {
  return rows[static_cast<std::size_t>(kind)];
}

std::span<const OpInfo> table() {
  return rows;
}

const OpInfo* find_layer(std::string_view spelling) {
  for (const OpInfo& row : rows) {
    if (row.is_layer && row.spelling == spelling) return &row;
  }
  return nullptr;
}

std::string_view spelling(WeightRole role) {
  constexpr std::array<std::string_view, 4> names{"weight", "bias", "running_mean", "running_var"};
  return names[static_cast<std::size_t>(role)];
}

}  // namespace d2nn::ops
