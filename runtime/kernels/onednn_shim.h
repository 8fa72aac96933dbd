// The one place that knows oneDNN 2.6 from 3.x. Only files of this room include it. Functions throw dnnl::error.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#include "d2nn/module.h"

namespace d2nn::kernels::onednn {

/// How the convolution is computed: `direct` and `winograd` name the library's algorithms.
enum class Algorithm { direct, winograd };
/// Where the operand's layout comes from: the caller's planar one, or what the library prefers.
enum class Layout { planar, any };

/// Forward convolution of `rows` samples of an op, f32, weights in the library's preferred layout, user scratchpad; the
/// result has the layout the library prefers. relu: fused behind it.
dnnl::convolution_forward::primitive_desc make_conv(const dnnl::engine& engine, const d2nn_op& op, std::int64_t rows,
                                                    Algorithm algorithm, Layout source, bool has_bias);
/// The same for a dense layer of one row.
dnnl::inner_product_forward::primitive_desc make_dense(const dnnl::engine& engine, const d2nn_op& op, bool has_bias);

}  // namespace d2nn::kernels::onednn
