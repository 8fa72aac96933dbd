// Layers whose results are elements of their input at other places: permute, slice.
#include <string_view>

#include "reference/axis_maps.h"
#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

/// For each element of the result the element of the input that it is.
std::vector<std::size_t> sources_of(const graph::Op& op, const ops::Shape& input) {
  const std::string_view layer = op.layer->name;
  std::vector<std::size_t> sources;
  for (std::size_t i = 0; i < std::size_t(op.shape.elements()); ++i) {
    const std::vector<std::int64_t> places = coordinates(op.shape, i);
    std::vector<std::int64_t> source = places;
    if (layer == "permute") {
      const ops::Integers& axes = op.arguments.integers("axes");
      for (std::size_t axis = 0; axis < axes.size(); ++axis) source[std::size_t(axes[axis])] = places[axis];
    } else {
      source[std::size_t(op.arguments.integer("axis"))] += op.arguments.integer("from");
    }
    sources.push_back(element_at(input, source));
  }
  return sources;
}

}  // namespace

template <class Scalar>
void gather_forward(OpForward<Scalar>& call) {
  const auto sources = sources_of(call.op, call.operand_shapes[0]);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < sources.size(); ++i) (*call.results[row])[i] = (*call.operands[row][0])[sources[i]];
  }
}

template <class Scalar>
void gather_backward(OpBackward<Scalar>& call) {
  const auto sources = sources_of(call.op, call.operand_shapes[0]);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < sources.size(); ++i) {
      (*call.operand_gradients[row][0])[sources[i]] += (*call.result_gradients[row])[i];
    }
  }
}

/// detach: nothing flows back.
template <class Scalar>
void no_backward(OpBackward<Scalar>&) {}

template void gather_forward(OpForward<float>&);
template void gather_forward(OpForward<double>&);
template void gather_backward(OpBackward<float>&);
template void gather_backward(OpBackward<double>&);
template void no_backward(OpBackward<float>&);
template void no_backward(OpBackward<double>&);

}  // namespace d2nn::reference
