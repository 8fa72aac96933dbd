// Products along the last axes: linear, as torch.nn.Linear; matmul, as torch.matmul of equal ranks; attention, as
// scaled_dot_product_attention of each head.
#include <cmath>

#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

/// Calls visit(left element, right element, result element) for every product of `left @ right`.
template <class Visit>
void for_each_product(const ops::Shape& left, const ops::Shape& right, const ops::Shape& result, Visit visit) {
  const std::size_t rank = result.rank();
  const auto inner = std::size_t(left.dims[rank - 1]);
  const auto offset = [&](const ops::Shape& shape, const std::vector<std::int64_t>& index) {
    std::int64_t place = 0;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const bool is_broadcast = shape.dims[axis] == 1;
      place = place * shape.dims[axis] + (is_broadcast ? 0 : index[axis]);
    }
    return std::size_t(place);
  };
  for (std::size_t element = 0; element < std::size_t(result.elements()); ++element) {
    std::vector<std::int64_t> index(rank);
    std::size_t rest = element;
    for (std::size_t axis = rank; axis-- > 0;) {
      index[axis] = std::int64_t(rest % std::size_t(result.dims[axis]));
      rest /= std::size_t(result.dims[axis]);
    }
    for (std::size_t k = 0; k < inner; ++k) {
      std::vector<std::int64_t> left_index = index;
      std::vector<std::int64_t> right_index = index;
      left_index[rank - 1] = std::int64_t(k);
      right_index[rank - 2] = std::int64_t(k);
      visit(offset(left, left_index), offset(right, right_index), element);
    }
  }
}

/// Sizes of an attention, and the softmax of one query's scores in one head.
struct AttentionSizes {
  std::size_t heads, queries, keys, width, value_width;
  bool is_causal;

  AttentionSizes(const graph::Op& op, const std::vector<ops::Shape>& shapes)
      : heads(std::size_t(op.arguments.integer("heads"))),
        queries(std::size_t(shapes[0].dims[0])),
        keys(std::size_t(shapes[1].dims[0])),
        width(std::size_t(shapes[0].dims[1])),
        value_width(std::size_t(shapes[2].dims[1])),
        is_causal(op.arguments.boolean("causal")) {}
  std::size_t depth() const { return width / heads; }
  std::size_t value_depth() const { return value_width / heads; }

  template <class Scalar>
  std::vector<double> shares(const Tensor<Scalar>& q, const Tensor<Scalar>& k, std::size_t head,
                             std::size_t query) const {
    std::vector<double> result(keys);
    double sum = 0;
    for (std::size_t key = 0; key < keys; ++key) {
      if (is_causal && key > query) continue;
      double score = 0;
      for (std::size_t i = head * depth(); i < (head + 1) * depth(); ++i) {
        score += double(q[query * width + i]) * double(k[key * width + i]);
      }
      sum += result[key] = std::exp(score / std::sqrt(double(depth())));
    }
    for (double& share : result) share /= sum;
    return result;
  }
};

}  // namespace

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

template <class Scalar>
void matmul_forward(OpForward<Scalar>& call) {
  const auto& shapes = call.operand_shapes;
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    std::vector<double> sums(call.results[row]->size());
    for_each_product(shapes[0], shapes[1], call.op.shape, [&](std::size_t left, std::size_t right, std::size_t result) {
      sums[result] += double((*call.operands[row][0])[left]) * double((*call.operands[row][1])[right]);
    });
    call.results[row]->assign(sums.begin(), sums.end());
  }
}

template <class Scalar>
void matmul_backward(OpBackward<Scalar>& call) {
  const auto& shapes = call.operand_shapes;
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    std::vector<double> lefts(call.operands[row][0]->size());
    std::vector<double> rights(call.operands[row][1]->size());
    for_each_product(shapes[0], shapes[1], call.op.shape, [&](std::size_t left, std::size_t right, std::size_t result) {
      const double gradient = (*call.result_gradients[row])[result];
      lefts[left] += gradient * double((*call.operands[row][1])[right]);
      rights[right] += gradient * double((*call.operands[row][0])[left]);
    });
    for (std::size_t i = 0; i < lefts.size(); ++i) (*call.operand_gradients[row][0])[i] += Scalar(lefts[i]);
    for (std::size_t i = 0; i < rights.size(); ++i) (*call.operand_gradients[row][1])[i] += Scalar(rights[i]);
  }
}

template <class Scalar>
void attention_forward(OpForward<Scalar>& call) {
  const AttentionSizes sizes(call.op, call.operand_shapes);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const auto& operands = call.operands[row];
    for (std::size_t head = 0; head < sizes.heads; ++head) {
      for (std::size_t query = 0; query < sizes.queries; ++query) {
        const std::vector<double> shares = sizes.shares(*operands[0], *operands[1], head, query);
        for (std::size_t i = head * sizes.value_depth(); i < (head + 1) * sizes.value_depth(); ++i) {
          double sum = 0;
          for (std::size_t key = 0; key < sizes.keys; ++key) {
            sum += shares[key] * double((*operands[2])[key * sizes.value_width + i]);
          }
          (*call.results[row])[query * sizes.value_width + i] = Scalar(sum);
        }
      }
    }
  }
}

template <class Scalar>
void attention_backward(OpBackward<Scalar>& call) {
  const AttentionSizes sizes(call.op, call.operand_shapes);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const auto& operands = call.operands[row];
    const Tensor<Scalar>& upstream = *call.result_gradients[row];
    std::vector<std::vector<double>> gradients;
    for (const Tensor<Scalar>* operand : operands) gradients.emplace_back(operand->size());
    for (std::size_t head = 0; head < sizes.heads; ++head) {
      for (std::size_t query = 0; query < sizes.queries; ++query) {
        const std::vector<double> shares = sizes.shares(*operands[0], *operands[1], head, query);
        std::vector<double> share_gradients(sizes.keys);
        double mean = 0;
        for (std::size_t key = 0; key < sizes.keys; ++key) {
          for (std::size_t i = head * sizes.value_depth(); i < (head + 1) * sizes.value_depth(); ++i) {
            const double gradient = upstream[query * sizes.value_width + i];
            share_gradients[key] += gradient * double((*operands[2])[key * sizes.value_width + i]);
            gradients[2][key * sizes.value_width + i] += gradient * shares[key];
          }
          mean += shares[key] * share_gradients[key];
        }
        for (std::size_t key = 0; key < sizes.keys; ++key) {
          const double gradient = shares[key] * (share_gradients[key] - mean) / std::sqrt(double(sizes.depth()));
          for (std::size_t i = head * sizes.depth(); i < (head + 1) * sizes.depth(); ++i) {
            gradients[0][query * sizes.width + i] += gradient * double((*operands[1])[key * sizes.width + i]);
            gradients[1][key * sizes.width + i] += gradient * double((*operands[0])[query * sizes.width + i]);
          }
        }
      }
    }
    for (std::size_t o = 0; o < gradients.size(); ++o) {
      for (std::size_t i = 0; i < gradients[o].size(); ++i) {
        (*call.operand_gradients[row][o])[i] += Scalar(gradients[o][i]);
      }
    }
  }
}

template void matmul_forward(OpForward<float>&);
template void matmul_forward(OpForward<double>&);
template void matmul_backward(OpBackward<float>&);
template void matmul_backward(OpBackward<double>&);
template void attention_forward(OpForward<float>&);
template void attention_forward(OpForward<double>&);
template void attention_backward(OpBackward<float>&);
template void attention_backward(OpBackward<double>&);
template void linear_forward(OpForward<float>&);
template void linear_forward(OpForward<double>&);
template void linear_backward(OpBackward<float>&);
template void linear_backward(OpBackward<double>&);

}  // namespace d2nn::reference
