// Measured with kernels_bench (conv/...), one row, planar on both sides, AVX-512 (Zen 5, oneDNN 2.6.3), microseconds:
//
//   in         out  kernel stride groups   flat  planar_source  blocked  winograd
//   3 x 112      8   3x3     2      1        17        31          37        -
//   3 x 32      16   3x3     1      1         8        11          15       34
//   8 x 28       2   3x3     1      1         3        11          15       20
//   8 x 28      16   3x3     1      1        12        11          15       21
//   16 x 32     16   3x3     1      1        28       120          29       28
//   32 x 14     32   3x3     1      1        20        44          19       11
//   64 x 56     64   3x3     1      1      1127      1715        1214      597
//   256 x 14   256   3x3     1      1      1225      1325         991      578
//   16 x 32     32   3x3     2      1        16        39          15        -
//   32 x 16     64   3x3     2      1        18        25          14        -
//   3 x 224     64   7x7     2      1      1532      1466        1583        -
//   64 x 56     64   1x1     1      1       169       217         236        -
//   256 x 14   512   1x1     1      1       268       298         367        -
//   64 x 28     64   3x3     1     64        24       200          38        -
//   64 x 28     64   3x3     1      4        80       235          72        -
#include "kernels/conv_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace d2nn::kernels {

ConvPlan choose_plan(const d2nn_op& op) {
  if (op.groups != 1) return ConvPlan::flat;
  const std::int64_t channels = std::min(op.in_c, op.out_c);
  const bool is_3x3 = op.kernel_h == 3 && op.kernel_w == 3;
  const bool is_dense = op.stride_h == 1 && op.stride_w == 1 && op.dilation_h == 1 && op.dilation_w == 1;
  if (is_3x3 && is_dense && channels >= 32) return ConvPlan::winograd;
  // Copying into padded planes costs the more the fewer outputs share it.
  const bool is_1x1 = op.kernel_h == 1 && op.kernel_w == 1;
  const bool has_few_outputs = op.stride_h > 1 || op.stride_w > 1 || op.out_w <= 8;
  if (!is_1x1 && has_few_outputs && op.in_c >= 16 && op.out_c >= 32) return ConvPlan::blocked;
  if (!is_1x1 && op.in_c <= 4 && op.out_c >= 64) return ConvPlan::planar_source;
  return ConvPlan::flat;
}

float greatest_winograd_value(const d2nn_op& op, const float* weight, const float* bias) {
  // Tiles of 4x4 outputs: the transforms of operand and result multiply a magnitude by at most 10 * 10 and 19 * 19,
  // that of the weights by about 1; other tilings stay below as well.
  constexpr double growth = 1e6;
  // A tile's rounding errors are about a millionth of its greatest value: they stay below 1, and activations of
  // networks stay far below this.
  constexpr double largest = 1048576;
  const std::int64_t taps = op.in_c * op.kernel_h * op.kernel_w;
  double weights = 1;
  double offset = 0;
  for (std::int64_t o = 0; o < op.out_c; ++o) {
    double sum = 0;
    for (std::int64_t t = 0; t < taps; ++t) sum += std::abs(static_cast<double>(weight[o * taps + t]));
    weights = std::max(weights, sum);
    if (bias) offset = std::max(offset, std::abs(static_cast<double>(bias[o])));
  }
  const double room = static_cast<double>(std::numeric_limits<float>::max()) / 2 - offset;
  const double bound = std::min(largest, room / (growth * weights));
  // Below 1 the weights themselves are near the end of the range, and may have overflowed in their transform.
  return bound < 1 ? 0.0F : static_cast<float>(bound);
}

}  // namespace d2nn::kernels
