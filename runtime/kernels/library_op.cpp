// Inference ops on the kernel library, one planar row at a time. How a convolution is computed comes from a fixed table
// (choose_plan) of what was measured fastest; the user of this room sees planar memory only.
#include "kernels/library_op.h"

#include <bit>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "kernels/conv_plan.h"
#include "kernels/isa/host_loops.h"
#include "kernels/onednn_shim.h"
#include "kernels/padded_plane_conv.h"
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
  if (op.kind == D2NN_OP_DENSE) return floats({op.out_c * op.out_h * op.out_w, op.in_c * op.in_h * op.in_w}, Tag::ab);
  if (op.groups == 1) return floats({op.out_c, op.in_c, op.kernel_h, op.kernel_w}, Tag::oihw);
  return floats({op.groups, op.out_c / op.groups, op.in_c / op.groups, op.kernel_h, op.kernel_w}, Tag::goihw);
}

std::string name_of(const d2nn_op& op) {
  return op.label ? std::string("`") + op.label + "`" : std::string("an op without a label");
}

/// The convolution whose gradient with regard to its operand a transposed convolution is.
d2nn_op transposed(d2nn_op op) {
  std::swap(op.in_c, op.out_c);
  std::swap(op.in_h, op.out_h);
  std::swap(op.in_w, op.out_w);
  return op;
}

PaddedPlaneConv flat_conv(const d2nn_op& op) {
  return op.kind == D2NN_OP_CONV_TRANSPOSE ? PaddedPlaneConv::data_gradient(transposed(op), isa::host_loops())
                                           : PaddedPlaneConv::forward(op, isa::host_loops());
}

/// A convolution or a transposed one in flat positions, our own loops.
class FlatOp final : public LibraryOp {
 public:
  FlatOp(const d2nn_op& op, const float* weight, const float* bias)
      : conv_(flat_conv(op)),
        weights_(conv_.packed_floats()),
        bias_(conv_.packed_bias_floats()),
        store_(op.fused_relu != 0 ? isa::Store::overwrite_relu : isa::Store::overwrite) {
    conv_.pack(weight, weights_.data());
    if (bias) conv_.pack_bias(bias, bias_.data());
  }
  std::size_t packed_bytes() const override {
    return static_cast<std::size_t>(weights_.size() + bias_.size()) * sizeof(float);
  }
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

class FlatCall final : public LibraryCall {
 public:
  explicit FlatCall(const FlatOp& op) : op_(op), scratch_(op.scratch_floats()) {}
  d2nn_status run(const float* src, float* dst) noexcept override {
    op_.run(src, dst, scratch_.data());
    return D2NN_OK;
  }

 private:
  const FlatOp& op_;
  storage::AlignedFloats scratch_;
};

/// A convolution or dense layer of the library: its primitive, weights in its layout, and reorders to and from planar
/// rows.
class PrimitiveOp final : public LibraryOp {
 public:
  PrimitiveOp(const d2nn_op& op, ConvPlan plan, const float* weight, const float* bias)
      : engine_(dnnl::engine::kind::cpu, 0) {
    const threads::OneOpenMpThread one_thread;
    dnnl::stream stream(engine_);
    if (op.kind == D2NN_OP_DENSE) {
      const auto desc = onednn::make_dense(engine_, op, bias != nullptr);
      adopt(desc, desc.src_desc(), desc.dst_desc());
      primitive_ = dnnl::inner_product_forward(desc);
    } else {
      const auto desc = onednn::make_conv(
          engine_, op, 1, plan == ConvPlan::winograd ? onednn::Algorithm::winograd : onednn::Algorithm::direct,
          plan == ConvPlan::planar_source ? onednn::Layout::planar : onednn::Layout::any, bias != nullptr);
      adopt(desc, floats({1, op.in_c, op.in_h, op.in_w}, Tag::nchw),
            floats({1, op.out_c, op.out_h, op.out_w}, Tag::nchw));
      primitive_ = dnnl::convolution_forward(desc);
    }
    memory from(plain_weights(op), engine_, const_cast<float*>(weight));  // read only: the library has no const memory
    weights_ = memory(weights_desc_, engine_);
    dnnl::reorder(from, weights_).execute(stream, from, weights_);
    stream.wait();
    packed_bytes_ = weights_desc_.get_size();
    if (bias) {
      const std::int64_t units = op.kind == D2NN_OP_DENSE ? op.out_c * op.out_h * op.out_w : op.out_c;
      bias_ = memory(floats({units}, Tag::x), engine_);
      std::memcpy(bias_->get_data_handle(), bias, bias_->get_desc().get_size());
      packed_bytes_ += bias_->get_desc().get_size();
    }
  }
  std::size_t packed_bytes() const override { return packed_bytes_; }

 private:
  friend class PrimitiveCall;

  template <class Desc>
  void adopt(const Desc& desc, const memory::desc& planar_src, const memory::desc& planar_dst) {
    src_desc_ = desc.src_desc();
    dst_desc_ = desc.dst_desc();
    weights_desc_ = desc.weights_desc();
    scratchpad_desc_ = desc.scratchpad_desc();
    planar_src_ = planar_src;
    planar_dst_ = planar_dst;
    if (src_desc_ != planar_src_) reorder_in_ = dnnl::reorder(reorder_desc(planar_src_, src_desc_));
    if (dst_desc_ != planar_dst_) reorder_out_ = dnnl::reorder(reorder_desc(dst_desc_, planar_dst_));
  }
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
  memory::desc src_desc_, dst_desc_, weights_desc_, scratchpad_desc_, planar_src_, planar_dst_;
  memory weights_;
  std::optional<memory> bias_;
  std::size_t packed_bytes_ = 0;
};

/// Memory objects and lists of arguments are made here; a run sets two addresses.
class PrimitiveCall final : public LibraryCall {
 public:
  explicit PrimitiveCall(const PrimitiveOp& op)
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

  d2nn_status run(const float* src, float* dst) noexcept override {
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

  const PrimitiveOp& op_;
  dnnl::stream stream_;
  memory planar_src_, planar_dst_;
  memory src_, dst_;
  memory scratchpad_;
  std::vector<dnnl_exec_arg_t> arguments_, in_arguments_, out_arguments_;
};

/// A convolution by a plan that not every row may take, and our own loops for the others. A row alone decides which, so
/// that it gets the same bits in every batch.
class GuardedOp final : public LibraryOp {
 public:
  GuardedOp(const d2nn_op& op, ConvPlan fast, const float* weight, const float* bias)
      : fast_(op, fast, weight, bias),
        exact_(op, weight, bias),
        elements_(op.in_c * op.in_h * op.in_w),
        bound_(std::bit_cast<std::int32_t>(greatest_winograd_value(op, weight, bias))) {}
  std::size_t packed_bytes() const override { return fast_.packed_bytes() + exact_.packed_bytes(); }
  const PrimitiveOp& fast() const { return fast_; }
  const FlatOp& exact() const { return exact_; }
  bool is_safe(const float* src) const { return isa::host_loops().greatest_magnitude(elements_, src) < bound_; }

 private:
  PrimitiveOp fast_;
  FlatOp exact_;
  std::int64_t elements_;
  std::int32_t bound_;  // the bits of a float
};

class GuardedCall final : public LibraryCall {
 public:
  explicit GuardedCall(const GuardedOp& op) : op_(op), fast_(op.fast()), exact_(op.exact()) {}
  d2nn_status run(const float* src, float* dst) noexcept override {
    return op_.is_safe(src) ? fast_.run(src, dst) : exact_.run(src, dst);
  }

 private:
  const GuardedOp& op_;
  PrimitiveCall fast_;
  FlatCall exact_;
};

/// Runs `make` and turns what the library throws into a Status that names the op.
template <class T, class F>
Result<std::unique_ptr<T>> guarded(const std::string& what, F make) {
  try {
    return std::unique_ptr<T>(make());
  } catch (const std::bad_alloc&) {
    return Status(D2NN_OUT_OF_MEMORY, "not enough memory for the kernel of " + what);
  } catch (const dnnl::error& error) {
    return Status(error.status == dnnl_out_of_memory ? D2NN_OUT_OF_MEMORY : D2NN_INTERNAL_ERROR,
                  "the kernel library refused " + what + ": " + error.what());
  }
}

}  // namespace

Result<std::unique_ptr<LibraryOp>> create_library_op(const d2nn_op& op, ConvPlan plan, const float* weight,
                                                     const float* bias) {
  return guarded<LibraryOp>(name_of(op), [&]() -> LibraryOp* {
    if (op.kind == D2NN_OP_CONV_TRANSPOSE || (op.kind == D2NN_OP_CONV && plan == ConvPlan::flat))
      return new FlatOp(op, weight, bias);
    if (op.kind == D2NN_OP_CONV && plan == ConvPlan::winograd) return new GuardedOp(op, plan, weight, bias);
    return new PrimitiveOp(op, plan, weight, bias);
  });
}

Result<std::unique_ptr<LibraryOp>> create_guarded_op(const d2nn_op& op, ConvPlan fast, const float* weight,
                                                     const float* bias) {
  return guarded<LibraryOp>(name_of(op), [&] { return new GuardedOp(op, fast, weight, bias); });
}

Result<std::unique_ptr<LibraryOp>> LibraryOp::create(const d2nn_op& op, const float* weight, const float* bias) {
  if (op.kind == D2NN_OP_CONV_TRANSPOSE) return create_library_op(op, ConvPlan::flat, weight, bias);
  if (op.kind != D2NN_OP_CONV && op.kind != D2NN_OP_DENSE)
    return Status(D2NN_INVALID_MODULE,
                  name_of(op) + " is no conv, conv_transpose or dense layer; the kernel library has no other ops");
  if (op.kind == D2NN_OP_DENSE) return create_library_op(op, ConvPlan::blocked, weight, bias);
  const ConvPlan plan = choose_plan(op);
  auto made = create_library_op(op, plan, weight, bias);
  // Winograd exists for some instruction sets only; our own loops exist for all.
  if (!made.ok() && made.status().code() == D2NN_INTERNAL_ERROR && plan != ConvPlan::flat)
    return create_library_op(op, ConvPlan::flat, weight, bias);
  return made;
}

Result<std::unique_ptr<LibraryCall>> LibraryCall::create(const LibraryOp& op) {
  return guarded<LibraryCall>("a library op", [&]() -> LibraryCall* {
    if (const auto* flat = dynamic_cast<const FlatOp*>(&op)) return new FlatCall(*flat);
    if (const auto* guarded = dynamic_cast<const GuardedOp*>(&op)) return new GuardedCall(*guarded);
    return new PrimitiveCall(dynamic_cast<const PrimitiveOp&>(op));
  });
}

}  // namespace d2nn::kernels
