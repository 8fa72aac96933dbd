// Pooling, as torch.nn.MaxPool2d, AvgPool2d(count_include_pad=True) and AdaptiveAvgPool2d(1).
#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

/// Calls visit_output(output index) for each element, handing it a way to walk the window's elements inside the image.
struct PoolWindows {
  std::int64_t channels, in_h, in_w, out_h, out_w;
  ops::Extent kernel, stride, pad;

  PoolWindows(const graph::Op& op, const ops::Shape& input)
      : channels(input.channels()),
        in_h(input.height()),
        in_w(input.width()),
        out_h(op.shape.height()),
        out_w(op.shape.width()),
        kernel(op.arguments.extent("kernel")),
        stride(op.arguments.extent("stride")),
        pad(op.arguments.extent("pad")) {}

  template <class VisitWindow>
  void for_each_window(VisitWindow visit_window) const {
    std::size_t output = 0;
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t y = 0; y < out_h; ++y) {
        for (std::int64_t x = 0; x < out_w; ++x, ++output) {
          std::vector<std::size_t> window;
          for (std::int64_t ky = 0; ky < kernel.h; ++ky) {
            for (std::int64_t kx = 0; kx < kernel.w; ++kx) {
              const std::int64_t in_y = y * stride.h - pad.h + ky;
              const std::int64_t in_x = x * stride.w - pad.w + kx;
              if (in_y < 0 || in_y >= in_h || in_x < 0 || in_x >= in_w) continue;
              window.push_back(std::size_t((c * in_h + in_y) * in_w + in_x));
            }
          }
          visit_window(output, window);
        }
      }
    }
  }
};

/// The element that max_pool takes: the first greatest, or the last NaN, as PyTorch does.
template <class Scalar>
std::size_t greatest(const Tensor<Scalar>& input, const std::vector<std::size_t>& window) {
  std::size_t best = window.front();
  Scalar best_value = -std::numeric_limits<Scalar>::infinity();
  for (std::size_t index : window) {
    if (input[index] > best_value || std::isnan(input[index])) {
      best = index;
      best_value = input[index];
    }
  }
  return best;
}

}  // namespace

template <class Scalar>
void max_pool_forward(OpForward<Scalar>& call) {
  const PoolWindows windows(call.op, call.operand_shapes[0]);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    windows.for_each_window([&](std::size_t output, const std::vector<std::size_t>& window) {
      (*call.results[row])[output] = input[greatest(input, window)];
    });
  }
}

template <class Scalar>
void max_pool_backward(OpBackward<Scalar>& call) {
  const PoolWindows windows(call.op, call.operand_shapes[0]);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    windows.for_each_window([&](std::size_t output, const std::vector<std::size_t>& window) {
      (*call.operand_gradients[row][0])[greatest(input, window)] += (*call.result_gradients[row])[output];
    });
  }
}

template <class Scalar>
void avg_pool_forward(OpForward<Scalar>& call) {
  const PoolWindows windows(call.op, call.operand_shapes[0]);
  const double divisor = double(windows.kernel.h * windows.kernel.w);  // padding counts, as zeros
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    windows.for_each_window([&](std::size_t output, const std::vector<std::size_t>& window) {
      double sum = 0;
      for (std::size_t index : window) sum += double(input[index]);
      (*call.results[row])[output] = Scalar(sum / divisor);
    });
  }
}

template <class Scalar>
void avg_pool_backward(OpBackward<Scalar>& call) {
  const PoolWindows windows(call.op, call.operand_shapes[0]);
  const double divisor = double(windows.kernel.h * windows.kernel.w);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    windows.for_each_window([&](std::size_t output, const std::vector<std::size_t>& window) {
      const Scalar share = Scalar(double((*call.result_gradients[row])[output]) / divisor);
      for (std::size_t index : window) (*call.operand_gradients[row][0])[index] += share;
    });
  }
}

template <class Scalar>
void global_avg_pool_forward(OpForward<Scalar>& call) {
  const ops::Shape& shape = call.operand_shapes[0];
  const std::size_t area = std::size_t(shape.height() * shape.width());
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t c = 0; c < call.results[row]->size(); ++c) {
      double sum = 0;
      for (std::size_t i = 0; i < area; ++i) sum += double((*call.operands[row][0])[c * area + i]);
      (*call.results[row])[c] = Scalar(sum / double(area));
    }
  }
}

template <class Scalar>
void global_avg_pool_backward(OpBackward<Scalar>& call) {
  const ops::Shape& shape = call.operand_shapes[0];
  const std::size_t area = std::size_t(shape.height() * shape.width());
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.operand_gradients[row][0]->size(); ++i) {
      (*call.operand_gradients[row][0])[i] += Scalar(double((*call.result_gradients[row])[i / area]) / double(area));
    }
  }
}

namespace {

/// Places of the greatest values, the greatest first; NaN before every number, of equal ones the first.
template <class Scalar>
std::vector<std::size_t> greatest_places(const Tensor<Scalar>& values, std::size_t count) {
  std::vector<std::size_t> places(values.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    return std::isnan(values[a]) ? !std::isnan(values[b]) : values[a] > values[b];
  });
  places.resize(count);
  return places;
}

}  // namespace

template <class Scalar>
void top_forward(OpForward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    const auto places = greatest_places(input, call.results[row]->size());
    for (std::size_t i = 0; i < places.size(); ++i) (*call.results[row])[i] = input[places[i]];
  }
}

template <class Scalar>
void top_backward(OpBackward<Scalar>& call) {
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const auto places = greatest_places(*call.operands[row][0], call.results[row]->size());
    for (std::size_t i = 0; i < places.size(); ++i) {
      (*call.operand_gradients[row][0])[places[i]] += (*call.result_gradients[row])[i];
    }
  }
}

template void top_forward(OpForward<float>&);
template void top_forward(OpForward<double>&);
template void top_backward(OpBackward<float>&);
template void top_backward(OpBackward<double>&);
template void max_pool_forward(OpForward<float>&);
template void max_pool_forward(OpForward<double>&);
template void max_pool_backward(OpBackward<float>&);
template void max_pool_backward(OpBackward<double>&);
template void avg_pool_forward(OpForward<float>&);
template void avg_pool_forward(OpForward<double>&);
template void avg_pool_backward(OpBackward<float>&);
template void avg_pool_backward(OpBackward<double>&);
template void global_avg_pool_forward(OpForward<float>&);
template void global_avg_pool_forward(OpForward<double>&);
template void global_avg_pool_backward(OpBackward<float>&);
template void global_avg_pool_backward(OpBackward<double>&);

}  // namespace d2nn::reference
