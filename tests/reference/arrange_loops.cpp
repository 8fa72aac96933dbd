// What rearranges or combines without weights: copies, zero channels, `+`, `*` and concat of bodies (axis 0).
#include "reference/layer_loops.h"

namespace d2nn::reference {
template <class Scalar>
void copy_forward(OpForward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) *call.results[row] = *call.operands[row][0];
}

template <class Scalar>
void copy_backward(OpBackward<Scalar>& call) {
  add_backward(call);
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
void add_forward(OpForward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      double sum = 0;
      for (const Tensor<Scalar>* operand : call.operands[row]) sum += double((*operand)[i]);
      (*call.results[row])[i] = Scalar(sum);
    }
  }
}

template <class Scalar>
void add_backward(OpBackward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (Tensor<Scalar>* gradient : call.operand_gradients[row]) {
      for (std::size_t i = 0; i < gradient->size(); ++i) (*gradient)[i] += (*call.result_gradients[row])[i];
    }
  }
}

template <class Scalar>
void multiply_forward(OpForward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      double product = 1;
      for (const Tensor<Scalar>* operand : call.operands[row]) product *= double((*operand)[i]);
      (*call.results[row])[i] = Scalar(product);
    }
  }
}

template <class Scalar>
void multiply_backward(OpBackward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t factor = 0; factor < call.operands[row].size(); ++factor) {
      for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
        double product = (*call.result_gradients[row])[i];
        for (std::size_t other = 0; other < call.operands[row].size(); ++other) {
          if (other != factor) product *= double((*call.operands[row][other])[i]);
        }
        (*call.operand_gradients[row][factor])[i] += Scalar(product);
      }
    }
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
template void add_forward(OpForward<float>&);
template void add_forward(OpForward<double>&);
template void add_backward(OpBackward<float>&);
template void add_backward(OpBackward<double>&);
template void multiply_forward(OpForward<float>&);
template void multiply_forward(OpForward<double>&);
template void multiply_backward(OpBackward<float>&);
template void multiply_backward(OpBackward<double>&);
template void concat_forward(OpForward<float>&);
template void concat_forward(OpForward<double>&);
template void concat_backward(OpBackward<float>&);
template void concat_backward(OpBackward<double>&);

}  // namespace d2nn::reference
