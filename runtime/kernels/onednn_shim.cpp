// oneDNN 2.6 makes an operation descriptor first and the primitive descriptor from it; 3.x takes all arguments at once,
// and post-ops lost their scale.
#include "kernels/onednn_shim.h"

#include "kernels/matrix_product.h"
#include "threads/openmp_guard.h"

namespace d2nn::kernels::onednn {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

memory::desc floats(const memory::dims& dims, Tag tag) {
  return memory::desc(dims, memory::data_type::f32, tag);
}

dnnl::primitive_attr attributes(const d2nn_op& op) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (op.fused_relu != 0) {
    dnnl::post_ops post;
#if DNNL_VERSION_MAJOR >= 3
    post.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
#else
    post.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
#endif
    attr.set_post_ops(post);
  }
  return attr;
}

/// Zeros needed behind the image so that the windows fit exactly; negative when the last elements are not read.
std::int64_t padding_after(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                           std::int64_t pad, std::int64_t dilation) {
  return (out - 1) * stride + (kernel - 1) * dilation + 1 - in - pad;
}

}  // namespace

dnnl::convolution_forward::primitive_desc make_conv(const dnnl::engine& engine, const d2nn_op& op, Algorithm algorithm,
                                                    bool has_bias) {
  const auto src = floats({1, op.in_c, op.in_h, op.in_w}, Tag::any);
  const auto dst = floats({1, op.out_c, op.out_h, op.out_w}, Tag::any);
  const auto weights =
      op.groups == 1
          ? floats({op.out_c, op.in_c, op.kernel_h, op.kernel_w}, Tag::any)
          : floats({op.groups, op.out_c / op.groups, op.in_c / op.groups, op.kernel_h, op.kernel_w}, Tag::any);
  const auto bias = has_bias ? floats({op.out_c}, Tag::x) : memory::desc();
  const memory::dims strides{op.stride_h, op.stride_w};
  const memory::dims dilations{op.dilation_h - 1, op.dilation_w - 1};
  const memory::dims before{op.pad_h, op.pad_w};
  const memory::dims after{padding_after(op.in_h, op.out_h, op.kernel_h, op.stride_h, op.pad_h, op.dilation_h),
                           padding_after(op.in_w, op.out_w, op.kernel_w, op.stride_w, op.pad_w, op.dilation_w)};
  const auto kind =
      algorithm == Algorithm::winograd ? dnnl::algorithm::convolution_winograd : dnnl::algorithm::convolution_direct;
  const auto attr = attributes(op);
#if DNNL_VERSION_MAJOR >= 3
  return {engine, dnnl::prop_kind::forward_inference, kind, src, weights, bias, dst, strides, dilations, before, after,
          attr};
#else
  using Conv = dnnl::convolution_forward;
  return has_bias ? Conv::primitive_desc(Conv::desc(dnnl::prop_kind::forward_inference, kind, src, weights, bias, dst,
                                                    strides, dilations, before, after),
                                         attr, engine)
                  : Conv::primitive_desc(Conv::desc(dnnl::prop_kind::forward_inference, kind, src, weights, dst,
                                                    strides, dilations, before, after),
                                         attr, engine);
#endif
}

}  // namespace d2nn::kernels::onednn

namespace d2nn::kernels {

bool multiply(const MatrixProduct& p) noexcept {
  const threads::OneOpenMpThread one_thread;
  return dnnl_sgemm(p.transpose_a, p.transpose_b, p.m, p.n, p.k, 1.0F, p.a, p.a_stride, p.b, p.b_stride, p.beta, p.c,
                    p.c_stride) == dnnl_success;
}

}  // namespace d2nn::kernels
