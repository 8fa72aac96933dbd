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

TEST_CASE("conv_transpose gives PyTorch's sizes and weights and counts every product, cropped ones too") {
  // torch.nn.ConvTranspose2d(4, 6, (3, 4), stride=(2, 3), padding=(1, 0), output_padding=(1, 2), groups=2) on [4, 5,
  // 7].
  Arguments arguments = conv(6, window({3, 4}, {2, 3}, {1, 0}), 2);
  arguments.set("output_pad", Extent{1, 2});
  const Applied applied = apply("conv_transpose", arguments, {{4, 5, 7}});
  CHECK(applied.shape == "f32[6, 10, 24]");
  CHECK(applied.cost == 4 * 5 * 7 * 3 * 3 * 4);
  CHECK(applied.weights == Weights{"weight f32[4, 3, 3, 4]", "bias f32[6]"});
  const auto refused = [](const Arguments& given, const Shape& input) {
    const ShapeError error = apply("conv_transpose", given, {input}).error;
    CHECK_FALSE(error.message.empty());
    return std::string(error.param ? error.param : "input");
  };
  CHECK(refused(arguments.set("output_pad", Extent{1, 3}), {4, 5, 7}) == "output_pad");
  CHECK(refused(conv(5, window({3, 3}), 2), {4, 5, 7}) == "groups");
  CHECK(refused(conv(6, window({3, 3}), 3), {4, 5, 7}) == "groups");
  CHECK(refused(conv(6, window({1, 1}, {1, 1}, {3, 0})), {4, 5, 7}) == "pad");
  CHECK(refused(conv(6, window({3, 3})), {4}) == "input");
  CHECK(refused(conv(max_elements, window({3, 3})), {4, 5, 7}) == "input");
  CHECK(refused(conv(8, window({max_elements, 1}, {max_elements, 1}), 1, {max_elements, 1}), {1, max_elements, 1}) ==
        "input");
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

TEST_CASE("linear keeps the axes before the last and counts places times inputs times units") {
  const Applied linear = apply("linear", units(3072), {{197, 768}});
  CHECK(linear.shape == "f32[197, 3072]");
  CHECK(linear.cost == std::int64_t{197} * 768 * 3072);
  CHECK(linear.weights == Weights{"weight f32[3072, 768]", "bias f32[3072]"});
  CHECK(apply("linear", units(5), {{2, 3, 4}}).shape == "f32[2, 3, 5]");
  CHECK(apply("linear", units(2), {{7}}).shape == "f32[2]");
  CHECK(apply("linear", units(0), {{7}}).error.fault == ShapeFault::argument);
  CHECK(apply("linear", units(max_elements), {{1, 2}}).error.message.find("weight") != std::string::npos);
  CHECK(apply("linear", units(max_elements), {{2, 1}}).error.message.find("result") != std::string::npos);
}

TEST_CASE("a matrix product pairs the axes before the last two and names both shapes when they do not fit") {
  const Applied product = apply("matmul", {}, {{2, 1, 3, 4}, {1, 5, 4, 6}});
  CHECK(product.shape == "f32[2, 5, 3, 6]");
  CHECK(product.cost == 2 * 5 * 3 * 4 * 6);
  CHECK(product.weights.empty());
  CHECK(apply("matmul", {}, {{3, 4}, {4, 1}}).cost == 12);
  for (const auto& [left, right] : std::vector<std::pair<Shape, Shape>>{
           {{3}, {3}}, {{3, 4}, {1, 4, 5}}, {{3, 4}, {5, 4}}, {{2, 3, 4}, {3, 4, 5}}}) {
    const ShapeError error = apply("matmul", {}, {left, right}).error;
    CAPTURE(error.message);
    CHECK(error.fault == ShapeFault::input);
    CHECK(error.message.find(left.to_string()) != std::string::npos);
    CHECK(error.message.find(right.to_string()) != std::string::npos);
  }
  CHECK(apply("matmul", {}, {{1 << 16, 1}, {1, 1 << 16}}).error.fault == ShapeFault::size);
  CHECK(layer("matmul").cost({}, std::vector<Shape>{{1 << 16, max_elements}, {max_elements, 1 << 16}},
                             Shape{1 << 16, 1 << 16}) == std::nullopt);
}

TEST_CASE("attention takes queries, keys and values and counts both products, causal or not") {
  const auto heads = [](std::int64_t count) { return Arguments().set("heads", count); };
  const Applied attention = apply("attention", heads(12), {{197, 768}, {197, 768}, {197, 768}});
  CHECK(attention.shape == "f32[197, 768]");
  CHECK(attention.cost == std::int64_t{12} * 197 * 197 * (64 + 64));
  const Applied crossed = apply("attention", heads(2).set("causal", true), {{5, 6}, {7, 6}, {7, 8}});
  CHECK(crossed.shape == "f32[5, 8]");
  CHECK(crossed.cost == 5 * 7 * (6 + 8));
  CHECK(apply("attention", heads(0), {{5, 6}, {7, 6}, {7, 8}}).error.fault == ShapeFault::argument);
  CHECK(apply("attention", heads(4), {{5, 6}, {7, 6}, {7, 8}}).error.message.find("queries f32[5, 6]") !=
        std::string::npos);
  CHECK(apply("attention", heads(3), {{5, 6}, {7, 6}, {7, 8}}).error.message.find("values f32[7, 8]") !=
        std::string::npos);
  CHECK(apply("attention", heads(1), {{5, 6}, {7, 5}, {7, 8}}).error.fault == ShapeFault::input);
  CHECK(apply("attention", heads(1), {{5, 6}, {7, 6}, {6, 8}}).error.fault == ShapeFault::input);
  CHECK(apply("attention", heads(1), {{5, 6}, {7, 6}, {8}}).error.fault == ShapeFault::input);
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

TEST_CASE("top takes at most as many values as a vector has") {
  const auto k = [](std::int64_t count) { return Arguments().set("k", count); };
  CHECK(apply("top", k(3), {{7}}).shape == "f32[3]");
  CHECK(apply("top", k(7), {{7}}).shape == "f32[7]");
  CHECK(apply("top", k(7), {{7}}).cost == 0);
  CHECK(std::string(apply("top", k(8), {{7}}).error.param) == "k");
  CHECK(apply("top", k(0), {{7}}).error.fault == ShapeFault::argument);
  CHECK(apply("top", k(1), {{7, 1}}).error.fault == ShapeFault::input);
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

TEST_CASE("layer_norm and group_norm keep the shape, and their weights are trained without decay") {
  CHECK(apply("layer_norm", {}, {{5, 6}}).weights == Weights{"weight f32[6]", "bias f32[6]"});
  CHECK(apply("layer_norm", {}, {{5, 6}}).shape == "f32[5, 6]");
  CHECK(apply("layer_norm", {}, {{5, 6}}).cost == 0);
  CHECK(apply("layer_norm", Arguments().set("last", 2), {{4, 5, 6}}).weights ==
        Weights{"weight f32[5, 6]", "bias f32[5, 6]"});
  const Arguments channels = Arguments().set("over", "channels");
  CHECK(apply("layer_norm", channels, {{4, 5, 6}}).weights == Weights{"weight f32[4]", "bias f32[4]"});
  CHECK(apply("layer_norm", channels, {{4, 5}}).error.fault == ShapeFault::input);
  CHECK(std::string(apply("layer_norm", Arguments(channels).set("last", 2), {{4, 5, 6}}).error.param) == "last");
  CHECK(apply("layer_norm", Arguments().set("last", 3), {{4, 5}}).error.fault == ShapeFault::input);
  CHECK(apply("layer_norm", Arguments().set("last", 0), {{4, 5}}).error.fault == ShapeFault::argument);
  CHECK(std::string(apply("layer_norm", Arguments().set("eps", 0.0), {{4, 5}}).error.param) == "eps");

  const auto groups = [](std::int64_t count) { return Arguments().set("groups", count); };
  CHECK(apply("group_norm", groups(2), {{4, 5, 6}}).weights == Weights{"weight f32[4]", "bias f32[4]"});
  CHECK(apply("group_norm", groups(2), {{4}}).shape == "f32[4]");
  CHECK(apply("group_norm", groups(3), {{4, 5, 6}}).error.fault == ShapeFault::input);
  CHECK(apply("group_norm", groups(0), {{4, 5, 6}}).error.fault == ShapeFault::argument);
  for (const char* name : {"layer_norm", "group_norm"}) {
    const std::vector<Shape> input{{4, 5, 6}};
    const Arguments arguments = complete(layer(name).params, groups(2));
    const std::vector<Weight> weights = layer(name).weights(arguments, input, input[0]);
    CHECK(weights[0].start == Start::ones);
    CHECK(weights[1].start == Start::zeros);
    for (const Weight& weight : weights) CHECK((weight.is_trained && !weight.decays));
  }
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
  for (const char* name : {"relu", "leaky_relu", "sigmoid", "tanh", "gelu", "silu", "relu6", "hard_sigmoid",
                           "hard_swish", "elu", "exp", "log", "sqrt", "abs", "softmax", "dropout", "identity"}) {
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
  arguments.set("min", 0.5).set("max", 0.25);
  CHECK(std::string(apply("clamp", arguments, {{3}}).error.param) == "min");
  arguments.set("max", 0.5);
  CHECK(apply("clamp", arguments, {{3}}).shape == "f32[3]");
  arguments.set("max", std::numeric_limits<double>::infinity());
  CHECK(std::string(apply("clamp", arguments, {{3}}).error.param) == "max");
  arguments.set("alpha", 1e39);
  CHECK(std::string(apply("elu", arguments, {{3}}).error.param) == "alpha");
  arguments.set("slope", 1e300);
  CHECK(std::string(apply("leaky_relu", arguments, {{3}}).error.param) == "slope");
}

TEST_CASE("reductions keep their axes with size 1 and refuse axes that do not exist") {
  const auto over = [](Integers axes) { return Arguments().set("axes", IntegerList{std::move(axes)}); };
  for (const char* name : {"sum", "mean", "max"}) {
    CAPTURE(name);
    CHECK(apply(name, over({1, 2}), {{3, 4, 5}}).shape == "f32[3, 1, 1]");
    CHECK(apply(name, over({2, 0}), {{3, 4, 5}}).shape == "f32[1, 4, 1]");
    CHECK(apply(name, over({0}), {{7}}).shape == "f32[1]");
    CHECK(apply(name, over({0}), {{7}}).cost == 0);
    const Applied beyond = apply(name, over({1}), {{7}});
    CHECK(beyond.error.fault == ShapeFault::input);
    CHECK(beyond.error.message == "axis 1 does not exist in f32[7], whose only axis is 0");
    const Applied negative = apply(name, over({0, -1}), {{3, 4, 5}});
    CHECK(negative.error.fault == ShapeFault::argument);
    CHECK(negative.error.fix == "use axis 2");
    CHECK(apply(name, over({-4}), {{3, 4, 5}}).error.fix.empty());
    CHECK(apply(name, over({1, 1}), {{3, 4}}).error.message == "`axes` names axis 1 twice");
    CHECK(apply(name, over({}), {{3, 4}}).error.message == "`axes` names no axis");
  }
  CHECK(apply("softmax", Arguments().set("axis", 1), {{3, 4}}).shape == "f32[3, 4]");
  CHECK(apply("softmax", Arguments().set("axis", 2), {{3, 4}}).error.fault == ShapeFault::input);
  CHECK(apply("softmax", Arguments().set("axis", -1), {{3, 4}}).error.fault == ShapeFault::argument);
  CHECK(apply("global_max_pool", {}, {{6, 5, 4}}).shape == "f32[6, 1, 1]");
  CHECK(apply("global_max_pool", {}, {{6, 5}}).error.fault == ShapeFault::input);
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

TEST_CASE("a learned tensor has its dims, one weight without a role that does not decay, and starts as told") {
  const Arguments dims = Arguments().set("dims", Integers{197, 768});
  const Applied plain = apply("parameter", dims, {});
  CHECK(plain.shape == "f32[197, 768]");
  CHECK(plain.cost == 0);
  CHECK(plain.weights == std::vector<std::string>{" f32[197, 768]"});
  const Layer& row = layer("parameter");
  const auto weight = [&](const Arguments& given) {
    return row.weights(complete(row.params, given), {}, Shape{197, 768}).at(0);
  };
  CHECK(weight(dims).start == Start::zeros);
  CHECK_FALSE(weight(dims).decays);
  CHECK(weight(dims).is_trained);
  const Weight normal = weight(Arguments(dims).set("start", StartValues{Start::normal, 0.02}));
  CHECK(normal.start == Start::normal);
  CHECK(normal.deviation == 0.02);

  CHECK(apply("parameter", Arguments().set("dims", Integers{3, 0}), {}).error.fault == ShapeFault::argument);
  CHECK(apply("parameter", Arguments().set("dims", Integers(9, 1)), {}).error.fault == ShapeFault::argument);
  CHECK(apply("parameter", Arguments().set("dims", Integers{max_elements, 2}), {}).error.fault == ShapeFault::size);
  for (const double deviation : {-0.5, 1e39}) {
    const Arguments given = Arguments(dims).set("start", StartValues{Start::normal, deviation});
    CHECK(std::string(apply("parameter", given, {}).error.param) == "start");
  }
}

TEST_CASE("permute, slice and upsample rearrange, detach keeps") {
  const auto axes = [](Integers list) { return Arguments().set("axes", IntegerList{std::move(list)}); };
  CHECK(apply("permute", axes({2, 0, 1}), {{3, 4, 5}}).shape == "f32[5, 3, 4]");
  CHECK(apply("permute", axes({0}), {{3}}).shape == "f32[3]");
  CHECK(apply("permute", axes({1, 0}), {{3, 4, 5}}).error.fault == ShapeFault::input);
  CHECK(apply("permute", axes({0, 0}), {{3, 4}}).error.fault == ShapeFault::argument);
  CHECK(apply("permute", axes({0, 2}), {{3, 4}}).error.fault == ShapeFault::input);

  const auto slice = [](std::int64_t axis, std::int64_t from, std::int64_t to) {
    return Arguments().set("axis", axis).set("from", from).set("to", to);
  };
  CHECK(apply("slice", slice(1, 1, 3), {{3, 4, 5}}).shape == "f32[3, 2, 5]");
  CHECK(apply("slice", slice(0, 0, 3), {{3}}).shape == "f32[3]");
  CHECK(apply("slice", slice(0, 1, 1), {{3}}).error.fault == ShapeFault::argument);
  CHECK(std::string(apply("slice", slice(0, -1, 1), {{3}}).error.param) == "from");
  CHECK(apply("slice", slice(0, 1, 4), {{3}}).error.fault == ShapeFault::input);
  CHECK(std::string(apply("slice", slice(1, 0, 1), {{3}}).error.param) == "axis");

  const auto scale = [](Extent extent) { return Arguments().set("scale", extent); };
  CHECK(apply("upsample", scale({2, 3}), {{3, 4, 5}}).shape == "f32[3, 8, 15]");
  CHECK(apply("upsample", scale({2, 3}), {{3, 4, 5}}).cost == 0);
  const Arguments bilinear = scale({2, 64}).set("mode", "bilinear");
  CHECK(apply("upsample", bilinear, {{3, 4, 5}}).shape == "f32[3, 8, 320]");
  CHECK(apply("upsample", scale({2, 65}).set("mode", "bilinear"), {{3, 4, 5}}).error.fault == ShapeFault::argument);
  CHECK(apply("upsample", scale({2, 2}), {{3, 4}}).error.fault == ShapeFault::input);
  CHECK(apply("upsample", scale({0, 2}), {{3, 4, 5}}).error.fault == ShapeFault::argument);
  CHECK(apply("upsample", scale({max_elements, max_elements}), {{3, 4, 5}}).error.fault == ShapeFault::size);
  CHECK(apply("detach", {}, {{3, 4}}).shape == "f32[3, 4]");
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
