// Activations, with PyTorch's numerics: exact gelu, softmax over axis 0, NaN passes through relu.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

/// y = function(x) for every element.
template <class Scalar, class Function>
void map_forward(OpForward<Scalar>& call, Function function) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      (*call.results[row])[i] = Scalar(function(double((*call.operands[row][0])[i])));
    }
  }
}

/// dx += dy * slope(x) for every element.
template <class Scalar, class Slope>
void map_backward(OpBackward<Scalar>& call, Slope slope) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      const double x = (*call.operands[row][0])[i];
      (*call.operand_gradients[row][0])[i] += Scalar(double((*call.result_gradients[row])[i]) * slope(x));
    }
  }
}

double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

/// Probability that a standard normal variable is at most x.
double normal_probability(double x) {
  return 0.5 * (1 + std::erf(x / std::numbers::sqrt2));
}

}  // namespace

template <class Scalar>
void relu_forward(OpForward<Scalar>& call) {
  map_forward(call, [](double x) { return x < 0 ? 0.0 : x; });  // NaN is not below 0: it passes
}
template <class Scalar>
void relu_backward(OpBackward<Scalar>& call) {
  map_backward(call, [](double x) { return x <= 0 ? 0.0 : 1.0; });
}

template <class Scalar>
void leaky_relu_forward(OpForward<Scalar>& call) {
  map_forward(call, [&](double x) { return x > 0 ? x : x * call.op.arguments.number("slope"); });
}
template <class Scalar>
void leaky_relu_backward(OpBackward<Scalar>& call) {
  map_backward(call, [&](double x) { return x > 0 ? 1.0 : call.op.arguments.number("slope"); });
}

template <class Scalar>
void sigmoid_forward(OpForward<Scalar>& call) {
  map_forward(call, logistic);
}
template <class Scalar>
void sigmoid_backward(OpBackward<Scalar>& call) {
  map_backward(call, [](double x) { return logistic(x) * (1 - logistic(x)); });
}

template <class Scalar>
void tanh_forward(OpForward<Scalar>& call) {
  map_forward(call, [](double x) { return std::tanh(x); });
}
template <class Scalar>
void tanh_backward(OpBackward<Scalar>& call) {
  map_backward(call, [](double x) { return 1 - std::tanh(x) * std::tanh(x); });
}

template <class Scalar>
void gelu_forward(OpForward<Scalar>& call) {
  map_forward(call, [](double x) { return x * normal_probability(x); });
}
template <class Scalar>
void gelu_backward(OpBackward<Scalar>& call) {
  map_backward(call, [](double x) {
    const double density = std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    return normal_probability(x) + x * density;
  });
}

template <class Scalar>
void silu_forward(OpForward<Scalar>& call) {
  map_forward(call, [](double x) { return x * logistic(x); });
}
template <class Scalar>
void silu_backward(OpBackward<Scalar>& call) {
  map_backward(call, [](double x) { return logistic(x) * (1 + x * (1 - logistic(x))); });
}

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

template void relu_forward(OpForward<float>&);
template void relu_forward(OpForward<double>&);
template void relu_backward(OpBackward<float>&);
template void relu_backward(OpBackward<double>&);
template void leaky_relu_forward(OpForward<float>&);
template void leaky_relu_forward(OpForward<double>&);
template void leaky_relu_backward(OpBackward<float>&);
template void leaky_relu_backward(OpBackward<double>&);
template void sigmoid_forward(OpForward<float>&);
template void sigmoid_forward(OpForward<double>&);
template void sigmoid_backward(OpBackward<float>&);
template void sigmoid_backward(OpBackward<double>&);
template void tanh_forward(OpForward<float>&);
template void tanh_forward(OpForward<double>&);
template void tanh_backward(OpBackward<float>&);
template void tanh_backward(OpBackward<double>&);
template void gelu_forward(OpForward<float>&);
template void gelu_forward(OpForward<double>&);
template void gelu_backward(OpBackward<float>&);
template void gelu_backward(OpBackward<double>&);
template void silu_forward(OpForward<float>&);
template void silu_forward(OpForward<double>&);
template void silu_backward(OpBackward<float>&);
template void silu_backward(OpBackward<double>&);
template void softmax_forward(OpForward<float>&);
template void softmax_forward(OpForward<double>&);
template void softmax_backward(OpBackward<float>&);
template void softmax_backward(OpBackward<double>&);

}  // namespace d2nn::reference
