#include "unit/kernels/naive.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

namespace d2nn::test {
namespace {

std::size_t at(std::int64_t c, std::int64_t y, std::int64_t x, std::int64_t h, std::int64_t w) {
  return static_cast<std::size_t>((c * h + y) * w + x);
}

Values conv(const d2nn_op& op, const Values& x, const Values& weight, const Values& bias) {
  Values result(static_cast<std::size_t>(op.out_c * op.out_h * op.out_w));
  const std::int64_t in_group = op.in_c / op.groups;
  const std::int64_t out_group = op.out_c / op.groups;
  for (std::int64_t o = 0; o < op.out_c; ++o)
    for (std::int64_t oy = 0; oy < op.out_h; ++oy)
      for (std::int64_t ox = 0; ox < op.out_w; ++ox) {
        double sum = bias.empty() ? 0.0 : bias[static_cast<std::size_t>(o)];
        for (std::int64_t c = 0; c < in_group; ++c)
          for (std::int64_t i = 0; i < op.kernel_h; ++i)
            for (std::int64_t j = 0; j < op.kernel_w; ++j) {
              const std::int64_t y = oy * op.stride_h - op.pad_h + i * op.dilation_h;
              const std::int64_t z = ox * op.stride_w - op.pad_w + j * op.dilation_w;
              if (y < 0 || y >= op.in_h || z < 0 || z >= op.in_w) continue;
              sum += weight[static_cast<std::size_t>(((o * in_group + c) * op.kernel_h + i) * op.kernel_w + j)] *
                     x[at(o / out_group * in_group + c, y, z, op.in_h, op.in_w)];
            }
        result[at(o, oy, ox, op.out_h, op.out_w)] = op.fused_relu != 0 && sum < 0 ? 0.0 : sum;
      }
  return result;
}

Values conv_transpose(const d2nn_op& op, const Values& x, const Values& weight, const Values& bias) {
  Values result;
  for (std::int64_t o = 0; o < op.out_c; ++o)
    result.insert(result.end(), static_cast<std::size_t>(op.out_h * op.out_w),
                  bias.empty() ? 0.0 : bias[static_cast<std::size_t>(o)]);
  const std::int64_t in_group = op.in_c / op.groups;
  const std::int64_t out_group = op.out_c / op.groups;
  for (std::int64_t c = 0; c < op.in_c; ++c)
    for (std::int64_t y = 0; y < op.in_h; ++y)
      for (std::int64_t z = 0; z < op.in_w; ++z)
        for (std::int64_t o = 0; o < out_group; ++o)
          for (std::int64_t i = 0; i < op.kernel_h; ++i)
            for (std::int64_t j = 0; j < op.kernel_w; ++j) {
              const std::int64_t oy = y * op.stride_h - op.pad_h + i * op.dilation_h;
              const std::int64_t ox = z * op.stride_w - op.pad_w + j * op.dilation_w;
              if (oy < 0 || oy >= op.out_h || ox < 0 || ox >= op.out_w) continue;
              result[at(c / in_group * out_group + o, oy, ox, op.out_h, op.out_w)] +=
                  weight[static_cast<std::size_t>(((c * out_group + o) * op.kernel_h + i) * op.kernel_w + j)] *
                  x[at(c, y, z, op.in_h, op.in_w)];
            }
  for (double& value : result)
    if (op.fused_relu != 0 && value < 0) value = 0;
  return result;
}

/// The same units at each of the out_h places.
Values dense(const d2nn_op& op, const Values& x, const Values& weight, const Values& bias) {
  Values result;
  const auto places = static_cast<std::size_t>(op.out_h);
  const std::size_t inputs = x.size() / places;
  for (std::size_t place = 0; place < places; ++place)
    for (std::size_t u = 0; u < static_cast<std::size_t>(op.out_c); ++u) {
      double sum = bias.empty() ? 0.0 : bias[u];
      for (std::size_t i = 0; i < inputs; ++i) sum += weight[u * inputs + i] * x[place * inputs + i];
      result.push_back(op.fused_relu != 0 && sum < 0 ? 0.0 : sum);
    }
  return result;
}

Values pool(const d2nn_op& op, const Values& x) {
  Values result;
  const bool is_max = op.kind == D2NN_OP_MAX_POOL;
  for (std::int64_t c = 0; c < op.out_c; ++c)
    for (std::int64_t oy = 0; oy < op.out_h; ++oy)
      for (std::int64_t ox = 0; ox < op.out_w; ++ox) {
        double best = is_max ? -std::numeric_limits<double>::infinity() : 0.0;
        for (std::int64_t i = 0; i < op.kernel_h; ++i)
          for (std::int64_t j = 0; j < op.kernel_w; ++j) {
            const std::int64_t y = oy * op.stride_h - op.pad_h + i * op.dilation_h;
            const std::int64_t z = ox * op.stride_w - op.pad_w + j * op.dilation_w;
            if (y < 0 || y >= op.in_h || z < 0 || z >= op.in_w) continue;
            const double v = x[at(c, y, z, op.in_h, op.in_w)];
            if (!is_max) best += v;
            if (is_max && (v > best || std::isnan(v))) best = v;
          }
        result.push_back(is_max ? best : best / static_cast<double>(op.kernel_h * op.kernel_w));
      }
  return result;
}

Values matmul(const Problem& problem, const Values& a, const Values& b) {
  const d2nn_op& op = problem.op;
  Values result;
  for (std::int64_t entry = 0; entry < op.out_c; ++entry) {
    std::int64_t left = 0;
    std::int64_t right = 0;
    std::int64_t rest = entry;
    for (std::size_t axis = problem.axes.size(); axis > 0; axis -= 3) {
      left += rest % problem.axes[axis - 3] * problem.axes[axis - 2];
      right += rest % problem.axes[axis - 3] * problem.axes[axis - 1];
      rest /= problem.axes[axis - 3];
    }
    for (std::int64_t y = 0; y < op.out_h; ++y)
      for (std::int64_t x = 0; x < op.out_w; ++x) {
        double sum = 0;
        for (std::int64_t i = 0; i < op.in_w; ++i)
          sum += a[at(left, y, i, op.in_h, op.in_w)] * b[at(right, i, x, op.in_w, op.out_w)];
        result.push_back(sum);
      }
  }
  return result;
}

Values attention(const Problem& problem, const Values& q, const Values& k, const Values& v) {
  const d2nn_op& op = problem.op;
  Values result(static_cast<std::size_t>(op.out_h * op.out_w));
  const std::int64_t depth = op.in_w / op.groups;
  for (std::int64_t y = 0; y < op.out_h; ++y)
    for (std::int64_t x = 0; x < op.out_w; ++x) {
      const std::int64_t first = x / (op.out_w / op.groups) * depth;
      double sum = 0;
      double weighted = 0;
      for (std::int64_t key = 0; key < problem.keys && (op.is_causal == 0 || key <= y); ++key) {
        double score = 0;
        for (std::int64_t i = first; i < first + depth; ++i)
          score += q[at(0, y, i, op.in_h, op.in_w)] * k[at(0, key, i, problem.keys, op.in_w)];
        const double share = std::exp(score / std::sqrt(static_cast<double>(depth)));
        sum += share;
        weighted += share * v[at(0, key, x, problem.keys, op.out_w)];
      }
      result[at(0, y, x, op.out_h, op.out_w)] = weighted / sum;
    }
  return result;
}

std::vector<Values> batch_norm(const Problem& problem, const NaiveInput& input) {
  const d2nn_op& op = problem.op;
  const auto& x = input.operands[0];
  std::vector<Values> result = x;
  const auto plane = static_cast<std::size_t>(op.in_h * op.in_w);
  const double n = static_cast<double>(x.size() * plane);
  for (std::size_t c = 0; c < static_cast<std::size_t>(op.in_c); ++c) {
    double mean = input.parameters[2][c];
    double variance = input.parameters[3][c];
    if (problem.is_training && n >= 2) {
      mean = variance = 0;
      for (const Values& row : x)
        for (std::size_t i = 0; i < plane; ++i) mean += row[c * plane + i] / n;
      for (const Values& row : x)
        for (std::size_t i = 0; i < plane; ++i)
          variance += (row[c * plane + i] - mean) * (row[c * plane + i] - mean) / n;
    }
    for (Values& row : result)
      for (std::size_t i = 0; i < plane; ++i)
        row[c * plane + i] =
            (row[c * plane + i] - mean) / std::sqrt(variance + static_cast<double>(op.alpha)) * input.parameters[0][c] +
            input.parameters[1][c];
  }
  return result;
}

Values one_row(const Problem& problem, const NaiveInput& input, std::size_t r) {
  const d2nn_op& op = problem.op;
  const Values& x = input.operands[0][r];
  const auto plane = static_cast<std::size_t>(op.in_h * op.in_w);
  Values result;
  switch (op.kind) {
    case D2NN_OP_CONV:
      return conv(op, x, input.parameters[0], input.parameters[1]);
    case D2NN_OP_CONV_TRANSPOSE:
      return conv_transpose(op, x, input.parameters[0], input.parameters[1]);
    case D2NN_OP_DENSE:
      return dense(op, x, input.parameters[0], input.parameters[1]);
    case D2NN_OP_MATMUL:
      return matmul(problem, x, input.operands[1][r]);
    case D2NN_OP_ATTENTION:
      return attention(problem, x, input.operands[1][r], input.operands[2][r]);
    case D2NN_OP_MAX_POOL:
    case D2NN_OP_AVG_POOL:
      return pool(op, x);
    case D2NN_OP_TOP:
      result = x;
      std::sort(result.begin(), result.end(), std::greater<>());
      result.resize(static_cast<std::size_t>(op.out_c));
      return result;
    case D2NN_OP_COPY:
      return x;
    case D2NN_OP_NORMALIZE:
      for (std::size_t i = 0; i < x.size(); ++i)
        result.push_back((x[i] - static_cast<double>(problem.mean[i / plane])) /
                         static_cast<double>(problem.deviation[i / plane]));
      return result;
    case D2NN_OP_CONCAT:
      for (const auto& operand : input.operands) result.insert(result.end(), operand[r].begin(), operand[r].end());
      return result;
    default:
      throw std::invalid_argument("no loops for this kind");
  }
}

}  // namespace

std::vector<Values> naive_forward(const Problem& problem, const NaiveInput& input) {
  if (problem.op.kind == D2NN_OP_BATCH_NORM) return batch_norm(problem, input);
  std::vector<Values> result;
  for (std::size_t r = 0; r < input.operands[0].size(); ++r) result.push_back(one_row(problem, input, r));
  return result;
}

}  // namespace d2nn::test
