// conv, conv_transpose and dense, as torch.nn.Conv2d, torch.nn.ConvTranspose2d and torch.nn.Linear on the flattened
// input.
#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

/// Sizes of a conv, and where its elements stand.
struct ConvSizes {
  std::int64_t in_c, in_h, in_w, out_c, out_h, out_w, group_in, group_out;
  ops::Extent kernel, stride, pad, dilation;

  ConvSizes(const graph::Op& op, const ops::Shape& input)
      : in_c(input.channels()),
        in_h(input.height()),
        in_w(input.width()),
        out_c(op.shape.channels()),
        out_h(op.shape.height()),
        out_w(op.shape.width()),
        group_in(in_c / op.arguments.integer("groups")),
        group_out(out_c / op.arguments.integer("groups")),
        kernel(op.arguments.extent("kernel")),
        stride(op.arguments.extent("stride")),
        pad(op.arguments.extent("pad")),
        dilation(op.arguments.extent("dilation")) {}

  /// Calls visit(weight index, input index) for every product of one output element; padding contributes none.
  template <class Visit>
  void for_each_product(std::int64_t o, std::int64_t y, std::int64_t x, Visit visit) const {
    const std::int64_t first_in = o / group_out * group_in;
    for (std::int64_t i = 0; i < group_in; ++i) {
      for (std::int64_t ky = 0; ky < kernel.h; ++ky) {
        for (std::int64_t kx = 0; kx < kernel.w; ++kx) {
          const std::int64_t in_y = y * stride.h - pad.h + ky * dilation.h;
          const std::int64_t in_x = x * stride.w - pad.w + kx * dilation.w;
          if (in_y < 0 || in_y >= in_h || in_x < 0 || in_x >= in_w) continue;
          visit(std::size_t(((o * group_in + i) * kernel.h + ky) * kernel.w + kx),
                std::size_t(((first_in + i) * in_h + in_y) * in_w + in_x));
        }
      }
    }
  }

  /// Calls visit(channel, y, x, output index) for every output element.
  template <class Visit>
  void for_each_output(Visit visit) const {
    std::size_t index = 0;
    for (std::int64_t o = 0; o < out_c; ++o) {
      for (std::int64_t y = 0; y < out_h; ++y) {
        for (std::int64_t x = 0; x < out_w; ++x) visit(o, y, x, index++);
      }
    }
  }
};

/// Calls visit(weight, input element, result element) for every product of a transposed convolution.
template <class Visit>
void for_each_transposed_product(const graph::Op& op, const ops::Shape& input, Visit visit) {
  const ops::Extent kernel = op.arguments.extent("kernel");
  const ops::Extent stride = op.arguments.extent("stride");
  const ops::Extent pad = op.arguments.extent("pad");
  const ops::Extent dilation = op.arguments.extent("dilation");
  const std::int64_t group_in = input.channels() / op.arguments.integer("groups");
  const std::int64_t group_out = op.shape.channels() / op.arguments.integer("groups");
  std::size_t element = 0;
  for (std::int64_t c = 0; c < input.channels(); ++c) {
    for (std::int64_t y = 0; y < input.height(); ++y) {
      for (std::int64_t x = 0; x < input.width(); ++x, ++element) {
        std::size_t weight = std::size_t(c * group_out * kernel.h * kernel.w);
        for (std::int64_t o = 0; o < group_out; ++o) {
          for (std::int64_t ky = 0; ky < kernel.h; ++ky) {
            for (std::int64_t kx = 0; kx < kernel.w; ++kx, ++weight) {
              const std::int64_t out_y = y * stride.h - pad.h + ky * dilation.h;
              const std::int64_t out_x = x * stride.w - pad.w + kx * dilation.w;
              if (out_y < 0 || out_y >= op.shape.height() || out_x < 0 || out_x >= op.shape.width()) continue;
              const std::int64_t filter = c / group_in * group_out + o;
              visit(weight, element, std::size_t((filter * op.shape.height() + out_y) * op.shape.width() + out_x));
            }
          }
        }
      }
    }
  }
}

}  // namespace

template <class Scalar>
void conv_transpose_forward(OpForward<Scalar>& call) {
  const auto area = std::size_t(call.op.shape.height() * call.op.shape.width());
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    std::vector<double> sums(call.results[row]->size());
    if (call.op.arguments.boolean("bias")) {
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = double((*call.weights[1])[i / area]);
    }
    for_each_transposed_product(call.op, call.operand_shapes[0], [&](std::size_t w, std::size_t in, std::size_t out) {
      sums[out] += double((*call.weights[0])[w]) * double((*call.operands[row][0])[in]);
    });
    call.results[row]->assign(sums.begin(), sums.end());
  }
}

template <class Scalar>
void conv_transpose_backward(OpBackward<Scalar>& call) {
  const auto area = std::size_t(call.op.shape.height() * call.op.shape.width());
  std::vector<double> weight_gradient(call.weights[0]->size());
  std::vector<double> bias_gradient(std::size_t(call.op.shape.channels()));
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& upstream = *call.result_gradients[row];
    std::vector<double> input_gradient(call.operands[row][0]->size());
    for_each_transposed_product(call.op, call.operand_shapes[0], [&](std::size_t w, std::size_t in, std::size_t out) {
      weight_gradient[w] += double(upstream[out]) * double((*call.operands[row][0])[in]);
      input_gradient[in] += double(upstream[out]) * double((*call.weights[0])[w]);
    });
    for (std::size_t i = 0; i < upstream.size(); ++i) bias_gradient[i / area] += double(upstream[i]);
    for (std::size_t i = 0; i < input_gradient.size(); ++i) {
      (*call.operand_gradients[row][0])[i] += Scalar(input_gradient[i]);
    }
  }
  for (std::size_t w = 0; w < weight_gradient.size(); ++w) (*call.weight_gradients[0])[w] += Scalar(weight_gradient[w]);
  if (!call.op.arguments.boolean("bias")) return;
  for (std::size_t o = 0; o < bias_gradient.size(); ++o) (*call.weight_gradients[1])[o] += Scalar(bias_gradient[o]);
}

template <class Scalar>
void conv_forward(OpForward<Scalar>& call) {
  const ConvSizes sizes(call.op, call.operand_shapes[0]);
  const Tensor<Scalar>& weight = *call.weights[0];
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    sizes.for_each_output([&](std::int64_t o, std::int64_t y, std::int64_t x, std::size_t index) {
      double sum = call.op.arguments.boolean("bias") ? double((*call.weights[1])[std::size_t(o)]) : 0.0;
      sizes.for_each_product(o, y, x,
                             [&](std::size_t w, std::size_t i) { sum += double(weight[w]) * double(input[i]); });
      (*call.results[row])[index] = Scalar(sum);
    });
  }
}

template <class Scalar>
void conv_backward(OpBackward<Scalar>& call) {
  const ConvSizes sizes(call.op, call.operand_shapes[0]);
  const Tensor<Scalar>& weight = *call.weights[0];
  std::vector<double> weight_gradient(weight.size());
  std::vector<double> bias_gradient(std::size_t(sizes.out_c));
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    std::vector<double> input_gradient(input.size());
    sizes.for_each_output([&](std::int64_t o, std::int64_t y, std::int64_t x, std::size_t index) {
      const double gradient = (*call.result_gradients[row])[index];
      bias_gradient[std::size_t(o)] += gradient;
      sizes.for_each_product(o, y, x, [&](std::size_t w, std::size_t i) {
        weight_gradient[w] += gradient * double(input[i]);
        input_gradient[i] += gradient * double(weight[w]);
      });
    });
    for (std::size_t i = 0; i < input.size(); ++i) (*call.operand_gradients[row][0])[i] += Scalar(input_gradient[i]);
  }
  for (std::size_t w = 0; w < weight.size(); ++w) (*call.weight_gradients[0])[w] += Scalar(weight_gradient[w]);
  if (!call.op.arguments.boolean("bias")) return;
  for (std::size_t o = 0; o < bias_gradient.size(); ++o) (*call.weight_gradients[1])[o] += Scalar(bias_gradient[o]);
}

template <class Scalar>
void dense_forward(OpForward<Scalar>& call) {
  const Tensor<Scalar>& weight = *call.weights[0];
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    for (std::size_t unit = 0; unit < call.results[row]->size(); ++unit) {
      double sum = call.op.arguments.boolean("bias") ? double((*call.weights[1])[unit]) : 0.0;
      for (std::size_t i = 0; i < input.size(); ++i) sum += double(weight[unit * input.size() + i]) * double(input[i]);
      (*call.results[row])[unit] = Scalar(sum);
    }
  }
}

template <class Scalar>
void dense_backward(OpBackward<Scalar>& call) {
  const Tensor<Scalar>& weight = *call.weights[0];
  const std::size_t units = std::size_t(call.op.shape.elements());
  const std::size_t in = weight.size() / units;
  std::vector<double> weight_gradient(weight.size());
  std::vector<double> bias_gradient(units);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const Tensor<Scalar>& input = *call.operands[row][0];
    std::vector<double> input_gradient(in);
    for (std::size_t unit = 0; unit < units; ++unit) {
      const double gradient = (*call.result_gradients[row])[unit];
      bias_gradient[unit] += gradient;
      for (std::size_t i = 0; i < in; ++i) {
        weight_gradient[unit * in + i] += gradient * double(input[i]);
        input_gradient[i] += gradient * double(weight[unit * in + i]);
      }
    }
    for (std::size_t i = 0; i < in; ++i) (*call.operand_gradients[row][0])[i] += Scalar(input_gradient[i]);
  }
  for (std::size_t w = 0; w < weight.size(); ++w) (*call.weight_gradients[0])[w] += Scalar(weight_gradient[w]);
  if (!call.op.arguments.boolean("bias")) return;
  for (std::size_t unit = 0; unit < units; ++unit) (*call.weight_gradients[1])[unit] += Scalar(bias_gradient[unit]);
}

template void conv_transpose_forward(OpForward<float>&);
template void conv_transpose_forward(OpForward<double>&);
template void conv_transpose_backward(OpBackward<float>&);
template void conv_transpose_backward(OpBackward<double>&);
template void conv_forward(OpForward<float>&);
template void conv_forward(OpForward<double>&);
template void conv_backward(OpBackward<float>&);
template void conv_backward(OpBackward<double>&);
template void dense_forward(OpForward<float>&);
template void dense_forward(OpForward<double>&);
template void dense_backward(OpBackward<float>&);
template void dense_backward(OpBackward<double>&);

}  // namespace d2nn::reference
