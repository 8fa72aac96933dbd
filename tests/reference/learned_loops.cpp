// parameter: a copy of the learned tensor for each row; its gradient is the sum over the rows.
#include "reference/layer_loops.h"

namespace d2nn::reference {

template <class Scalar>
void parameter_forward(OpForward<Scalar>& call) {
  for (Tensor<Scalar>* result : call.results) *result = *call.weights[0];
}

template <class Scalar>
void parameter_backward(OpBackward<Scalar>& call) {
  for (const Tensor<Scalar>* gradient : call.result_gradients) {
    for (std::size_t i = 0; i < gradient->size(); ++i) (*call.weight_gradients[0])[i] += (*gradient)[i];
  }
}

template void parameter_forward(OpForward<float>&);
template void parameter_forward(OpForward<double>&);
template void parameter_backward(OpBackward<float>&);
template void parameter_backward(OpBackward<double>&);

}  // namespace d2nn::reference
