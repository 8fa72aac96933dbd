// The loops of each family of layers; op_loops.cpp puts them into the tables. Each is instantiated for float and
// double.
#pragma once

#include "reference/op_loops.h"

namespace d2nn::reference {

// convolution_loops.cpp
template <class Scalar>
void conv_forward(OpForward<Scalar>& call);
template <class Scalar>
void conv_backward(OpBackward<Scalar>& call);
template <class Scalar>
void dense_forward(OpForward<Scalar>& call);
template <class Scalar>
void dense_backward(OpBackward<Scalar>& call);
template <class Scalar>
void conv_transpose_forward(OpForward<Scalar>& call);
template <class Scalar>
void conv_transpose_backward(OpBackward<Scalar>& call);

// product_loops.cpp
template <class Scalar>
void linear_forward(OpForward<Scalar>& call);
template <class Scalar>
void linear_backward(OpBackward<Scalar>& call);
template <class Scalar>
void matmul_forward(OpForward<Scalar>& call);
template <class Scalar>
void matmul_backward(OpBackward<Scalar>& call);
template <class Scalar>
void attention_forward(OpForward<Scalar>& call);
template <class Scalar>
void attention_backward(OpBackward<Scalar>& call);

// pool_loops.cpp
template <class Scalar>
void max_pool_forward(OpForward<Scalar>& call);
template <class Scalar>
void max_pool_backward(OpBackward<Scalar>& call);
template <class Scalar>
void avg_pool_forward(OpForward<Scalar>& call);
template <class Scalar>
void avg_pool_backward(OpBackward<Scalar>& call);
template <class Scalar>
void global_avg_pool_forward(OpForward<Scalar>& call);
template <class Scalar>
void global_avg_pool_backward(OpBackward<Scalar>& call);
template <class Scalar>
void top_forward(OpForward<Scalar>& call);
template <class Scalar>
void top_backward(OpBackward<Scalar>& call);

// norm_loops.cpp
template <class Scalar>
void batch_norm_forward(OpForward<Scalar>& call);
template <class Scalar>
void batch_norm_backward(OpBackward<Scalar>& call);
template <class Scalar>
void normalize_forward(OpForward<Scalar>& call);
template <class Scalar>
void normalize_backward(OpBackward<Scalar>& call);
template <class Scalar>
void dropout_forward(OpForward<Scalar>& call);
template <class Scalar>
void dropout_backward(OpBackward<Scalar>& call);

// gather_loops.cpp: permute, slice; and the backward of detach.
template <class Scalar>
void gather_forward(OpForward<Scalar>& call);
template <class Scalar>
void gather_backward(OpBackward<Scalar>& call);
template <class Scalar>
void no_backward(OpBackward<Scalar>& call);

// sample_norm_loops.cpp: layer_norm, group_norm.
template <class Scalar>
void sample_norm_forward(OpForward<Scalar>& call);
template <class Scalar>
void sample_norm_backward(OpBackward<Scalar>& call);

// activation_loops.cpp
template <class Scalar>
void elementwise_forward(OpForward<Scalar>& call);
template <class Scalar>
void elementwise_backward(OpBackward<Scalar>& call);

// reduction_loops.cpp: sum is mean too, max is global_max_pool.
template <class Scalar>
void sum_forward(OpForward<Scalar>& call);
template <class Scalar>
void sum_backward(OpBackward<Scalar>& call);
template <class Scalar>
void max_forward(OpForward<Scalar>& call);
template <class Scalar>
void max_backward(OpBackward<Scalar>& call);
template <class Scalar>
void softmax_forward(OpForward<Scalar>& call);
template <class Scalar>
void softmax_backward(OpBackward<Scalar>& call);

// arrange_loops.cpp: identity, detach, flatten, reshape are copies.
template <class Scalar>
void copy_forward(OpForward<Scalar>& call);
template <class Scalar>
void copy_backward(OpBackward<Scalar>& call);
template <class Scalar>
void pad_channels_forward(OpForward<Scalar>& call);
template <class Scalar>
void pad_channels_backward(OpBackward<Scalar>& call);
template <class Scalar>
void concat_forward(OpForward<Scalar>& call);
template <class Scalar>
void concat_backward(OpBackward<Scalar>& call);

// learned_loops.cpp
template <class Scalar>
void parameter_forward(OpForward<Scalar>& call);
template <class Scalar>
void parameter_backward(OpBackward<Scalar>& call);

// interpolation_loops.cpp: upsample.
template <class Scalar>
void upsample_forward(OpForward<Scalar>& call);
template <class Scalar>
void upsample_backward(OpBackward<Scalar>& call);

// operator_loops.cpp
template <class Scalar>
void operator_forward(OpForward<Scalar>& call);
template <class Scalar>
void operator_backward(OpBackward<Scalar>& call);
template <class Scalar>
void number_forward(OpForward<Scalar>& call);
template <class Scalar>
void number_backward(OpBackward<Scalar>& call);

}  // namespace d2nn::reference
