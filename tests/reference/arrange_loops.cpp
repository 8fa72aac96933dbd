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
template void concat_forward(OpForward<float>&);
template void concat_forward(OpForward<double>&);
template void concat_backward(OpBackward<float>&);
template void concat_backward(OpBackward<double>&);

}  // namespace d2nn::reference
