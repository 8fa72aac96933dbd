// Every layer against PyTorch's numbers, and the values that PyTorch treats specially.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "reference/op_loops.h"
#include "reference/torch_fixtures.h"

using namespace d2nn;
using reference::Fixture;
using reference::OpState;
using reference::Tensor;

namespace {

template <class Scalar>
Tensor<Scalar> converted(const std::vector<double>& values) {
  return Tensor<Scalar>(values.begin(), values.end());
}

/// The rows of a batch that stand behind each other.
template <class Scalar>
std::vector<Tensor<Scalar>> split_rows(const std::vector<double>& values, std::size_t rows) {
  std::vector<Tensor<Scalar>> parts;
  const auto size = static_cast<std::ptrdiff_t>(values.size() / rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row) * size;
    parts.emplace_back(begin, begin + size);
  }
  return parts;
}

template <class Scalar>
void check_close(const Tensor<Scalar>& actual, const std::vector<double>& expected, double tolerance) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(double(actual[i]) - expected[i]) <= tolerance * std::max(1.0, std::abs(expected[i])));
  }
}

template <class Scalar>
std::vector<double> flatten(const std::vector<Tensor<Scalar>>& rows) {
  std::vector<double> flat;
  for (const Tensor<Scalar>& row : rows) flat.insert(flat.end(), row.begin(), row.end());
  return flat;
}

template <class T>
std::vector<T*> pointers(std::vector<T>& list) {
  std::vector<T*> result;
  for (T& item : list) result.push_back(&item);
  return result;
}
template <class T>
std::vector<const T*> const_pointers(const std::vector<T>& list) {
  std::vector<const T*> result;
  for (const T& item : list) result.push_back(&item);
  return result;
}

/// A fixture's layer set up for the loops.
template <class Scalar>
struct Layer {
  graph::Op op;
  std::vector<ops::Shape> shapes;
  std::vector<std::vector<Tensor<Scalar>>> operands;  // [row][operand]
  std::vector<Tensor<Scalar>> weights, weights_after, results;
  OpState<Scalar> state;

  explicit Layer(const Fixture& fixture) {
    op.layer = &ops::layer(fixture.layer);
    op.arguments = ops::complete(op.layer->params, fixture.arguments);
    operands.resize(fixture.rows);
    for (const auto& [shape, values] : fixture.operands) {
      shapes.push_back(shape);
      auto rows = split_rows<Scalar>(values, fixture.rows);
      for (std::size_t row = 0; row < fixture.rows; ++row) operands[row].push_back(std::move(rows[row]));
    }
    const ops::ShapeResult shape = ops::infer_shape(*op.layer, op.arguments, shapes);
    REQUIRE(shape.shape);
    op.shape = *shape.shape;
    for (const auto& weight : fixture.weights) weights.push_back(converted<Scalar>(weight));
    weights_after = weights;
    results.assign(fixture.rows, Tensor<Scalar>(std::size_t(op.shape.elements())));
  }

  void run_forward(bool is_training) {
    reference::OpForward<Scalar> call{op,  shapes, const_pointers(weights), {},   pointers(results), is_training,
                                      1.0, {},     pointers(weights_after), state};
    for (const auto& row : operands) call.operands.push_back(const_pointers(row));
    reference::run_forward(call);
  }
};

template <class Scalar>
void check_fixture(const Fixture& fixture, double tolerance) {
  CAPTURE(fixture.name);
  Layer<Scalar> layer(fixture);
  layer.run_forward(fixture.is_training);
  check_close(converted<Scalar>(flatten(layer.results)), fixture.result, tolerance);
  for (std::size_t i = 0; i < fixture.weights_after.size(); ++i) {
    check_close(layer.weights_after[i + 2], fixture.weights_after[i], tolerance);
  }

  const auto result_gradients = split_rows<Scalar>(fixture.result_gradient, fixture.rows);
  auto operand_gradients = layer.operands;
  for (auto& row : operand_gradients) {
    for (Tensor<Scalar>& gradient : row) gradient.assign(gradient.size(), 0);
  }
  std::vector<Tensor<Scalar>> weight_gradients;
  for (const auto& weight : layer.weights) weight_gradients.emplace_back(weight.size());
  reference::OpBackward<Scalar> call{layer.op,
                                     layer.shapes,
                                     const_pointers(layer.weights),
                                     {},
                                     const_pointers(layer.results),
                                     const_pointers(result_gradients),
                                     {},
                                     pointers(weight_gradients),
                                     layer.state};
  for (std::size_t row = 0; row < fixture.rows; ++row) {
    call.operands.push_back(const_pointers(layer.operands[row]));
    call.operand_gradients.push_back(pointers(operand_gradients[row]));
  }
  reference::run_backward(call);
  for (std::size_t operand = 0; operand < fixture.operands.size(); ++operand) {
    std::vector<Tensor<Scalar>> of_operand;
    for (auto& row : operand_gradients) of_operand.push_back(row[operand]);
    check_close(converted<Scalar>(flatten(of_operand)), fixture.operand_gradients[operand], tolerance);
  }
  for (std::size_t i = 0; i < fixture.weights.size(); ++i) {
    check_close(weight_gradients[i], fixture.weight_gradients[i], tolerance);
  }
}

/// One layer without weights on one vector or image.
std::vector<double> apply(const char* name, const ops::Arguments& arguments, const ops::Shape& shape,
                          std::vector<double> input) {
  Fixture fixture;
  fixture.layer = name;
  fixture.arguments = arguments;
  fixture.operands.emplace_back(shape, std::move(input));
  fixture.rows = 1;
  Layer<double> layer(fixture);
  layer.run_forward(false);
  return layer.results[0];
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("every layer computes what PyTorch computes, forward and backward, in double and in float") {
  std::set<std::string> seen;
  for (const Fixture& fixture : reference::torch_fixtures()) {
    check_fixture<double>(fixture, 1e-11);
    check_fixture<float>(fixture, 2e-5);
    seen.insert(fixture.layer);
  }
  for (const ops::Layer* layer : ops::layers()) {
    CAPTURE(layer->name);
    CHECK(seen.contains(layer->name));
  }
}

TEST_CASE("NaN passes through relu and max_pool, infinities stay what they are") {
  const auto relu = apply("relu", {}, ops::Shape{4}, {not_a_number, -infinity, infinity, -1});
  CHECK(std::isnan(relu[0]));
  CHECK(relu[1] == 0);
  CHECK(relu[2] == infinity);
  ops::Arguments pool;
  pool.set("kernel", ops::Extent{2, 2});
  const auto max_pool =
      apply("max_pool", pool, ops::Shape{1, 2, 6},
            {1, not_a_number, -infinity, -infinity, 3, infinity, 5, 2, -infinity, -infinity, not_a_number, 4});
  CHECK(std::isnan(max_pool[0]));
  CHECK(max_pool[1] == -infinity);
  CHECK(std::isnan(max_pool[2]));
}

TEST_CASE("padding never wins in max_pool, and counts as zeros in avg_pool") {
  ops::Arguments pool;
  pool.set("kernel", ops::Extent{3, 3});
  pool.set("stride", ops::Extent{1, 1});
  pool.set("pad", ops::Extent{1, 1});
  CHECK(apply("max_pool", pool, ops::Shape{1, 1, 1}, {-7}) == std::vector<double>{-7});
  CHECK(apply("avg_pool", pool, ops::Shape{1, 1, 1}, {-9}) == std::vector<double>{-1});
}

TEST_CASE("softmax of large scores does not overflow") {
  const auto result = apply("softmax", {}, ops::Shape{2}, {1000, 1000});
  CHECK(result == std::vector<double>{0.5, 0.5});
}
