// Layers along axes: softmax over axis 0.
#include <algorithm>
#include <cmath>

#include "reference/layer_loops.h"

namespace d2nn::reference {

template <class Scalar>
void softmax_forward(OpForward<Scalar>& call) {
  const std::size_t channels = std::size_t(call.op.shape.channels());
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    const std::size_t area = input.size() / channels;
    for (std::size_t place = 0; place < area; ++place) {
      double greatest = input[place];
      for (std::size_t c = 1; c < channels; ++c) greatest = std::max(greatest, double(input[c * area + place]));
      double sum = 0;
      for (std::size_t c = 0; c < channels; ++c) sum += std::exp(double(input[c * area + place]) - greatest);
      for (std::size_t c = 0; c < channels; ++c) {
        (*call.results[row])[c * area + place] = Scalar(std::exp(double(input[c * area + place]) - greatest) / sum);
      }
    }
  }
}

template <class Scalar>
void softmax_backward(OpBackward<Scalar>& call) {
  const std::size_t channels = std::size_t(call.op.shape.channels());
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& result = *call.results[row];
    const Tensor<Scalar>& gradient = *call.result_gradients[row];
    const std::size_t area = result.size() / channels;
    for (std::size_t place = 0; place < area; ++place) {
      double weighted = 0;
      for (std::size_t c = 0; c < channels; ++c) {
        weighted += double(gradient[c * area + place]) * double(result[c * area + place]);
      }
      for (std::size_t c = 0; c < channels; ++c) {
        const std::size_t i = c * area + place;
        (*call.operand_gradients[row][0])[i] += Scalar(double(result[i]) * (double(gradient[i]) - weighted));
      }
    }
  }
}

template void softmax_forward(OpForward<float>&);
template void softmax_forward(OpForward<double>&);
template void softmax_backward(OpBackward<float>&);
template void softmax_backward(OpBackward<double>&);

}  // namespace d2nn::reference
