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

}  // namespace d2nn::kernels
