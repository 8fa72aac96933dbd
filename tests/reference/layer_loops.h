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

// activation_loops.cpp
template <class Scalar>
void relu_forward(OpForward<Scalar>& call);
template <class Scalar>
void relu_backward(OpBackward<Scalar>& call);
template <class Scalar>
void leaky_relu_forward(OpForward<Scalar>& call);
template <class Scalar>
void leaky_relu_backward(OpBackward<Scalar>& call);
template <class Scalar>
void sigmoid_forward(OpForward<Scalar>& call);
template <class Scalar>
void sigmoid_backward(OpBackward<Scalar>& call);
template <class Scalar>
void tanh_forward(OpForward<Scalar>& call);
template <class Scalar>
void tanh_backward(OpBackward<Scalar>& call);
template <class Scalar>
void gelu_forward(OpForward<Scalar>& call);
template <class Scalar>
void gelu_backward(OpBackward<Scalar>& call);
template <class Scalar>
void silu_forward(OpForward<Scalar>& call);
template <class Scalar>
void silu_backward(OpBackward<Scalar>& call);
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
void slice_forward(OpForward<Scalar>& call);
template <class Scalar>
void slice_backward(OpBackward<Scalar>& call);
template <class Scalar>
void detach_backward(OpBackward<Scalar>& call);
template <class Scalar>
void concat_forward(OpForward<Scalar>& call);
template <class Scalar>
void concat_backward(OpBackward<Scalar>& call);

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
