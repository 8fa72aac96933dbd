// What rearranges without weights: copies, zero channels and concat of bodies (axis 0).
#include "reference/layer_loops.h"

namespace d2nn::reference {
template <class Scalar>
void copy_forward(OpForward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) *call.results[row] = *call.operands[row][0];
}

template <class Scalar>
void copy_backward(OpBackward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    Tensor<Scalar>& gradient = *call.operand_gradients[row][0];
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += (*call.result_gradients[row])[i];
  }
}

template <class Scalar>
void pad_channels_forward(OpForward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    const std::size_t area = input.size() / std::size_t(call.operand_shapes[0].channels());
    const std::size_t first = std::size_t(call.op.arguments.integer("before")) * area;
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      const bool is_padding = i < first || i >= first + input.size();
      (*call.results[row])[i] = is_padding ? Scalar(0) : input[i - first];
    }
  }
}

template <class Scalar>
void pad_channels_backward(OpBackward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    Tensor<Scalar>& gradient = *call.operand_gradients[row][0];
    const std::size_t area = gradient.size() / std::size_t(call.operand_shapes[0].channels());
    const std::size_t first = std::size_t(call.op.arguments.integer("before")) * area;
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += (*call.result_gradients[row])[first + i];
  }
}

namespace {

/// Runs through the elements of a slice: their places in the result and in the operand.
template <class Visit>
void for_slice(const graph::Op& op, const ops::Shape& operand, Visit visit) {
  const auto axis = std::size_t(op.arguments.integer("axis"));
  std::size_t outer = 1, inner = 1;
  for (std::size_t i = 0; i < operand.rank(); ++i) (i < axis ? outer : inner) *= i == axis ? 1 : std::size_t(operand.dims[i]);
  const auto size = std::size_t(operand.dims[axis]), kept = std::size_t(op.shape.dims[axis]);
  const auto from = std::size_t(op.arguments.integer("from"));
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t k = 0; k < kept; ++k) {
      for (std::size_t i = 0; i < inner; ++i) visit((o * kept + k) * inner + i, (o * size + from + k) * inner + i);
    }
  }
}

}  // namespace

template <class Scalar>
void slice_forward(OpForward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for_slice(call.op, call.operand_shapes[0], [&](std::size_t to, std::size_t from) {
      (*call.results[row])[to] = (*call.operands[row][0])[from];
    });
  }
}

template <class Scalar>
void slice_backward(OpBackward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for_slice(call.op, call.operand_shapes[0], [&](std::size_t to, std::size_t from) {
      (*call.operand_gradients[row][0])[from] += (*call.result_gradients[row])[to];
    });
  }
}

/// No gradient goes on.
template <class Scalar>
void detach_backward(OpBackward<Scalar>&) {}

template <class Scalar>
void concat_forward(OpForward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    call.results[row]->clear();
    for (const Tensor<Scalar>* operand : call.operands[row]) {
      call.results[row]->insert(call.results[row]->end(), operand->begin(), operand->end());
    }
  }
}

template <class Scalar>
void concat_backward(OpBackward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    std::size_t place = 0;
    for (Tensor<Scalar>* gradient : call.operand_gradients[row]) {
      for (Scalar& element : *gradient) element += (*call.result_gradients[row])[place++];
    }
  }
}

template void copy_forward(OpForward<float>&);
template void copy_forward(OpForward<double>&);
template void copy_backward(OpBackward<float>&);
template void copy_backward(OpBackward<double>&);
template void pad_channels_forward(OpForward<float>&);
template void pad_channels_forward(OpForward<double>&);
template void pad_channels_backward(OpBackward<float>&);
template void pad_channels_backward(OpBackward<double>&);
template void slice_forward(OpForward<float>&);
template void slice_forward(OpForward<double>&);
template void slice_backward(OpBackward<float>&);
template void slice_backward(OpBackward<double>&);
template void detach_backward(OpBackward<float>&);
template void detach_backward(OpBackward<double>&);
template void concat_forward(OpForward<float>&);
template void concat_forward(OpForward<double>&);
template void concat_backward(OpBackward<float>&);
template void concat_backward(OpBackward<double>&);

}  // namespace d2nn::reference
