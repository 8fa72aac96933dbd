// See naive_kernels.h.
#include "unit/codegen_kernels/naive_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "unit/expr/evaluate.h"

namespace d2nn::testing {

using codegen::KernelProblem;
using ops::Kernel;

namespace {

std::size_t index3(std::int64_t c, std::int64_t y, std::int64_t x, std::int64_t h, std::int64_t w) {
  return static_cast<std::size_t>((c * h + y) * w + x);
}

bool is_inside(std::int64_t y, std::int64_t x, std::int64_t h, std::int64_t w) {
  return y >= 0 && y < h && x >= 0 && x < w;
}

// PyTorch's max: a NaN wins.
double greater(double a, double b) {
  return std::isnan(a) || a > b ? a : b;
}

// The value of a placewise expression where its operands have these.
double value_of(const expr::Expression& expression, const std::vector<double>& operands) {
  std::vector<double> values;
  for (const expr::TermInfo& info : expression.terms) {
    std::vector<double> x;
    for (const expr::Term term : info.terms) x.push_back(values[term.index]);
    if (info.primitive == expr::Primitive::operand) {
      values.push_back(operands.at(info.index));
    } else if (info.primitive == expr::Primitive::constant) {
      values.push_back(static_cast<double>(info.number));
    } else {
      values.push_back(info.primitive == expr::Primitive::broadcast ? x[0]
                                                                    : expr::test::elementwise(info.primitive, x));
    }
  }
  return values[expression.results[0].index];
}

void apply_stages(const KernelProblem& p, const std::vector<std::vector<float>>& further, Expected& results) {
  std::size_t first = 0;
  for (const expr::Expression& stage : p.pointwise) {
    const std::size_t more = stage.operand_count() - 1;
    for (std::size_t i = 0; i < results.values.size(); ++i) {
      std::vector<double> operands{results.values[i]};
      for (std::size_t operand = 0; operand < more; ++operand) operands.push_back(further.at(first + operand).at(i));
      results.values[i] = value_of(stage, operands);
      results.scale[i] += static_cast<double>(more);
    }
    first += more;
  }
}

Expected conv(const KernelProblem& p, const Weights& weights, const std::vector<float>& src,
              const std::vector<std::vector<float>>& further) {
  const auto size = [](std::int64_t in, std::int64_t k, std::int64_t s, std::int64_t pad, std::int64_t d) {
    return (in + 2 * pad - d * (k - 1) - 1) / s + 1;
  };
  const std::int64_t h = size(p.in_h, p.kernel_h, p.stride_h, p.pad_h, p.dilation_h);
  const std::int64_t w = size(p.in_w, p.kernel_w, p.stride_w, p.pad_w, p.dilation_w);
  const std::int64_t in = p.in_c / p.groups;
  const std::int64_t out = p.out_c / p.groups;
  Expected sums;
  for (std::int64_t oc = 0; oc < p.out_c; ++oc) {
    for (std::int64_t oy = 0; oy < h; ++oy) {
      for (std::int64_t ox = 0; ox < w; ++ox) {
        double sum = weights.bias[static_cast<std::size_t>(oc)];
        double scale = std::abs(sum);
        for (std::int64_t ic = 0; ic < in; ++ic) {
          for (std::int64_t ky = 0; ky < p.kernel_h; ++ky) {
            for (std::int64_t kx = 0; kx < p.kernel_w; ++kx) {
              const std::int64_t y = oy * p.stride_h + ky * p.dilation_h - p.pad_h;
              const std::int64_t x = ox * p.stride_w + kx * p.dilation_w - p.pad_w;
              if (!is_inside(y, x, p.in_h, p.in_w)) continue;
              const double product = static_cast<double>(src[index3(oc / out * in + ic, y, x, p.in_h, p.in_w)]) *
                                     weights.weight[index3(oc * in + ic, ky, kx, p.kernel_h, p.kernel_w)];
              sum += product;
              scale += std::abs(product);
            }
          }
        }
        sums.values.push_back(sum);
        sums.scale.push_back(scale);
      }
    }
  }
  apply_stages(p, further, sums);
  if (p.pool.kernel_h == 0) return sums;
  Expected pooled;
  for (std::int64_t c = 0; c < p.out_c; ++c) {
    for (std::int64_t oy = 0; oy < p.out_h; ++oy) {
      for (std::int64_t ox = 0; ox < p.out_w; ++ox) {
        double best = -std::numeric_limits<double>::infinity();
        double scale = 0;
        for (std::int64_t ky = 0; ky < p.pool.kernel_h; ++ky) {
          for (std::int64_t kx = 0; kx < p.pool.kernel_w; ++kx) {
            const std::int64_t y = oy * p.pool.stride_h + ky - p.pool.pad_h;
            const std::int64_t x = ox * p.pool.stride_w + kx - p.pool.pad_w;
            if (!is_inside(y, x, h, w)) continue;
            best = greater(best, sums.values[index3(c, y, x, h, w)]);
            scale = std::max(scale, sums.scale[index3(c, y, x, h, w)]);
          }
        }
        pooled.values.push_back(best);
        pooled.scale.push_back(scale);
      }
    }
  }
  return pooled;
}

Expected pool(const KernelProblem& p, const std::vector<float>& src) {
  Expected result;
  const bool is_max = p.kind == Kernel::max_pool;
  for (std::int64_t c = 0; c < p.out_c; ++c) {
    for (std::int64_t oy = 0; oy < p.out_h; ++oy) {
      for (std::int64_t ox = 0; ox < p.out_w; ++ox) {
        double best = -std::numeric_limits<double>::infinity();
        double sum = 0;
        double scale = 0;
        for (std::int64_t ky = 0; ky < p.kernel_h; ++ky) {
          for (std::int64_t kx = 0; kx < p.kernel_w; ++kx) {
            const std::int64_t y = oy * p.stride_h + ky * p.dilation_h - p.pad_h;
            const std::int64_t x = ox * p.stride_w + kx * p.dilation_w - p.pad_w;
            if (!is_inside(y, x, p.in_h, p.in_w)) continue;
            const double value = src[index3(c, y, x, p.in_h, p.in_w)];
            best = greater(best, value);
            sum += value;
            scale += std::abs(value);
          }
        }
        result.values.push_back(is_max ? best : sum / static_cast<double>(p.kernel_h * p.kernel_w));
        result.scale.push_back(is_max ? 0.0 : scale);
      }
    }
  }
  return result;
}

/// NaN before every number.
Expected top(const KernelProblem& p, const std::vector<float>& src) {
  std::vector<float> sorted = src;
  std::sort(sorted.begin(), sorted.end(), [](float a, float b) { return std::isnan(a) ? !std::isnan(b) : a > b; });
  Expected expected;
  expected.values.assign(sorted.begin(), sorted.begin() + p.out_c);
  expected.scale.assign(expected.values.size(), 0.0);
  return expected;
}

Expected dense(const KernelProblem& p, const Weights& weights, const std::vector<float>& src,
               const std::vector<std::vector<float>>& further) {
  Expected result;
  for (std::int64_t unit = 0; unit < p.out_c; ++unit) {
    double sum = weights.bias[static_cast<std::size_t>(unit)];
    double scale = std::abs(sum);
    for (std::size_t i = 0; i < src.size(); ++i) {
      const double product =
          static_cast<double>(src[i]) * weights.weight[static_cast<std::size_t>(unit) * src.size() + i];
      sum += product;
      scale += std::abs(product);
    }
    result.values.push_back(sum);
    result.scale.push_back(scale);
  }
  apply_stages(p, further, result);
  return result;
}

/// Of copies, too.
Expected scale(const KernelProblem& p, const Weights& weights, const std::vector<float>& src) {
  Expected result;
  const auto pixels = static_cast<std::size_t>(p.in_h * p.in_w);
  const bool has_weights = p.kind == Kernel::batch_norm || p.kind == Kernel::normalize;
  for (std::size_t i = 0; i < src.size(); ++i) {
    const double x = src[i];
    result.values.push_back(has_weights ? x * weights.weight[i / pixels] + weights.bias[i / pixels] : x);
  }
  for (const double value : result.values) result.scale.push_back(std::abs(value) + 1.0);
  return result;
}

}  // namespace

std::size_t source_floats(const KernelProblem& p) {
  return static_cast<std::size_t>(p.in_c * p.in_h * p.in_w);
}
std::size_t result_floats(const KernelProblem& p) {
  return static_cast<std::size_t>(p.out_c * p.out_h * p.out_w);
}

std::vector<float> random_floats(std::size_t count, std::mt19937& random) {
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  std::vector<float> values(count);
  for (float& value : values) value = uniform(random);
  return values;
}

Weights random_weights(const KernelProblem& p, std::mt19937& random) {
  const auto out = static_cast<std::size_t>(p.out_c);
  switch (p.kind) {
    case Kernel::conv:
      return {random_floats(out * static_cast<std::size_t>(p.in_c / p.groups * p.kernel_h * p.kernel_w), random),
              random_floats(out, random)};
    case Kernel::dense:
      return {random_floats(out * source_floats(p), random), random_floats(out, random)};
    case Kernel::batch_norm:
    case Kernel::normalize:
      return {random_floats(out, random), random_floats(out, random)};
    default:
      return {};
  }
}

std::vector<float> pack(const codegen::PackChoice& choice, const Weights& weights) {
  if (choice.pack == D2NN_PACK_NONE) return {};
  std::vector<float> packed;
  if (choice.pack == D2NN_PACK_SCALE) {
    packed = weights.weight;
    packed.insert(packed.end(), weights.bias.begin(), weights.bias.end());
    return packed;
  }
  // CONV and DENSE: [outputs / block][values of one output][block], then the bias.
  const std::size_t outputs = weights.bias.size();
  const std::size_t values = weights.weight.size() / outputs;
  const std::size_t block = choice.block;
  const std::size_t blocks = (outputs + block - 1) / block;
  packed.assign(blocks * block * (values + 1), 0.0F);
  for (std::size_t output = 0; output < outputs; ++output) {
    for (std::size_t i = 0; i < values; ++i) {
      packed[(output / block * values + i) * block + output % block] = weights.weight[output * values + i];
    }
    packed[blocks * block * values + output] = weights.bias[output];
  }
  return packed;
}

std::vector<std::vector<float>> random_further(const KernelProblem& p, std::size_t rows, std::mt19937& random) {
  std::vector<std::vector<float>> further;
  for (std::size_t i = 0; i < codegen::further_operands(p.pointwise); ++i) {
    further.push_back(random_floats(result_floats(p) * rows, random));
  }
  return further;
}

Expected run_naive(const KernelProblem& p, const Weights& weights, const std::vector<float>& src,
                   const std::vector<std::vector<float>>& further) {
  switch (p.kind) {
    case Kernel::conv:
      return conv(p, weights, src, further);
    case Kernel::dense:
      return dense(p, weights, src, further);
    case Kernel::top:
      return top(p, src);
    case Kernel::max_pool:
    case Kernel::avg_pool:
      return pool(p, src);
    default:
      return scale(p, weights, src);
  }
}

std::string describe(const KernelProblem& p) {
  const auto pair = [](std::int64_t a, std::int64_t b) { return std::to_string(a) + "x" + std::to_string(b); };
  const auto shape = [](std::int64_t c, std::int64_t h, std::int64_t w) {
    return "[" + std::to_string(c) + "," + std::to_string(h) + "," + std::to_string(w) + "]";
  };
  std::string text = std::string(ops::spelling(p.kind)) + " " + pair(p.kernel_h, p.kernel_w) + " s" +
                     pair(p.stride_h, p.stride_w) + " p" + pair(p.pad_h, p.pad_w) + " d" +
                     pair(p.dilation_h, p.dilation_w) + " g" + std::to_string(p.groups) + " " +
                     shape(p.in_c, p.in_h, p.in_w) + " -> " + shape(p.out_c, p.out_h, p.out_w);
  for (const expr::Expression& stage : p.pointwise) {
    text += std::string(" then ") + spelling(stage[stage.results[0]].primitive);
  }
  if (p.pool.kernel_h != 0) {
    text += " pool " + pair(p.pool.kernel_h, p.pool.kernel_w) + " s" + pair(p.pool.stride_h, p.pool.stride_w) + " p" +
            pair(p.pool.pad_h, p.pool.pad_w);
  }
  return text;
}

}  // namespace d2nn::testing
