// The inner loops of the kernels room: one table of functions per instruction set, chosen once for the host.
// The bodies (conv_loops.h, pool_loops.h, elementwise_loops.h) are compiled several times, with the flags of each
// instruction set, by loops_*.cpp; they use nothing but raw pointers, so that no inline function of the standard
// library is ever compiled with instructions the host lacks and then picked by the linker.
#pragma once

#include <cstdint>

namespace d2nn::kernels::isa {

/// A block of output channels of a convolution over flat positions: the input lies in padded planes, so that tap t of
/// position p is in[p + offsets[t]]. out[o * out_stride + p] = bias[o] + sum over t of weights[t * block + o] *
/// in[...]. Reads and writes up to `slack` floats beyond the last position.
struct ConvBlock {
  const float* in;
  const std::int32_t* offsets;  // [taps]
  std::int64_t taps;
  const float* weights;  // [taps][block]
  const float* bias;     // [block], or nullptr for zeros
  float* out;            // [block][out_stride]
  std::int64_t out_stride;
  std::int64_t positions;
  int block;  // 1, 2, 4, ... up to Loops::max_block
};

/// The weight gradient of the same convolution, over several rows:
/// gradient[o * taps + t] += sum over rows r and positions p of dy[r][o][p] * in[r][p + offsets[t]].
/// dy is zero in the columns between lines and up to `positions`, which is a multiple of `lanes`.
struct WeightGradient {
  const float* in;
  std::int64_t in_row_stride;
  const float* dy;
  std::int64_t dy_row_stride;
  std::int64_t dy_channel_stride;
  std::int64_t rows;
  std::int64_t positions;
  const std::int32_t* offsets;
  std::int64_t taps;
  std::int64_t channels;
  float* gradient;  // [channels][taps]
};

/// Copies every step-th element and line of an image into a plane: dst[l * pitch + c] = src[y * width + x] with
/// y = l * step_y + first_y and x = c * step_x + first_x where that lies in the image, `fill` elsewhere and in the rest
/// of the plane.
struct FillPlane {
  float* dst;
  std::int64_t lines, pitch, plane;
  const float* src;
  std::int64_t height, width;
  std::int64_t step_y, step_x, first_y, first_x;
  float fill;
};

/// What store_lines does with what is already there.
enum class Store : int { overwrite, add, overwrite_relu };

/// The way back: dst[(l * step_y + first_y) * width + c * step_x + first_x] takes src[l * pitch + c] where it lies in
/// the image.
struct StoreLines {
  float* dst;
  std::int64_t height, width;
  std::int64_t step_y, step_x, first_y, first_x;
  const float* src;
  std::int64_t lines, columns, pitch;
  Store store;
};

/// Max pooling over flat positions, as ConvBlock. best is the maximum (NaN wins, as in PyTorch), arg the tap that gave
/// it; arg starts as first_tap, the tap of each position that is taken when nothing is greater than minus infinity.
struct PoolBlock {
  const float* in;
  const std::int32_t* offsets;
  std::int64_t taps;
  const std::int32_t* first_tap;  // [positions + slack]
  float* best;                    // [positions + slack]
  std::int32_t* arg;              // [positions + slack]
  std::int64_t positions;
};

/// Adds each output's gradient to the operand element that its tap names: dx[y * step_y * width + x * step_x + first +
/// tap_offsets[t]]. args: uint8 or int32 [lines][columns].
struct PoolScatter {
  const float* dy;
  const void* args;
  bool wide_args;
  std::int64_t lines, columns;
  std::int64_t step_y, step_x, first, width;
  const std::int32_t* tap_offsets;
  float* dx;
};

/// One instruction set's loops.
struct Loops {
  const char* name;
  int lanes;      // floats in a vector
  int max_block;  // the widest block of conv_block, a power of two
  int slack;      // floats that conv_block and pool_block may touch beyond the last position

  void (*conv_block)(const ConvBlock&);
  void (*weight_gradient)(const WeightGradient&);
  void (*fill_plane)(const FillPlane&);
  void (*store_lines)(const StoreLines&);
  void (*pool_block)(const PoolBlock&);
  /// Packs the taps of pool_block without the columns between lines: dst uint8 or int32 [lines][columns].
  void (*store_args)(std::int64_t lines, std::int64_t columns, std::int64_t pitch, const std::int32_t* args, bool wide,
                     void* dst);
  void (*pool_scatter)(const PoolScatter&);

  /// The greatest of |x| as the bits of a float, so that infinity is above every finite value and NaN above that.
  std::int32_t (*greatest_magnitude)(std::int64_t n, const float* x);
  float (*sum)(std::int64_t n, const float* x);
  float (*dot)(std::int64_t n, const float* x, const float* y);
  /// sum of (x - mean)^2
  float (*squared_deviation)(std::int64_t n, float mean, const float* x);
  /// sum of dy * (x - mean)
  float (*centred_dot)(std::int64_t n, float mean, const float* x, const float* dy);
  void (*scale_shift)(std::int64_t n, float scale, float shift, const float* x, float* y);
  /// dx = a * dy + b * x + c, or added
  void (*affine_gradient)(std::int64_t n, float a, float b, float c, const float* dy, const float* x, float* dx,
                          bool add);
  void (*copy)(std::int64_t n, const float* x, float* y, bool add);
  void (*add)(std::int64_t n, const float* x, float* y);  // y += x
  /// y = bias + x; bias may be nullptr
  void (*add_bias)(std::int64_t n, const float* x, const float* bias, float* y);
  /// y = x * scale where the hash of (key, element index) is at least threshold, else 0; or added. The masks of
  /// dropout.
  void (*dropout)(std::int64_t n, std::uint64_t key, std::uint32_t threshold, float scale, const float* x, float* y,
                  bool add);
  /// The softmax of x * scale, in place; scale above 0. All NaN where an x is NaN or +infinity.
  void (*softmax)(std::int64_t n, float scale, float* x);
  /// The way back: dy, the gradient of softmax's result y, becomes that of x.
  void (*softmax_gradient)(std::int64_t n, float scale, const float* y, float* dy);
  /// dst[(c - first) * dst_stride + r] = rows[r][c] for r < count, first <= c < end.
  void (*transpose)(std::int64_t count, std::int64_t first, std::int64_t end, const float* const* rows, float* dst,
                    std::int64_t dst_stride);
};

/// Constant tables. Only host_loops.h decides which of them may be called.
const Loops& baseline_loops();
#if defined(D2NN_KERNELS_X86)
const Loops& avx2_loops();
const Loops& avx512_loops();
#endif

}  // namespace d2nn::kernels::isa
