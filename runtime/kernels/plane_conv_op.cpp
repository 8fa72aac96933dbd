#include "kernels/plane_conv_op.h"

#include <utility>

#include "kernels/isa/host_loops.h"
#include "kernels/padded_plane_conv.h"

namespace d2nn::kernels {
namespace {

/// The convolution whose gradient with regard to its operand a transposed convolution is.
d2nn_op transposed(d2nn_op op) {
  std::swap(op.in_c, op.out_c);
  std::swap(op.in_h, op.out_h);
  std::swap(op.in_w, op.out_w);
  return op;
}

PaddedPlaneConv plane_conv(const d2nn_op& op) {
  return op.kind == D2NN_OP_CONV_TRANSPOSE ? PaddedPlaneConv::data_gradient(transposed(op), isa::host_loops())
                                           : PaddedPlaneConv::forward(op, isa::host_loops());
}

/// A convolution or a transposed one by our own loops.
class PlaneOp final : public LibraryOp {
 public:
  PlaneOp(const d2nn_op& op, const float* weight, const float* bias)
      : conv_(plane_conv(op)),
        weights_(conv_.packed_floats()),
        bias_(conv_.packed_bias_floats()),
        store_(op.fused_relu != 0 ? isa::Store::overwrite_relu : isa::Store::overwrite) {
    conv_.pack(weight, weights_.data());
    if (bias) conv_.pack_bias(bias, bias_.data());
  }
  std::size_t packed_bytes() const override {
    return static_cast<std::size_t>(weights_.size() + bias_.size()) * sizeof(float);
  }
  std::unique_ptr<LibraryCall> new_call() const override;
  std::int64_t scratch_floats() const { return conv_.scratch_floats(); }
  void run(const float* src, float* dst, float* scratch) const {
    conv_.run(src, weights_.data(), bias_.data(), dst, scratch, store_);
  }

 private:
  PaddedPlaneConv conv_;
  storage::AlignedFloats weights_;
  storage::AlignedFloats bias_;
  isa::Store store_;
};

class PlaneCall final : public LibraryCall {
 public:
  explicit PlaneCall(const PlaneOp& op) : op_(op), scratch_(op.scratch_floats()) {}
  d2nn_status run(const float* src, float* dst) noexcept override {
    op_.run(src, dst, scratch_.data());
    return D2NN_OK;
  }

 private:
  const PlaneOp& op_;
  storage::AlignedFloats scratch_;
};

std::unique_ptr<LibraryCall> PlaneOp::new_call() const {
  return std::make_unique<PlaneCall>(*this);
}

}  // namespace

std::unique_ptr<LibraryOp> make_plane_conv(const d2nn_op& op, const float* weight, const float* bias) {
  return std::make_unique<PlaneOp>(op, weight, bias);
}

}  // namespace d2nn::kernels
