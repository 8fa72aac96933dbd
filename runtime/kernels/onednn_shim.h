// The one place that knows oneDNN 2.6 from 3.x. Only files of this room include it. Functions throw dnnl::error.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#include "d2nn/module.h"

namespace d2nn::kernels::onednn {

/// How the convolution is computed: `direct` and `winograd` name the library's algorithms.
enum class Algorithm { direct, winograd };
/// Forward convolution of one sample of an op, f32, all in the library's preferred layouts, user scratchpad. relu:
/// fused behind it.
dnnl::convolution_forward::primitive_desc make_conv(const dnnl::engine& engine, const d2nn_op& op, Algorithm algorithm,
                                                    bool has_bias);

}  // namespace d2nn::kernels::onednn
