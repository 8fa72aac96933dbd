#include "kernels/winograd.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "kernels/isa/host_loops.h"
#include "kernels/plane_conv_op.h"
#include "threads/openmp_guard.h"

namespace d2nn::kernels {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

memory::desc floats(const memory::dims& dims, Tag tag) {
  return {dims, memory::data_type::f32, tag};
}

/// PyTorch's layout of the weights.
memory::desc plain_weights(const d2nn_op& op) {
  if (op.groups == 1) return floats({op.out_c, op.in_c, op.kernel_h, op.kernel_w}, Tag::oihw);
  return floats({op.groups, op.out_c / op.groups, op.in_c / op.groups, op.kernel_h, op.kernel_w}, Tag::goihw);
}

/// A convolution of the library: its primitive, weights in its layout, and reorders to and from planar rows.
class PrimitiveConv {
 public:
  PrimitiveConv(const d2nn_op& op, onednn::Algorithm algorithm, const float* weight, const float* bias)
      : engine_(dnnl::engine::kind::cpu, 0) {
    const threads::OneOpenMpThread one_thread;
    dnnl::stream stream(engine_);
    const auto desc = onednn::make_conv(engine_, op, algorithm, bias != nullptr);
    primitive_ = dnnl::convolution_forward(desc);
    src_desc_ = desc.src_desc();
    dst_desc_ = desc.dst_desc();
    const memory::desc weights_desc = desc.weights_desc();
    scratchpad_desc_ = desc.scratchpad_desc();
    planar_src_ = floats({1, op.in_c, op.in_h, op.in_w}, Tag::nchw);
    planar_dst_ = floats({1, op.out_c, op.out_h, op.out_w}, Tag::nchw);
    if (src_desc_ != planar_src_) reorder_in_ = dnnl::reorder(reorder_desc(planar_src_, src_desc_));
    if (dst_desc_ != planar_dst_) reorder_out_ = dnnl::reorder(reorder_desc(dst_desc_, planar_dst_));
    memory from(plain_weights(op), engine_, const_cast<float*>(weight));  // read only: the library has no const memory
    weights_ = memory(weights_desc, engine_);
    dnnl::reorder(from, weights_).execute(stream, from, weights_);
    stream.wait();
    packed_bytes_ = weights_desc.get_size();
    if (bias) {
      bias_ = memory(floats({op.out_c}, Tag::x), engine_);
      std::memcpy(bias_->get_data_handle(), bias, bias_->get_desc().get_size());
      packed_bytes_ += bias_->get_desc().get_size();
    }
  }
  std::size_t packed_bytes() const { return packed_bytes_; }

 private:
  friend class PrimitiveCall;

  dnnl::reorder::primitive_desc reorder_desc(const memory::desc& from, const memory::desc& to) {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::reorder::primitive_desc desc(engine_, from, engine_, to, attr);
    if (desc.scratchpad_desc().get_size() > scratchpad_desc_.get_size()) scratchpad_desc_ = desc.scratchpad_desc();
    return desc;
  }

  dnnl::engine engine_;
  dnnl::primitive primitive_;
  std::optional<dnnl::reorder> reorder_in_, reorder_out_;
  memory::desc src_desc_, dst_desc_, scratchpad_desc_, planar_src_, planar_dst_;
  memory weights_;
  std::optional<memory> bias_;
  std::size_t packed_bytes_ = 0;
};

/// Memory objects and lists of arguments are made here; a run sets two addresses.
class PrimitiveCall {
 public:
  explicit PrimitiveCall(const PrimitiveConv& op)
      : op_(op),
        stream_(op.engine_),
        planar_src_(op.planar_src_, op.engine_, nullptr),
        planar_dst_(op.planar_dst_, op.engine_, nullptr),
        src_(op.reorder_in_ ? memory(op.src_desc_, op.engine_) : planar_src_),
        dst_(op.reorder_out_ ? memory(op.dst_desc_, op.engine_) : planar_dst_),
        scratchpad_(op.scratchpad_desc_, op.engine_) {
    arguments_ = {{DNNL_ARG_SRC, src_.get()},
                  {DNNL_ARG_DST, dst_.get()},
                  {DNNL_ARG_WEIGHTS, op.weights_.get()},
                  {DNNL_ARG_SCRATCHPAD, scratchpad_.get()}};
    if (op.bias_) arguments_.push_back({DNNL_ARG_BIAS, op.bias_->get()});
    in_arguments_ = {
        {DNNL_ARG_FROM, planar_src_.get()}, {DNNL_ARG_TO, src_.get()}, {DNNL_ARG_SCRATCHPAD, scratchpad_.get()}};
    out_arguments_ = {
        {DNNL_ARG_FROM, dst_.get()}, {DNNL_ARG_TO, planar_dst_.get()}, {DNNL_ARG_SCRATCHPAD, scratchpad_.get()}};
  }

  d2nn_status run(const float* src, float* dst) noexcept {
    const threads::OneOpenMpThread one_thread;
    dnnl_status_t status = dnnl_memory_set_data_handle(planar_src_.get(), const_cast<float*>(src));
    if (status == dnnl_success) status = dnnl_memory_set_data_handle(planar_dst_.get(), dst);
    if (status == dnnl_success && op_.reorder_in_) status = execute(*op_.reorder_in_, in_arguments_);
    if (status == dnnl_success) status = execute(op_.primitive_, arguments_);
    if (status == dnnl_success && op_.reorder_out_) status = execute(*op_.reorder_out_, out_arguments_);
    if (status == dnnl_success) status = dnnl_stream_wait(stream_.get());
    if (status == dnnl_success) return D2NN_OK;
    return status == dnnl_out_of_memory ? D2NN_OUT_OF_MEMORY : D2NN_INTERNAL_ERROR;
  }

 private:
  /// Through the C interface: the C++ one gathers the arguments anew in each call, on the heap.
  dnnl_status_t execute(const dnnl::primitive& primitive, const std::vector<dnnl_exec_arg_t>& arguments) noexcept {
    return dnnl_primitive_execute(primitive.get(), stream_.get(), static_cast<int>(arguments.size()), arguments.data());
  }

  const PrimitiveConv& op_;
  dnnl::stream stream_;
  memory planar_src_, planar_dst_;
  memory src_, dst_;
  memory scratchpad_;
  std::vector<dnnl_exec_arg_t> arguments_, in_arguments_, out_arguments_;
};

/// A row alone decides which of the two it takes, so that it gets the same bits in every batch.
class GuardedOp final : public LibraryOp {
 public:
  GuardedOp(const d2nn_op& op, onednn::Algorithm algorithm, const float* weight, const float* bias)
      : fast_(op, algorithm, weight, bias),
        exact_(make_plane_conv(op, weight, bias)),
        elements_(op.in_c * op.in_h * op.in_w),
        bound_(std::bit_cast<std::int32_t>(greatest_winograd_value(op, weight, bias))) {}
  std::size_t packed_bytes() const override { return fast_.packed_bytes() + exact_->packed_bytes(); }
  std::unique_ptr<LibraryCall> new_call() const override;
  const PrimitiveConv& fast() const { return fast_; }
  const LibraryOp& exact() const { return *exact_; }
  bool is_safe(const float* src) const { return isa::host_loops().greatest_magnitude(elements_, src) < bound_; }

 private:
  PrimitiveConv fast_;
  std::unique_ptr<LibraryOp> exact_;
  std::int64_t elements_;
  std::int32_t bound_;  // the bits of a float
};

class GuardedCall final : public LibraryCall {
 public:
  explicit GuardedCall(const GuardedOp& op) : op_(op), fast_(op.fast()), exact_(op.exact().new_call()) {}
  d2nn_status run(const float* src, float* dst) noexcept override {
    return op_.is_safe(src) ? fast_.run(src, dst) : exact_->run(src, dst);
  }

 private:
  const GuardedOp& op_;
  PrimitiveCall fast_;
  std::unique_ptr<LibraryCall> exact_;
};

std::unique_ptr<LibraryCall> GuardedOp::new_call() const {
  return std::make_unique<GuardedCall>(*this);
}

}  // namespace

float greatest_winograd_value(const d2nn_op& op, const float* weight, const float* bias) {
  // Tiles of 4x4 outputs: the transforms of operand and result multiply a magnitude by at most 10 * 10 and 19 * 19,
  // that of the weights by about 1; other tilings stay below as well.
  constexpr double growth = 1e6;
  // A tile's rounding errors are about a millionth of its greatest value: they stay below 1, and activations of
  // networks stay far below this.
  constexpr double largest = 1048576;
  const std::int64_t taps = op.in_c / op.groups * op.kernel_h * op.kernel_w;
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

std::unique_ptr<LibraryOp> make_guarded_conv(const d2nn_op& op, onednn::Algorithm algorithm, const float* weight,
                                             const float* bias) {
  return std::make_unique<GuardedOp>(op, algorithm, weight, bias);
}

}  // namespace d2nn::kernels
