// Gradients of whole programs against central finite differences of the forward run, in double: every layer, every
// join, and random small networks whose rows take different paths, in training mode.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <set>
#include <string>

#include "reference/interpreter.h"
#include "reference/program_builder.h"

using namespace d2nn;
using graph::Join;
using graph::NodeId;
using graph::NodeKind;
using graph::Program;
using ops::Shape;
using reference::Batch;
using reference::conv_attrs;
using reference::dense_attrs;
using reference::Gradients;
using reference::Interpreter;
using reference::LossGradients;
using reference::Mode;
using reference::Options;
using reference::pool_attrs;
using reference::ProgramBuilder;
using reference::Sample;
using reference::Tensor;
using reference::Weights;

namespace {

using Random = std::mt19937_64;

Tensor<double> random_tensor(Random& random, const Shape& shape, double least = -1, double greatest = 1) {
  std::uniform_real_distribution<double> draw(least, greatest);
  Tensor<double> values(static_cast<std::size_t>(shape.elements()));
  for (double& value : values) value = draw(random);
  return values;
}

Weights<double> random_weights(Random& random, const Program& program) {
  Weights<double> weights;
  for (const graph::Parameter& parameter : program.parameters) {
    const bool is_variance = parameter.is_variance;
    weights.push_back(random_tensor(random, parameter.shape, is_variance ? 0.5 : -1, is_variance ? 2 : 1));
  }
  return weights;
}

std::vector<Sample<double>> random_samples(Random& random, const Program& program, std::size_t rows) {
  std::vector<Sample<double>> samples(rows);
  for (Sample<double>& sample : samples) {
    for (NodeId input : graph::nodes_of(program, NodeKind::input))
      sample.push_back(random_tensor(random, program[input].shape));
  }
  return samples;
}

/// A fixed linear loss of all outputs and control scores, so that its gradient is the list of its factors.
struct LinearLoss {
  LossGradients<double> factors;

  LinearLoss(Random& random, const Program& program, std::size_t rows) {
    for (std::size_t row = 0; row < rows; ++row) {
      factors.outputs.emplace_back();
      factors.scores.emplace_back();
      for (NodeId id : graph::nodes_of(program, NodeKind::output)) {
        factors.outputs.back().push_back(random_tensor(random, program[id].shape));
      }
      for (NodeId id : graph::nodes_of(program, NodeKind::control)) {
        factors.scores.back().push_back(random_tensor(random, program[id].shape));
      }
    }
  }

  double of(const Batch<double>& batch) const {
    double loss = 0;
    for (std::size_t row = 0; row < batch.results.size(); ++row) {
      for (std::size_t i = 0; i < factors.outputs[row].size(); ++i) {
        const auto& output = batch.results[row].outputs[i];
        for (std::size_t e = 0; output && e < output->size(); ++e) loss += (*output)[e] * factors.outputs[row][i][e];
      }
      for (std::size_t i = 0; i < factors.scores[row].size(); ++i) {
        const Tensor<double>& scores = batch.results[row].scores[i];
        for (std::size_t e = 0; e < scores.size(); ++e) loss += scores[e] * factors.scores[row][i][e];
      }
    }
    return loss;
  }
};

/// Compares every gradient with finite differences; returns how many are not zero. The paths are those of
/// `options.policy`.
std::size_t check_gradients(const Program& program, Random& random, std::size_t rows, const Options<double>& options) {
  Weights<double> weights = random_weights(random, program);
  std::vector<Sample<double>> samples = random_samples(random, program, rows);
  const LinearLoss loss(random, program, rows);
  const Interpreter<double> interpreter(program, weights);
  const Batch<double> batch = interpreter.forward(samples, options);
  const Gradients<double> gradients = interpreter.backward(batch, loss.factors);

  constexpr double step = 1e-5;
  std::size_t nonzero = 0;
  const auto compare = [&](double& place, double gradient, auto run) {
    const double before = place;
    place = before + step;
    const double above = run();
    place = before - step;
    const double below = run();
    place = before;
    const double expected = (above - below) / (2 * step);
    CHECK(std::abs(gradient - expected) <= 1e-6 * std::max(1.0, std::abs(expected)));
    nonzero += gradient != 0;
  };
  for (std::size_t p = 0; p < weights.size(); ++p) {
    CAPTURE(program.parameters[p].name);
    for (std::size_t i = 0; i < weights[p].size(); ++i) {
      if (!program.parameters[p].is_trained) {
        CHECK(gradients.parameters[p][i] == 0);
        continue;
      }
      compare(weights[p][i], gradients.parameters[p][i],
              [&] { return loss.of(Interpreter<double>(program, weights).forward(samples, options)); });
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t input = 0; input < samples[row].size(); ++input) {
      CAPTURE(row);
      for (std::size_t i = 0; i < samples[row][input].size(); ++i) {
        compare(samples[row][input][i], gradients.inputs[row][input][i],
                [&] { return loss.of(interpreter.forward(samples, options)); });
      }
    }
  }
  return nonzero;
}

/// Counter-based, so that every run of a comparison draws the same masks and actions.
std::uint64_t mix(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  Random random(a * 1000003 + b * 10007 + c);
  return random();
}

Options<double> training_options(const Program& program, std::uint64_t seed) {
  Options<double> options;
  options.mode = Mode::train;
  options.uniform = [seed](NodeId node, std::size_t op, std::size_t row, std::size_t element) {
    return double(mix(seed + node.index * 31 + op, row, element) % 1000) / 1000;
  };
  options.policy = [seed, &program](std::size_t row, NodeId control, std::span<const double>) {
    return static_cast<std::uint32_t>(mix(seed, row, control.index) % program[control].actions.size());
  };
  return options;
}

struct LayerCase {
  const char* layer;
  ops::Arguments arguments;
  Shape input;
  const char* before = "identity";  // a layer whose results the layer takes
};

std::vector<LayerCase> layer_cases() {
  ops::Arguments normalize;
  normalize.set("mean", ops::Numbers{0.1, -0.3});
  normalize.set("std", ops::Numbers{0.5, 2.0});
  ops::Arguments channels;
  channels.set("before", 1);
  channels.set("after", 2);
  ops::Arguments reshape;
  reshape.set("dims", ops::Integers{3, 8});
  ops::Arguments bounds;
  bounds.set("min", -0.5).set("max", 0.25);
  const auto along = [](std::int64_t axis) { return ops::Arguments().set("axis", axis); };
  const auto over = [](ops::Integers axes) { return ops::Arguments().set("axes", ops::IntegerList{std::move(axes)}); };
  const Shape image{2, 4, 3};
  return {
      {"conv", conv_attrs({3, 2}, 4, {2, 1}, {1, 1}, {1, 2}, 2), image},
      {"conv", conv_attrs({2, 2}, 3, {1, 1}, {0, 0}, {1, 1}, 1, false), image},
      {"conv_transpose", conv_attrs({3, 2}, 4, {2, 1}, {1, 0}, {1, 2}, 2).set("output_pad", ops::Extent{1, 0}), image},
      {"conv_transpose", conv_attrs({2, 2}, 3, {1, 1}, {0, 0}, {1, 1}, 1, false), image},
      {"dense", dense_attrs(3), image},
      {"dense", dense_attrs(2, false), Shape{5}},
      {"linear", dense_attrs(2), image},
      {"linear", dense_attrs(3, false), Shape{2, 4}},
      {"linear", dense_attrs(2), Shape{5}},
      {"max_pool", pool_attrs({3, 2}, {1, 1}, {1, 1}), image},
      {"avg_pool", pool_attrs({3, 2}, {2, 1}, {1, 1}), image},
      {"global_avg_pool", {}, image},
      {"top", ops::Arguments().set("k", 3), Shape{7}},
      {"batch_norm", {}, image},
      {"batch_norm", {}, Shape{4}},
      {"layer_norm", {}, Shape{3, 4}},
      {"layer_norm", ops::Arguments().set("last", 2), image},
      {"layer_norm", ops::Arguments().set("over", "channels"), Shape{4, 2, 3}},
      {"group_norm", ops::Arguments().set("groups", 2), Shape{4, 2, 3}},
      {"relu", {}, image},
      {"leaky_relu", {}, image},
      {"sigmoid", {}, image},
      {"tanh", {}, image},
      {"gelu", {}, image},
      {"silu", {}, image},
      {"relu6", {}, image},
      {"hard_sigmoid", {}, image},
      {"hard_swish", {}, image},
      {"elu", {}, image},
      {"clamp", bounds, image},
      {"exp", {}, image},
      {"log", {}, image, "exp"},
      {"sqrt", {}, image, "exp"},
      {"abs", {}, image},
      {"softmax", {}, image},
      {"softmax", {}, Shape{4}},
      {"softmax", along(2), image},
      {"sum", over({1, 2}), image},
      {"mean", over({0, 2}), image},
      {"mean", over({1}), Shape{3, 4}},
      {"max", over({1}), image},
      {"global_max_pool", {}, image},
      {"dropout", {}, image},
      {"flatten", {}, image},
      {"reshape", reshape, image},
      {"normalize", normalize, image},
      {"pad_channels", channels, image},
      {"permute", over({2, 0, 1}), image},
      {"permute", over({1, 0}), Shape{3, 4}},
      {"slice", along(1).set("from", 1).set("to", 3), image},
      {"upsample", ops::Arguments().set("scale", ops::Extent{2, 3}), image},
      {"upsample", ops::Arguments().set("scale", ops::Extent{3, 2}).set("mode", "bilinear"), image},
      {"upsample", ops::Arguments().set("scale", ops::Extent{1, 4}).set("mode", "bilinear"), Shape{2, 1, 1}},
      {"identity", {}, image}};
}

}  // namespace

TEST_CASE("the gradients of every layer agree with finite differences, in training and outside") {
  Random random(3);
  std::set<std::string> seen;
  for (const LayerCase& layer : layer_cases()) {
    CAPTURE(layer.layer);
    ProgramBuilder builder;
    const NodeId x = builder.input("x", layer.input);
    const NodeId n = builder.node("N");
    const NodeId y = builder.output("y");
    builder.op(n, layer.before);
    builder.op(n, layer.layer, layer.arguments);
    builder.edge(x, n);
    builder.edge(n, y);
    const Program program = builder.finish();
    CHECK(check_gradients(program, random, 3, training_options(program, 1)) > 0);
    CHECK(check_gradients(program, random, 3, {}) > 0);
    seen.insert(layer.layer);
  }
  for (const ops::Layer* layer : ops::layers()) {
    CAPTURE(layer->name);
    if (layer->name == std::string("detach")) continue;  // its gradient is none by definition: torch_test.cpp
    CHECK(seen.contains(layer->name) == layer->is_in_pipelines);
  }
}

TEST_CASE("the gradients of bodies that read a value twice agree with finite differences") {
  Random random(4);
  for (const char* layer : {"add", "multiply", "concat"}) {
    CAPTURE(layer);
    ProgramBuilder builder;
    const NodeId x = builder.input("x", Shape{2, 3, 3});
    const NodeId z = builder.input("z", Shape{2, 3, 3});
    const NodeId n = builder.node("N", 2);
    const NodeId y = builder.output("y");
    const auto left = builder.op(n, "conv", conv_attrs({3, 3}, 2, {1, 1}, {1, 1}), {{0}});
    builder.op(n, layer, {}, {left, {1}, {0}, left});
    builder.op(n, "tanh");
    builder.edge(x, n, std::nullopt, 0);
    builder.edge(z, n, std::nullopt, 1);
    builder.edge(n, y);
    const Program program = builder.finish();
    CHECK(check_gradients(program, random, 2, {}) > 36);
  }
}

TEST_CASE("the gradients of learned tensors agree with finite differences, over rows and repeated axes") {
  Random random(8);
  ops::Arguments offset, scale;
  offset.set("dims", ops::Integers{1, 3});
  scale.set("dims", ops::Integers{4, 1});
  ProgramBuilder builder;
  const NodeId x = builder.input("x", Shape{4, 3});
  const NodeId n = builder.node("N");
  const NodeId y = builder.output("y");
  const auto offsets = builder.op(n, "parameter", offset);
  const auto scales = builder.op(n, "parameter", scale);
  const auto sum = builder.op(n, "add", {}, {{0}, offsets});
  builder.op(n, "multiply", {}, {sum, scales});
  builder.op(n, "tanh");
  builder.edge(x, n);
  builder.edge(n, y);
  const Program program = builder.finish();
  CHECK(program.parameters[0].name == "N.parameter1");
  CHECK(check_gradients(program, random, 3, {}) >= 4 + 3 + 3 * 12);
}

TEST_CASE("the gradients of products of tensors agree with finite differences") {
  Random random(6);
  struct Case {
    const char* layer;
    ops::Arguments arguments;
    std::vector<graph::ValueId> operands;
  };
  ops::Arguments attention;
  attention.set("heads", 2);
  ops::Arguments causal = attention;
  causal.set("causal", true);
  // Values: 0 and 1 the inputs, 2 a linear layer of the first.
  for (const Case& tested :
       {Case{"matmul", {}, {{2}, {1}}}, Case{"matmul", {}, {{2}, {2}}}, Case{"attention", attention, {{2}, {1}, {0}}},
        Case{"attention", causal, {{2}, {2}, {2}}}}) {
    CAPTURE(tested.layer);
    ProgramBuilder builder;
    const bool is_attention = tested.operands.size() == 3;
    const Shape shape = is_attention ? Shape{4, 4} : Shape{2, 4, 4};
    const NodeId x = builder.input("x", shape);
    const NodeId z = builder.input("z", is_attention ? shape : Shape{1, 4, 4});
    const NodeId n = builder.node("N", 2);
    const NodeId y = builder.output("y");
    builder.op(n, "linear", dense_attrs(4), {{0}});
    builder.op(n, tested.layer, tested.arguments, tested.operands);
    builder.op(n, "tanh");
    builder.edge(x, n, std::nullopt, 0);
    builder.edge(z, n, std::nullopt, 1);
    builder.edge(n, y);
    const Program program = builder.finish();
    CHECK(check_gradients(program, random, 2, {}) > 30);
  }
}

TEST_CASE("the gradients of operators agree with finite differences, with a number and where axes are repeated") {
  Random random(6);
  ops::Arguments number;
  number.set("number", 1.75);
  std::set<std::string> seen{"concat", "matmul", "attention", "parameter"};
  for (const char* layer : {"add", "subtract", "multiply", "divide", "negate", "add_number", "multiply_number",
                            "divide_by_number", "number_minus", "number_over"}) {
    CAPTURE(layer);
    ProgramBuilder builder;
    const NodeId x = builder.input("x", Shape{2, 3, 3});
    const NodeId n = builder.node("N", 1);
    const NodeId y = builder.output("y");
    const auto image = builder.op(n, "conv", conv_attrs({3, 3}, 2, {1, 1}, {1, 1}), {{0}});
    // Away from 0, where division has no slope: a sigmoid of each channel's mean.
    const auto mean = builder.op(n, "global_avg_pool", {}, {image});
    const auto per_channel = builder.op(n, "sigmoid", {}, {mean});
    const bool is_of_two = ops::layer(layer).params.empty() && std::string(layer) != "negate";
    if (is_of_two) {
      builder.op(n, layer, {}, {image, per_channel});
    } else {
      builder.op(n, layer, std::string(layer) == "negate" ? ops::Arguments{} : number, {per_channel});
    }
    builder.edge(x, n, std::nullopt, 0);
    builder.edge(n, y);
    const Program program = builder.finish();
    CHECK(check_gradients(program, random, 2, {}) > 18);
    seen.insert(layer);
  }
  for (const ops::Layer* layer : ops::layers()) {
    CAPTURE(layer->name);
    CHECK((layer->is_in_pipelines || seen.contains(layer->name)));
  }
}

TEST_CASE("the gradients of every join agree with finite differences, whichever edges are null or default") {
  Random random(5);
  for (const Join join : {Join::sum, Join::mean, Join::max, Join::concat, Join::first, Join::last}) {
    for (const bool has_default : {false, true}) {
      CAPTURE(graph::spelling(join));
      ProgramBuilder builder;
      const NodeId x = builder.input("x", Shape{3});
      const NodeId q = builder.control("Q");
      const NodeId a = builder.node("A");
      const NodeId b = builder.node("B");
      const NodeId y = builder.output("y");
      builder.op(q, "dense", dense_attrs(3));
      for (const NodeId node : {a, b}) {
        builder.op(node, "dense", dense_attrs(2));
        builder.op(node, "tanh");
      }
      for (const NodeId target : {q, a, b}) builder.edge(x, target);
      builder.action(q, "both", {a, b});
      builder.action(q, "a", {a});
      builder.action(q, "b", {b});
      const std::optional<std::vector<float>> fallback =
          has_default ? std::optional(std::vector<float>{0.25f}) : std::nullopt;
      builder.edge(a, y, fallback);
      builder.edge(b, y, fallback);
      builder.join(y, join);
      const Program program = builder.finish();
      CHECK(check_gradients(program, random, 6, training_options(program, 2)) > 0);
    }
  }
}

namespace {

/// A stem, two or three control nodes on what came before, branches of dense layers and batch norm, joins of any kind.
Program random_network(Random& random) {
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  ProgramBuilder builder;
  const NodeId x = builder.input("x", Shape{2, 4, 4});
  const NodeId stem = builder.node("Stem");
  builder.edge(x, stem);
  builder.op(stem, "conv", conv_attrs({3, 3}, 2, {2, 2}, {1, 1}));
  builder.op(stem, "batch_norm");
  builder.op(stem, "silu");
  builder.op(stem, "dense", dense_attrs(3));
  NodeId before = stem;
  for (std::uint64_t level = 0, levels = 2 + below(2); level < levels; ++level) {
    const std::string number = std::to_string(level);
    const NodeId q = builder.control("Q" + number);
    builder.op(q, "dense", dense_attrs(3));
    builder.edge(before, q);
    std::vector<NodeId> branches;
    for (int i = 0; i < 2; ++i) {
      branches.push_back(builder.node("B" + number + std::to_string(i)));
      builder.edge(before, branches.back());
      builder.op(branches.back(), "dense", dense_attrs(3));
      constexpr const char* layers[]{"gelu", "batch_norm", "softmax", "dropout", "leaky_relu"};
      builder.op(branches.back(), layers[below(5)]);
    }
    builder.action(q, "both", branches);
    builder.action(q, "first", {branches[0]});
    if (below(2))
      builder.action(q, "none", {});
    else
      builder.action(q, "second", {branches[1]});
    const NodeId meet = builder.node("M" + number);
    constexpr Join joins[]{Join::sum, Join::mean, Join::max, Join::first, Join::last};
    builder.join(meet, joins[below(5)]);
    for (const NodeId branch : branches) {
      builder.edge(branch, meet, below(2) ? std::optional(std::vector<float>{0.5f, -0.5f, 0.1f}) : std::nullopt);
    }
    before = meet;
  }
  const NodeId y = builder.output("y");
  builder.edge(before, y);
  const NodeId z = builder.output("z");
  builder.edge(before, z, std::vector<float>{1});
  builder.edge(stem, z);
  builder.join(z, Join::concat);
  return builder.finish();
}

}  // namespace

TEST_CASE("the gradients of random branching networks in training agree with finite differences") {
  std::size_t with_null_outputs = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const Program program = random_network(random);
    const Options<double> options = training_options(program, seed);
    CHECK(check_gradients(program, random, 5, options) > 50);
    const Batch<double> batch = Interpreter<double>(program, random_weights(random, program))
                                    .forward(random_samples(random, program, 5), options);
    for (const auto& result : batch.results) with_null_outputs += !result.outputs[0];
  }
  CHECK(with_null_outputs > 5);
}
