// Reductions over axes, which stay with size 1, and softmax along one.
#include <cmath>
#include <limits>
#include <string_view>

#include "reference/axis_maps.h"
#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

/// Which result each element of the operand goes into.
std::vector<std::size_t> places_of(const graph::Op& op, const ops::Shape& shape) {
  const std::string_view layer = op.layer->name;
  if (layer == "global_max_pool") return reduced_elements(shape, image_axes);
  if (layer == "softmax") return reduced_elements(shape, {op.arguments.integer("axis")});
  return reduced_elements(shape, op.arguments.integers("axes"));
}

/// The greatest element of each group; NaN where there is one.
template <class Scalar>
std::vector<double> greatest_of(const Tensor<Scalar>& values, const std::vector<std::size_t>& places,
                                std::size_t count) {
  std::vector<double> greatest(count, -std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < values.size(); ++i) {
    double& held = greatest[places[i]];
    const double value = values[i];
    if (value > held || std::isnan(value)) held = value;
  }
  return greatest;
}

}  // namespace

template <class Scalar>
void sum_forward(OpForward<Scalar>& call) {
  const auto places = places_of(call.op, call.operand_shapes[0]);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    std::vector<double> sums(call.results[row]->size());
    for (std::size_t i = 0; i < places.size(); ++i) sums[places[i]] += double((*call.operands[row][0])[i]);
    const bool is_mean = std::string_view(call.op.layer->name) == "mean";
    const double divisor = is_mean ? double(places.size() / sums.size()) : 1.0;
    for (std::size_t r = 0; r < sums.size(); ++r) (*call.results[row])[r] = Scalar(sums[r] / divisor);
  }
}

template <class Scalar>
void sum_backward(OpBackward<Scalar>& call) {
  const auto places = places_of(call.op, call.operand_shapes[0]);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& gradient = *call.result_gradients[row];
    const bool is_mean = std::string_view(call.op.layer->name) == "mean";
    const double divisor = is_mean ? double(places.size() / gradient.size()) : 1.0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      (*call.operand_gradients[row][0])[i] += Scalar(double(gradient[places[i]]) / divisor);
    }
  }
}

template <class Scalar>
void max_forward(OpForward<Scalar>& call) {
  const auto places = places_of(call.op, call.operand_shapes[0]);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const auto greatest = greatest_of(*call.operands[row][0], places, call.results[row]->size());
    for (std::size_t r = 0; r < greatest.size(); ++r) (*call.results[row])[r] = Scalar(greatest[r]);
  }
}

/// Equal shares to all that are greatest.
template <class Scalar>
void max_backward(OpBackward<Scalar>& call) {
  const auto places = places_of(call.op, call.operand_shapes[0]);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    const Tensor<Scalar>& result = *call.results[row];
    std::vector<double> winners(result.size());
    for (std::size_t i = 0; i < places.size(); ++i) winners[places[i]] += input[i] == result[places[i]];
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (input[i] != result[places[i]]) continue;
      const double share = double((*call.result_gradients[row])[places[i]]) / winners[places[i]];
      (*call.operand_gradients[row][0])[i] += Scalar(share);
    }
  }
}

template <class Scalar>
void softmax_forward(OpForward<Scalar>& call) {
  const auto places = places_of(call.op, call.operand_shapes[0]);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    const auto greatest = greatest_of(input, places, input.size());
    std::vector<double> sums(input.size());
    for (std::size_t i = 0; i < input.size(); ++i) sums[places[i]] += std::exp(double(input[i]) - greatest[places[i]]);
    for (std::size_t i = 0; i < input.size(); ++i) {
      (*call.results[row])[i] = Scalar(std::exp(double(input[i]) - greatest[places[i]]) / sums[places[i]]);
    }
  }
}

template <class Scalar>
void softmax_backward(OpBackward<Scalar>& call) {
  const auto places = places_of(call.op, call.operand_shapes[0]);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& result = *call.results[row];
    const Tensor<Scalar>& gradient = *call.result_gradients[row];
    std::vector<double> weighted(result.size());
    for (std::size_t i = 0; i < result.size(); ++i) weighted[places[i]] += double(gradient[i]) * double(result[i]);
    for (std::size_t i = 0; i < result.size(); ++i) {
      const double centred = double(gradient[i]) - weighted[places[i]];
      (*call.operand_gradients[row][0])[i] += Scalar(double(result[i]) * centred);
    }
  }
}

template void sum_forward(OpForward<float>&);
template void sum_forward(OpForward<double>&);
template void sum_backward(OpBackward<float>&);
template void sum_backward(OpBackward<double>&);
template void max_forward(OpForward<float>&);
template void max_forward(OpForward<double>&);
template void max_backward(OpBackward<float>&);
template void max_backward(OpBackward<double>&);
template void softmax_forward(OpForward<float>&);
template void softmax_forward(OpForward<double>&);
template void softmax_backward(OpBackward<float>&);
template void softmax_backward(OpBackward<double>&);

}  // namespace d2nn::reference
