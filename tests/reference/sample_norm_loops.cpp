// layer_norm and group_norm: torch.nn.LayerNorm over the last axes or over the channels, torch.nn.GroupNorm.
#include <cmath>
#include <string_view>

#include "reference/axis_maps.h"
#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

constexpr std::size_t weight_index = 0, bias_index = 1;

/// Which elements are normalised together, and which element of the weights each has.
struct NormPlaces {
  std::vector<std::size_t> group, weight;
  std::size_t groups = 0;
};

NormPlaces places_of(const graph::Op& op, const ops::Shape& shape) {
  NormPlaces places;
  const auto elements = std::size_t(shape.elements());
  const std::size_t area = elements / std::size_t(shape.channels());
  const bool is_group_norm = std::string_view(op.layer->name) == "group_norm";
  const bool is_per_channel = is_group_norm || op.arguments.word("over") == "channels";
  std::size_t together = 1;  // of the last axes
  if (is_group_norm) {
    together = elements / std::size_t(op.arguments.integer("groups"));
  } else if (!is_per_channel) {
    for (std::int64_t i = 0; i < op.arguments.integer("last"); ++i) {
      together *= std::size_t(shape.dims[shape.rank() - 1 - std::size_t(i)]);
    }
  }
  for (std::size_t i = 0; i < elements; ++i) {
    places.weight.push_back(is_per_channel ? i / area : i % together);
    places.group.push_back(is_per_channel && !is_group_norm ? i % area : i / together);
  }
  places.groups = is_per_channel && !is_group_norm ? area : elements / together;
  return places;
}

/// Each element less the mean of its group, by the deviation; and 1 / deviation per group.
struct Normal {
  std::vector<double> elements, inverse_deviation;
};

template <class Scalar>
Normal normalised(const Tensor<Scalar>& input, const NormPlaces& places, double eps) {
  const double count = double(input.size() / places.groups);
  std::vector<double> mean(places.groups), variance(places.groups);
  for (std::size_t i = 0; i < input.size(); ++i) mean[places.group[i]] += double(input[i]) / count;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const double distance = double(input[i]) - mean[places.group[i]];
    variance[places.group[i]] += distance * distance / count;
  }
  Normal normal;
  for (double value : variance) normal.inverse_deviation.push_back(1 / std::sqrt(value + eps));
  for (std::size_t i = 0; i < input.size(); ++i) {
    const std::size_t group = places.group[i];
    normal.elements.push_back((double(input[i]) - mean[group]) * normal.inverse_deviation[group]);
  }
  return normal;
}

}  // namespace

template <class Scalar>
void sample_norm_forward(OpForward<Scalar>& call) {
  const NormPlaces places = places_of(call.op, call.operand_shapes[0]);
  const Tensor<Scalar>& weight = *call.weights[weight_index];
  const Tensor<Scalar>& bias = *call.weights[bias_index];
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Normal normal = normalised(*call.operands[row][0], places, call.op.arguments.number("eps"));
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      const std::size_t w = places.weight[i];
      (*call.results[row])[i] = Scalar(normal.elements[i] * double(weight[w]) + double(bias[w]));
    }
  }
}

template <class Scalar>
void sample_norm_backward(OpBackward<Scalar>& call) {
  const NormPlaces places = places_of(call.op, call.operand_shapes[0]);
  const Tensor<Scalar>& weight = *call.weights[weight_index];
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& gradient = *call.result_gradients[row];
    const Normal normal = normalised(*call.operands[row][0], places, call.op.arguments.number("eps"));
    const double count = double(gradient.size() / places.groups);
    // Means over each group of the gradient before the weight, alone and times the normalised elements.
    std::vector<double> mean(places.groups), product_mean(places.groups);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const std::size_t w = places.weight[i];
      const double of_normal = double(gradient[i]) * double(weight[w]);
      mean[places.group[i]] += of_normal / count;
      product_mean[places.group[i]] += of_normal * normal.elements[i] / count;
      (*call.weight_gradients[weight_index])[w] += Scalar(double(gradient[i]) * normal.elements[i]);
      (*call.weight_gradients[bias_index])[w] += gradient[i];
    }
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const std::size_t group = places.group[i];
      const double of_normal = double(gradient[i]) * double(weight[places.weight[i]]);
      const double centred = of_normal - mean[group] - normal.elements[i] * product_mean[group];
      (*call.operand_gradients[row][0])[i] += Scalar(centred * normal.inverse_deviation[group]);
    }
  }
}

template void sample_norm_forward(OpForward<float>&);
template void sample_norm_forward(OpForward<double>&);
template void sample_norm_backward(OpBackward<float>&);
template void sample_norm_backward(OpBackward<double>&);

}  // namespace d2nn::reference
