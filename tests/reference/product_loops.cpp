// Products along the last axes: linear, as torch.nn.Linear.
#include "reference/layer_loops.h"

namespace d2nn::reference {

template <class Scalar>
void linear_forward(OpForward<Scalar>& call) {
  const Tensor<Scalar>& weight = *call.weights[0];
  const auto units = std::size_t(call.op.shape.dims.back());
  const std::size_t in = weight.size() / units;
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      double sum = call.op.arguments.boolean("bias") ? double((*call.weights[1])[i % units]) : 0.0;
      for (std::size_t k = 0; k < in; ++k) {
        sum += double(weight[i % units * in + k]) * double((*call.operands[row][0])[i / units * in + k]);
      }
      (*call.results[row])[i] = Scalar(sum);
    }
  }
}

template <class Scalar>
void linear_backward(OpBackward<Scalar>& call) {
  const Tensor<Scalar>& weight = *call.weights[0];
  const auto units = std::size_t(call.op.shape.dims.back());
  const std::size_t in = weight.size() / units;
  std::vector<double> weight_gradient(weight.size());
  std::vector<double> bias_gradient(units);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    std::vector<double> input_gradient(input.size());
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      const double gradient = (*call.result_gradients[row])[i];
      bias_gradient[i % units] += gradient;
      for (std::size_t k = 0; k < in; ++k) {
        weight_gradient[i % units * in + k] += gradient * double(input[i / units * in + k]);
        input_gradient[i / units * in + k] += gradient * double(weight[i % units * in + k]);
      }
    }
    for (std::size_t i = 0; i < input.size(); ++i) (*call.operand_gradients[row][0])[i] += Scalar(input_gradient[i]);
  }
  for (std::size_t w = 0; w < weight.size(); ++w) (*call.weight_gradients[0])[w] += Scalar(weight_gradient[w]);
  if (!call.op.arguments.boolean("bias")) return;
  for (std::size_t unit = 0; unit < units; ++unit) (*call.weight_gradients[1])[unit] += Scalar(bias_gradient[unit]);
}

template void linear_forward(OpForward<float>&);
template void linear_forward(OpForward<double>&);
template void linear_backward(OpBackward<float>&);
template void linear_backward(OpBackward<double>&);

}  // namespace d2nn::reference
