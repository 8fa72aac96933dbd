// Convolution in training: three flat convolutions (padded_plane_conv.h), rows split over the threads. The weight
// gradient is summed per thread over blocks of rows that fit the second-level cache, and the threads' sums are added in
// order. A transposed convolution is the same three with operand and result exchanged: its forward pass is the data
// gradient of the convolution, its data gradient the forward pass.
#include "d2nn/rounding.h"
#include "kernels/train/train_op.h"

namespace d2nn::kernels::train {
namespace {

/// Floats of padded rows that the weight gradient goes over at once.
constexpr std::int64_t block_floats = 96 * 1024;
constexpr std::int64_t most_block_rows = 16;
/// Of a float; magnitudes below it are finite.
constexpr std::int32_t infinity_bits = 0x7F800000;

/// The convolution that an op is, or is the transpose of.
d2nn_op convolution_of(d2nn_op op) {
  if (op.kind != D2NN_OP_CONV_TRANSPOSE) return op;
  std::swap(op.in_c, op.out_c);
  std::swap(op.in_h, op.out_h);
  std::swap(op.in_w, op.out_w);
  return op;
}

class ConvOp final : public TrainOp {
 public:
  ConvOp(const d2nn_op& op, std::uint32_t index, Shared& shared)
      : TrainOp(op, index, shared),
        conv_(convolution_of(op)),
        is_transposed_(op.kind == D2NN_OP_CONV_TRANSPOSE),
        forward_(PaddedPlaneConv::forward(conv_, shared.loops)),
        backward_(PaddedPlaneConv::data_gradient(conv_, shared.loops)),
        packed_bias_(to_result().packed_bias_floats()) {
    has_data_gradient_ =
        op.operands[0] < D2NN_INPUT_OPERAND && shared.code.buffers[op.operands[0]].gradient_offset_bytes >= 0;
    if (uses(forward_)) packed_ = storage::AlignedFloats(forward_.packed_floats());
    if (uses(backward_)) packed_backward_ = storage::AlignedFloats(backward_.packed_floats());
    in_stride_ = round_up(forward_.plane_floats() + shared.loops.slack, 16);
    channel_stride_ = round_up(std::max(conv_.out_h * forward_.pitch(), forward_.padded_positions()), 16);
    out_stride_ = conv_.out_c * channel_stride_;
    block_rows_ = std::clamp<std::int64_t>(block_floats / (in_stride_ + out_stride_), 1, most_block_rows);
    weight_floats_ = conv_.out_c * static_cast<std::int64_t>(forward_.taps().size());
  }

  std::int64_t thread_scratch_floats() const override {
    return std::max({forward_.scratch_floats(), uses(backward_) ? backward_.scratch_floats() : 0,
                     block_rows_ * (in_stride_ + out_stride_)});
  }
  std::int64_t op_scratch_floats() const override {
    return static_cast<std::int64_t>(shared_.pool.threads()) * partial_stride();
  }

  void begin_step() override {
    if (uses(forward_)) forward_.pack(parameter(0), packed_.data());
    if (const float* bias = parameter(1)) to_result().pack_bias(bias, packed_bias_.data());
    if (uses(backward_)) backward_.pack(parameter(0), packed_backward_.data());
  }

  void forward(RowList rows) override {
    const Place x = operand();
    const Place y = result();
    const float* bias = parameter(1) ? packed_bias_.data() : nullptr;
    for_rows(rows, in_elements() + out_elements(), [&](std::int64_t r, std::size_t thread) {
      to_result().run(x.row(r), packed_for(to_result()), bias, y.row(r), shared_.thread_scratch[thread].data(),
                      isa::Store::overwrite);
    });
  }

  void backward(RowList rows) override {
    const Place dy = result_gradient();
    if (!dy) return;
    if (has_data_gradient_) {
      const Place dx = operand_gradient();
      const isa::Store store = adds() ? isa::Store::add : isa::Store::overwrite;
      for_rows(rows, in_elements() + out_elements(), [&](std::int64_t r, std::size_t thread) {
        to_operand().run(dy.row(r), packed_for(to_operand()), nullptr, dx.row(r), shared_.thread_scratch[thread].data(),
                         store);
      });
    }
    if (parameter_gradient(0) || parameter_gradient(1)) weight_gradient(rows, dy);
  }

 private:
  /// What makes the result from the operand, and the operand's gradient from the result's.
  const PaddedPlaneConv& to_result() const { return is_transposed_ ? backward_ : forward_; }
  const PaddedPlaneConv& to_operand() const { return is_transposed_ ? forward_ : backward_; }
  bool uses(const PaddedPlaneConv& conv) const { return &conv == &to_result() || has_data_gradient_; }
  const float* packed_for(const PaddedPlaneConv& conv) const {
    return &conv == &forward_ ? packed_.data() : packed_backward_.data();
  }
  std::int64_t partial_stride() const { return round_up(weight_floats_ + op_.out_c, 16); }

  void weight_gradient(RowList list, Place dy) {
    const std::size_t tasks = tasks_for(list.count, list.count * (in_elements() + out_elements()));
    float* partials = shared_.op_scratch.data();
    run_tasks(tasks, [&](std::size_t task, std::size_t thread) {
      float* sums = partials + static_cast<std::int64_t>(task) * partial_stride();
      std::fill_n(sums, partial_stride(), 0.0F);
      const std::int64_t end = split_at(list.count, tasks, task + 1);
      for (std::int64_t i = split_at(list.count, tasks, task); i < end; i += block_rows_)
        add_block({list.rows + i, std::min(block_rows_, end - i)}, dy, sums, shared_.thread_scratch[thread].data());
    });
    for (std::size_t task = 0; task < tasks; ++task) {
      const float* sums = partials + static_cast<std::int64_t>(task) * partial_stride();
      if (float* dw = parameter_gradient(0)) loops().add(weight_floats_, sums, dw);
      if (float* db = parameter_gradient(1)) loops().add(op_.out_c, sums + weight_floats_, db);
    }
  }

  /// Adds one block of rows to the sums of the weights, then of the bias.
  void add_block(RowList block, Place result_gradient, float* sums, float* scratch) const {
    // The convolution's operand and what stands for the gradient of its result.
    const Place x = is_transposed_ ? result_gradient : operand();
    const Place dy = is_transposed_ ? operand() : result_gradient;
    float* planes = scratch;
    float* gradients = scratch + block_rows_ * in_stride_;
    isa::FillPlane f{
        nullptr, conv_.out_h, forward_.pitch(), channel_stride_, nullptr, conv_.out_h, conv_.out_w, 1, 1, 0, 0, 0.0F};
    for (std::int64_t i = 0; i < block.count; ++i) {
      float* in = planes + i * in_stride_;
      const std::int64_t elements = conv_.in_c * conv_.in_h * conv_.in_w;
      const bool is_finite = loops().greatest_magnitude(elements, x.row(block.rows[i])) < infinity_bits;
      if (is_finite) {
        forward_.fill(x.row(block.rows[i]), in);
      } else {
        std::fill_n(in, forward_.plane_floats(), 0.0F);
        add_row(x.row(block.rows[i]), dy.row(block.rows[i]), sums);
      }
      // Vectors reach beyond the last plane; what they find is multiplied by zero and must be finite.
      std::fill(in + forward_.plane_floats(), in + in_stride_, 0.0F);
      for (std::int64_t c = 0; c < conv_.out_c; ++c) {
        f.src = dy.row(block.rows[i]) + c * conv_.out_h * conv_.out_w;
        f.dst = gradients + i * out_stride_ + c * channel_stride_;
        loops().fill_plane(f);
      }
      const std::int64_t plane = op_.out_h * op_.out_w;
      for (std::int64_t c = 0; c < op_.out_c; ++c)
        sums[weight_floats_ + c] += loops().sum(plane, result_gradient.row(block.rows[i]) + c * plane);
    }
    const std::int64_t out_group = conv_.out_c / conv_.groups;
    for (std::int64_t g = 0; g < op_.groups; ++g) {
      isa::WeightGradient w{};
      w.in = planes + g * forward_.group_plane_floats();
      w.in_row_stride = in_stride_;
      w.dy = gradients + g * out_group * channel_stride_;
      w.dy_row_stride = out_stride_;
      w.dy_channel_stride = channel_stride_;
      w.rows = block.count;
      w.positions = forward_.padded_positions();
      w.offsets = forward_.taps().data();
      w.taps = static_cast<std::int64_t>(forward_.taps().size());
      w.channels = out_group;
      w.gradient = sums + g * out_group * w.taps;
      loops().weight_gradient(w);
    }
  }

  /// Adds one row to the sums of the weights, tap by tap. In flat positions the zeros between the gradient's lines meet
  /// values of the operand, which must be finite for the products to be zero; here nothing meets what it should not.
  void add_row(const float* x, const float* dy, float* sums) const {
    const std::int64_t in_group = conv_.in_c / conv_.groups;
    const std::int64_t out_group = conv_.out_c / conv_.groups;
    for (std::int64_t o = 0; o < conv_.out_c; ++o) {
      const float* gradient = dy + o * conv_.out_h * conv_.out_w;
      for (std::int64_t c = 0; c < in_group; ++c) {
        const float* plane = x + (o / out_group * in_group + c) * conv_.in_h * conv_.in_w;
        for (std::int64_t i = 0; i < op_.kernel_h; ++i)
          for (std::int64_t j = 0; j < op_.kernel_w; ++j)
            *sums++ += tap_gradient(plane, gradient, i * op_.dilation_h - op_.pad_h, j * op_.dilation_w - op_.pad_w);
      }
    }
  }

  /// The sum over the outputs of a plane of their gradient times the value that a tap reads for them.
  float tap_gradient(const float* plane, const float* gradient, std::int64_t first_y, std::int64_t first_x) const {
    float sum = 0;
    for (std::int64_t p = 0; p < conv_.out_h * conv_.out_w; ++p) {
      const std::int64_t y = p / conv_.out_w * op_.stride_h + first_y;
      const std::int64_t x = p % conv_.out_w * op_.stride_w + first_x;
      if (y >= 0 && y < conv_.in_h && x >= 0 && x < conv_.in_w) sum += gradient[p] * plane[y * conv_.in_w + x];
    }
    return sum;
  }

  d2nn_op conv_;  // sizes of the convolution
  bool is_transposed_;
  PaddedPlaneConv forward_;
  PaddedPlaneConv backward_;
  bool has_data_gradient_ = false;
  storage::AlignedFloats packed_;
  storage::AlignedFloats packed_bias_;
  storage::AlignedFloats packed_backward_;
  std::int64_t in_stride_ = 0;       // of a row's padded operand
  std::int64_t channel_stride_ = 0;  // of a channel of the padded gradient
  std::int64_t out_stride_ = 0;      // of a row's
  std::int64_t block_rows_ = 1;
  std::int64_t weight_floats_ = 0;
};

}  // namespace

std::unique_ptr<TrainOp> make_conv(const d2nn_op& op, std::uint32_t index, Shared& shared) {
  return std::make_unique<ConvOp>(op, index, shared);
}

}  // namespace d2nn::kernels::train
