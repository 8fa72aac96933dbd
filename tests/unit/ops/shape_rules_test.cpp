// Output sizes, costs, weights and refusals of each layer against values worked out by hand from PyTorch's rules.
#include <doctest/doctest.h>

#include <limits>

#include "ops/layer.h"

using namespace d2nn::ops;

namespace {

/// The layer applied to one input: shape, cost and weights, or the error.
struct Applied {
  std::string shape;  // "" after an error
  std::optional<std::int64_t> cost;
  std::vector<std::string> weights;  // "weight f32[8, 3, 3, 3]"
  ShapeError error;
};

Applied apply(const char* name, const Arguments& given, const std::vector<Shape>& inputs) {
  const Layer& row = layer(name);
  const Arguments arguments = complete(row.params, given);
  const ShapeResult result = infer_shape(row, arguments, inputs);
  if (!result.shape) return {"", std::nullopt, {}, result.error};
  Applied applied{result.shape->to_string(), row.cost(arguments, inputs, *result.shape), {}, {}};
  for (const Weight& weight : row.weights(arguments, inputs, *result.shape)) {
    applied.weights.push_back(std::string(weight.name) + " " + weight.shape.to_string() +
                              (weight.is_trained ? "" : " fixed"));
  }
  return applied;
}

Arguments window(Extent kernel, Extent stride = {1, 1}, Extent pad = {0, 0}) {
  return Arguments().set("kernel", kernel).set("stride", stride).set("pad", pad);
}

Arguments conv(std::int64_t filters, Arguments arguments, std::int64_t groups = 1, Extent dilation = {1, 1}) {
  return arguments.set("filters", filters).set("groups", groups).set("dilation", dilation);
}

Arguments units(std::int64_t count) {
  return Arguments().set("units", count);
}

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
using Weights = std::vector<std::string>;

}  // namespace

TEST_CASE("conv gives PyTorch's sizes, weights and the exact number of multiplications") {
  const Applied stem = apply("conv", conv(8, window({3, 3}, {2, 2}, {1, 1})), {{3, 112, 112}});
  CHECK(stem.shape == "f32[8, 56, 56]");
  CHECK(stem.cost == 8 * 56 * 56 * 3 * 9);
  CHECK(stem.weights == Weights{"weight f32[8, 3, 3, 3]", "bias f32[8]"});
  // torch.nn.Conv2d(4, 6, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(2, 1), groups=2) on [4, 17, 9].
  const Applied grouped = apply("conv", conv(6, window({3, 5}, {2, 1}, {1, 2}), 2, {2, 1}), {{4, 17, 9}});
  CHECK(grouped.shape == "f32[6, 8, 9]");
  CHECK(grouped.cost == 6 * 8 * 9 * 2 * 15);
  CHECK(grouped.weights == Weights{"weight f32[6, 2, 3, 5]", "bias f32[6]"});
  Arguments plain = conv(1, window({1, 1}, {3, 3}));
  plain.set("bias", false);
  const Applied pointwise = apply("conv", plain, {{5, 7, 7}});
  CHECK(pointwise.shape == "f32[1, 3, 3]");
  CHECK(pointwise.cost == 45);
  CHECK(pointwise.weights == Weights{"weight f32[1, 5, 1, 1]"});
}

TEST_CASE("conv refuses what does not fit and names the parameter") {
  const auto refuse = [](const Arguments& arguments, const Shape& input, ShapeFault fault, const char* param) {
    const Applied applied = apply("conv", arguments, {input});
    CAPTURE(applied.error.message);
    CHECK(applied.shape.empty());
    CHECK(applied.error.fault == fault);
    CHECK(std::string(applied.error.param ? applied.error.param : "input") == param);
    CHECK_FALSE(applied.error.message.empty());
  };
  const Shape image{4, 8, 8};
  refuse(conv(8, window({0, 3})), image, ShapeFault::argument, "kernel");
  refuse(conv(0, window({3, 3})), image, ShapeFault::argument, "filters");
  refuse(conv(8, window({3, 3}, {0, 0})), image, ShapeFault::argument, "stride");
  refuse(conv(8, window({3, 3}, {1, 1}, {-1, 0})), image, ShapeFault::argument, "pad");
  refuse(conv(8, window({3, 3}), 1, {0, 1}), image, ShapeFault::argument, "dilation");
  refuse(conv(8, window({3, 3}), 0), image, ShapeFault::argument, "groups");
  refuse(conv(8, window({3, 3}), 3), image, ShapeFault::argument, "groups");  // 8 filters
  refuse(conv(9, window({3, 3}), 3), image, ShapeFault::input, "groups");     // 4 channels
  refuse(conv(8, window({9, 3})), image, ShapeFault::input, "kernel");
  refuse(conv(8, window({3, 3}), 1, {1, 4}), image, ShapeFault::input, "kernel");
  refuse(conv(8, window({3, 3})), Shape{4}, ShapeFault::input, "input");
  refuse(conv(8, window({huge, huge}, {huge, huge}, {huge, huge}), 1, {huge, huge}), image, ShapeFault::argument,
         "kernel");
  refuse(conv(8, window({3, 3}, {1, 1}, {huge, huge})), image, ShapeFault::argument, "pad");
  refuse(conv(max_elements, window({3, 3})), image, ShapeFault::size, "input");
  refuse(conv(8, window({1, 1}, {1, 1}, {max_elements, max_elements})), image, ShapeFault::size, "input");
}

TEST_CASE("a cost beyond int64 is reported as absent, not wrapped around") {
  // Each tensor is within max_elements, but 2^31 results of 2^20 * 2^11 * 2 multiplications are 2^63.
  const Arguments arguments = conv(1 << 10, window({1 << 10, 1 << 1}));
  const Shape output{1 << 10, 1 << 10, 1 << 11};
  CHECK(layer("conv").cost(arguments, std::vector<Shape>{{1 << 21, 1, 1}}, output) == std::nullopt);
  CHECK(layer("conv").cost(arguments, std::vector<Shape>{{1 << 20, 1, 1}}, output) == std::int64_t{1} << 62);
}

TEST_CASE("dense flattens any shape and counts inputs times units") {
  const Applied dense = apply("dense", units(512), {{16, 14, 14}});
  CHECK(dense.shape == "f32[512]");
  CHECK(dense.cost == 16 * 14 * 14 * 512);
  CHECK(dense.weights == Weights{"weight f32[512, 3136]", "bias f32[512]"});
  CHECK(apply("dense", units(2), {{7}}).cost == 14);
  CHECK(apply("dense", units(0), {{7}}).error.fault == ShapeFault::argument);
  CHECK(apply("dense", units(1'000'000'000'000), {{7}}).error.fault == ShapeFault::argument);
  CHECK(apply("dense", units(max_elements), {{2}}).error.fault == ShapeFault::size);
}

TEST_CASE("pooling floors, pads at most half of the kernel and costs nothing") {
  CHECK(apply("max_pool", window({3, 3}, {2, 2}, {1, 1}), {{8, 56, 56}}).shape == "f32[8, 28, 28]");
  CHECK(apply("max_pool", window({2, 2}, {2, 2}), {{8, 7, 7}}).shape == "f32[8, 3, 3]");
  CHECK(apply("avg_pool", window({3, 2}, {1, 2}, {1, 1}), {{2, 5, 5}}).shape == "f32[2, 5, 3]");
  CHECK(apply("avg_pool", window({3, 2}, {1, 2}, {1, 1}), {{2, 5, 5}}).cost == 0);
  CHECK(std::string(apply("max_pool", window({3, 3}, {1, 1}, {2, 2}), {{2, 5, 5}}).error.param) == "pad");
  CHECK(std::string(apply("avg_pool", window({6, 6}, {1, 1}), {{2, 5, 5}}).error.param) == "kernel");
  CHECK(apply("avg_pool", window({1, 1}), {{2, 5}}).error.param == nullptr);
  CHECK(apply("global_avg_pool", {}, {{6, 5, 4}}).shape == "f32[6, 1, 1]");
  CHECK(apply("global_avg_pool", {}, {{6}}).error.fault == ShapeFault::input);
}

TEST_CASE("batch_norm takes vectors and images and has four tensors per channel, two of them trained") {
  const Applied norm = apply("batch_norm", {}, {{6, 5, 4}});
  CHECK(norm.shape == "f32[6, 5, 4]");
  CHECK(norm.cost == 0);
  CHECK(norm.weights ==
        Weights{"weight f32[6]", "bias f32[6]", "running_mean f32[6] fixed", "running_var f32[6] fixed"});
  CHECK(apply("batch_norm", {}, {{6}}).shape == "f32[6]");
  CHECK(apply("batch_norm", {}, {{6, 5}}).error.fault == ShapeFault::input);
  Arguments arguments;
  arguments.set("eps", 0);
  CHECK(std::string(apply("batch_norm", arguments, {{6}}).error.param) == "eps");
  arguments.set("eps", 1e-5);
  arguments.set("momentum", std::numeric_limits<double>::quiet_NaN());
  CHECK(std::string(apply("batch_norm", arguments, {{6}}).error.param) == "momentum");
}

TEST_CASE("normalize wants one finite mean and one positive deviation per channel") {
  Arguments arguments;
  arguments.set("mean", Numbers{0.5, 0.5, 0.5});
  arguments.set("std", Numbers{0.25, 0.25, 0.25});
  CHECK(apply("normalize", arguments, {{3, 4, 4}}).shape == "f32[3, 4, 4]");
  CHECK(std::string(apply("normalize", arguments, {{1, 4, 4}}).error.param) == "mean");
  arguments.set("std", Numbers{0.25, 0.25});
  CHECK(std::string(apply("normalize", arguments, {{3, 4, 4}}).error.param) == "std");
  arguments.set("std", Numbers{0.25, 0, 0.25});
  CHECK(apply("normalize", arguments, {{3, 4, 4}}).error.fault == ShapeFault::argument);
}

TEST_CASE("layers that keep the shape keep it, and check their own argument") {
  for (const char* name : {"relu", "leaky_relu", "sigmoid", "tanh", "gelu", "silu",
                      "softmax", "dropout", "identity"}) {
    CAPTURE(name);
    const Applied applied = apply(name, {}, {{3, 4, 5}});
    CHECK(applied.shape == "f32[3, 4, 5]");
    CHECK(applied.cost == 0);
    CHECK(applied.weights.empty());
  }
  Arguments arguments;
  arguments.set("p", 1);
  CHECK(std::string(apply("dropout", arguments, {{3}}).error.param) == "p");
  arguments.set("p", 0);
  CHECK(apply("dropout", arguments, {{3}}).shape == "f32[3]");
  arguments.set("slope", 1e300);
  CHECK(std::string(apply("leaky_relu", arguments, {{3}}).error.param) == "slope");
}

TEST_CASE("flatten, reshape and pad_channels rearrange without losing elements") {
  CHECK(apply("flatten", {}, {{3, 4, 5}}).shape == "f32[60]");
  Arguments arguments;
  arguments.set("dims", Integers{1, 28, 28});
  CHECK(apply("reshape", arguments, {{784}}).shape == "f32[1, 28, 28]");
  CHECK(apply("reshape", arguments, {{783}}).error.fault == ShapeFault::input);
  arguments.set("dims", Integers{huge, huge});
  CHECK(apply("reshape", arguments, {{784}}).error.fault == ShapeFault::argument);
  arguments.set("dims", Integers{max_elements, max_elements});
  CHECK(apply("reshape", arguments, {{784}}).error.fault == ShapeFault::input);
  arguments.set("dims", Integers(9, 1));
  CHECK(apply("reshape", arguments, {{1}}).error.fault == ShapeFault::argument);
  arguments.set("before", 1);
  arguments.set("after", 2);
  CHECK(apply("pad_channels", arguments, {{3, 4, 5}}).shape == "f32[6, 4, 5]");
  arguments.set("after", -1);
  CHECK(std::string(apply("pad_channels", arguments, {{3, 4, 5}}).error.param) == "after");
  arguments.set("before", max_elements).set("after", max_elements);
  CHECK(apply("pad_channels", arguments, {{3, 4, 5}}).error.fault == ShapeFault::size);
}

TEST_CASE("operators repeat axes of size 1, concat may differ in the first dimension") {
  for (const char* layer : {"add", "subtract", "multiply", "divide"}) {
    CAPTURE(layer);
    CHECK(apply(layer, {}, {{3, 4, 5}, {3, 4, 5}}).shape == "f32[3, 4, 5]");
    CHECK(apply(layer, {}, {{3, 4, 5}, {3, 1, 1}}).shape == "f32[3, 4, 5]");
    CHECK(apply(layer, {}, {{1, 4, 5}, {3, 1, 5}}).shape == "f32[3, 4, 5]");
    CHECK(apply(layer, {}, {{3, 4, 5}, {3, 2, 1}}).error.fault == ShapeFault::input);
    CHECK(apply(layer, {}, {{3, 4, 5}, {3}}).error.fix.find("reshape") != std::string::npos);
    CHECK(apply(layer, {}, {{1, max_elements}, {2, 1}}).error.fault == ShapeFault::size);
  }
  CHECK(apply("concat", {}, {{3, 4, 5}, {2, 4, 5}, {1, 4, 5}}).shape == "f32[6, 4, 5]");
  CHECK(apply("concat", {}, {{3, 4, 5}, {2, 4, 4}}).shape.empty());
  CHECK(apply("concat", {}, {{3, 4}, {2}}).shape.empty());
  CHECK(apply("concat", {}, {Shape{max_elements}, Shape{max_elements}}).error.fault == ShapeFault::size);
}

TEST_CASE("element counts are bounded and never wrap around") {
  CHECK(checked_elements({1 << 16, 1 << 15}) == max_elements);
  CHECK(checked_elements({1 << 16, 1 << 15, 2}) == std::nullopt);
  CHECK(checked_elements({huge, huge}) == std::nullopt);
  CHECK(checked_elements({3, 0}) == std::nullopt);
  CHECK(checked_elements({3, -1}) == std::nullopt);
}
