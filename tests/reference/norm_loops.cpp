// batch_norm (torch.nn.BatchNorm1d / 2d on axis 0 of a sample), normalize by constants, dropout.
#include <algorithm>
#include <cmath>

#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

/// Places of one channel per sample: everything behind axis 0.
std::size_t channel_area(const ops::Shape& shape) {
  return std::size_t(shape.elements() / shape.channels());
}

constexpr std::size_t weight_index = 0, bias_index = 1, running_mean_index = 2, running_var_index = 3;

/// Mean and biased variance of each channel over all rows.
template <class Scalar>
void measure(const OpForward<Scalar>& call, std::size_t channels, std::size_t area) {
  const double count = double(call.results.size() * area);
  for (std::size_t c = 0; c < channels; ++c) {
    double sum = 0;
    double square_sum = 0;
    for (const auto& operands : call.operands) {
      for (std::size_t i = 0; i < area; ++i) sum += double((*operands[0])[c * area + i]);
    }
    const double mean = sum / count;
    for (const auto& operands : call.operands) {
      for (std::size_t i = 0; i < area; ++i) {
        const double distance = double((*operands[0])[c * area + i]) - mean;
        square_sum += distance * distance;
      }
    }
    call.state.mean[c] = mean;
    call.state.variance[c] = square_sum / count;
  }
}

}  // namespace

template <class Scalar>
void batch_norm_forward(OpForward<Scalar>& call) {
  const std::size_t channels = std::size_t(call.op.shape.channels());
  const std::size_t area = channel_area(call.op.shape);
  const std::size_t count = call.results.size() * area;
  OpState<Scalar>& state = call.state;
  state.used_batch_statistics = call.is_training && count >= 2;  // docs/training.md, "Stages and schedules"
  state.mean.assign(call.weights[running_mean_index]->begin(), call.weights[running_mean_index]->end());
  state.variance.assign(call.weights[running_var_index]->begin(), call.weights[running_var_index]->end());
  if (state.used_batch_statistics) {
    measure(call, channels, area);
    const double momentum = std::min(call.op.arguments.number("momentum") * call.momentum_scale, 1.0);
    for (std::size_t c = 0; c < channels; ++c) {
      // PyTorch normalises by the biased variance and remembers the unbiased one.
      const double unbiased = state.variance[c] * double(count) / double(count - 1);
      const double old_mean = (*call.weights[running_mean_index])[c];
      const double old_variance = (*call.weights[running_var_index])[c];
      (*call.weights_after[running_mean_index])[c] = Scalar(old_mean + momentum * (state.mean[c] - old_mean));
      (*call.weights_after[running_var_index])[c] = Scalar(old_variance + momentum * (unbiased - old_variance));
    }
  }
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      const std::size_t c = i / area;
      const double normal = (double((*call.operands[row][0])[i]) - state.mean[c]) /
                            std::sqrt(state.variance[c] + call.op.arguments.number("eps"));
      (*call.results[row])[i] =
          Scalar(normal * double((*call.weights[weight_index])[c]) + double((*call.weights[bias_index])[c]));
    }
  }
}

template <class Scalar>
void batch_norm_backward(OpBackward<Scalar>& call) {
  const std::size_t channels = std::size_t(call.op.shape.channels());
  const std::size_t area = channel_area(call.op.shape);
  const double count = double(call.results.size() * area);
  for (std::size_t c = 0; c < channels; ++c) {
    const double inverse_deviation = 1 / std::sqrt(call.state.variance[c] + call.op.arguments.number("eps"));
    const double weight = (*call.weights[weight_index])[c];
    const auto normal = [&](std::size_t row, std::size_t i) {
      return (double((*call.operands[row][0])[i]) - call.state.mean[c]) * inverse_deviation;
    };
    double sum = 0;
    double normal_sum = 0;
    for (std::size_t row = 0; row < call.results.size(); ++row) {
      for (std::size_t i = c * area; i < (c + 1) * area; ++i) {
        sum += double((*call.result_gradients[row])[i]);
        normal_sum += double((*call.result_gradients[row])[i]) * normal(row, i);
      }
    }
    (*call.weight_gradients[weight_index])[c] += Scalar(normal_sum);
    (*call.weight_gradients[bias_index])[c] += Scalar(sum);
    for (std::size_t row = 0; row < call.results.size(); ++row) {
      for (std::size_t i = c * area; i < (c + 1) * area; ++i) {
        double gradient = (*call.result_gradients[row])[i];
        // The statistics depend on every row; running ones are constants.
        if (call.state.used_batch_statistics) gradient -= (sum + normal(row, i) * normal_sum) / count;
        (*call.operand_gradients[row][0])[i] += Scalar(gradient * weight * inverse_deviation);
      }
    }
  }
}

template <class Scalar>
void normalize_forward(OpForward<Scalar>& call) {
  const std::size_t area = channel_area(call.op.shape);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      const std::size_t c = i / area;
      (*call.results[row])[i] = Scalar((double((*call.operands[row][0])[i]) - call.op.arguments.numbers("mean")[c]) /
                                       call.op.arguments.numbers("std")[c]);
    }
  }
}

template <class Scalar>
void normalize_backward(OpBackward<Scalar>& call) {
  const std::size_t area = channel_area(call.op.shape);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      (*call.operand_gradients[row][0])[i] +=
          Scalar(double((*call.result_gradients[row])[i]) / call.op.arguments.numbers("std")[i / area]);
    }
  }
}

template <class Scalar>
void dropout_forward(OpForward<Scalar>& call) {
  const double p = call.op.arguments.number("p");
  call.state.kept.clear();
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    std::vector<double> kept(call.results[row]->size(), 1.0);
    if (call.is_training) {
      for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = call.uniform(row, i) < p ? 0.0 : 1.0 / (1.0 - p);
    }
    for (std::size_t i = 0; i < kept.size(); ++i) {
      (*call.results[row])[i] = Scalar(double((*call.operands[row][0])[i]) * kept[i]);
    }
    call.state.kept.push_back(std::move(kept));
  }
}

template <class Scalar>
void dropout_backward(OpBackward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      (*call.operand_gradients[row][0])[i] +=
          Scalar(double((*call.result_gradients[row])[i]) * call.state.kept[row][i]);
    }
  }
}

template void batch_norm_forward(OpForward<float>&);
template void batch_norm_forward(OpForward<double>&);
template void batch_norm_backward(OpBackward<float>&);
template void batch_norm_backward(OpBackward<double>&);
template void normalize_forward(OpForward<float>&);
template void normalize_forward(OpForward<double>&);
template void normalize_backward(OpBackward<float>&);
template void normalize_backward(OpBackward<double>&);
template void dropout_forward(OpForward<float>&);
template void dropout_forward(OpForward<double>&);
template void dropout_backward(OpBackward<float>&);
template void dropout_backward(OpBackward<double>&);

}  // namespace d2nn::reference
