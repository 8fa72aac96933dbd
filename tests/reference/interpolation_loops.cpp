// upsample: each element of the result is a weighted sum of at most four of the input, by PyTorch's formula.
#include <algorithm>
#include <cmath>

#include "reference/axis_maps.h"
#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

struct Share {
  std::int64_t place;
  double weight;
};

/// What a place along an axis of the result is made of: the one place that is nearest, or the two around it.
std::vector<Share> shares_of(std::int64_t place, std::int64_t scale, std::int64_t size, bool is_bilinear) {
  if (!is_bilinear) return {{place / scale, 1}};
  const double source = std::max(0.0, (double(place) + 0.5) / double(scale) - 0.5);
  const auto first = std::int64_t(std::floor(source));
  const std::int64_t second = std::min(first + 1, size - 1);
  const double rest = source - double(first);
  return {{first, 1 - rest}, {second, rest}};
}

/// Calls `visit(element of the result, element of the input, weight)` for each pair that belongs together.
template <class Visit>
void for_shares(const graph::Op& op, const ops::Shape& input, const Visit& visit) {
  const ops::Extent scale = op.arguments.extent("scale");
  const bool is_bilinear = op.arguments.word("mode") == "bilinear";
  for (std::size_t i = 0; i < std::size_t(op.shape.elements()); ++i) {
    const std::vector<std::int64_t> places = coordinates(op.shape, i);
    for (const Share& row : shares_of(places[1], scale.h, input.dims[1], is_bilinear)) {
      for (const Share& column : shares_of(places[2], scale.w, input.dims[2], is_bilinear)) {
        visit(i, element_at(input, {places[0], row.place, column.place}), row.weight * column.weight);
      }
    }
  }
}

}  // namespace

template <class Scalar>
void upsample_forward(OpForward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    Tensor<Scalar>& result = *call.results[row];
    const Tensor<Scalar>& x = *call.operands[row][0];
    std::fill(result.begin(), result.end(), Scalar(0));
    for_shares(call.op, call.operand_shapes[0],
               [&](std::size_t to, std::size_t from, double weight) { result[to] += Scalar(weight) * x[from]; });
  }
}

template <class Scalar>
void upsample_backward(OpBackward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    Tensor<Scalar>& gradient = *call.operand_gradients[row][0];
    for_shares(call.op, call.operand_shapes[0], [&](std::size_t to, std::size_t from, double weight) {
      gradient[from] += Scalar(weight) * (*call.result_gradients[row])[to];
    });
  }
}

template void upsample_forward(OpForward<float>&);
template void upsample_forward(OpForward<double>&);
template void upsample_backward(OpBackward<float>&);
template void upsample_backward(OpBackward<double>&);

}  // namespace d2nn::reference
