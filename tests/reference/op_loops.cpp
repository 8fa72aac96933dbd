// The loops by OpKind. A kind without a row does not compile.
#include "reference/op_loops.h"

#include "ops/per_op.h"
#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

template <class Scalar>
constexpr auto forward_loops = ops::per_op<void (*)(OpForward<Scalar>&)>({
    {ops::OpKind::conv, conv_forward<Scalar>},
    {ops::OpKind::dense, dense_forward<Scalar>},
    {ops::OpKind::max_pool, max_pool_forward<Scalar>},
    {ops::OpKind::avg_pool, avg_pool_forward<Scalar>},
    {ops::OpKind::global_avg_pool, global_avg_pool_forward<Scalar>},
    {ops::OpKind::batch_norm, batch_norm_forward<Scalar>},
    {ops::OpKind::relu, relu_forward<Scalar>},
    {ops::OpKind::leaky_relu, leaky_relu_forward<Scalar>},
    {ops::OpKind::sigmoid, sigmoid_forward<Scalar>},
    {ops::OpKind::tanh, tanh_forward<Scalar>},
    {ops::OpKind::gelu, gelu_forward<Scalar>},
    {ops::OpKind::silu, silu_forward<Scalar>},
    {ops::OpKind::softmax, softmax_forward<Scalar>},
    {ops::OpKind::dropout, dropout_forward<Scalar>},
    {ops::OpKind::flatten, copy_forward<Scalar>},
    {ops::OpKind::reshape, copy_forward<Scalar>},
    {ops::OpKind::normalize, normalize_forward<Scalar>},
    {ops::OpKind::pad_channels, pad_channels_forward<Scalar>},
    {ops::OpKind::identity, copy_forward<Scalar>},
    {ops::OpKind::add, add_forward<Scalar>},
    {ops::OpKind::multiply, multiply_forward<Scalar>},
    {ops::OpKind::concat, concat_forward<Scalar>},
});

template <class Scalar>
constexpr auto backward_loops = ops::per_op<void (*)(OpBackward<Scalar>&)>({
    {ops::OpKind::conv, conv_backward<Scalar>},
    {ops::OpKind::dense, dense_backward<Scalar>},
    {ops::OpKind::max_pool, max_pool_backward<Scalar>},
    {ops::OpKind::avg_pool, avg_pool_backward<Scalar>},
    {ops::OpKind::global_avg_pool, global_avg_pool_backward<Scalar>},
    {ops::OpKind::batch_norm, batch_norm_backward<Scalar>},
    {ops::OpKind::relu, relu_backward<Scalar>},
    {ops::OpKind::leaky_relu, leaky_relu_backward<Scalar>},
    {ops::OpKind::sigmoid, sigmoid_backward<Scalar>},
    {ops::OpKind::tanh, tanh_backward<Scalar>},
    {ops::OpKind::gelu, gelu_backward<Scalar>},
    {ops::OpKind::silu, silu_backward<Scalar>},
    {ops::OpKind::softmax, softmax_backward<Scalar>},
    {ops::OpKind::dropout, dropout_backward<Scalar>},
    {ops::OpKind::flatten, copy_backward<Scalar>},
    {ops::OpKind::reshape, copy_backward<Scalar>},
    {ops::OpKind::normalize, normalize_backward<Scalar>},
    {ops::OpKind::pad_channels, pad_channels_backward<Scalar>},
    {ops::OpKind::identity, copy_backward<Scalar>},
    {ops::OpKind::add, add_backward<Scalar>},
    {ops::OpKind::multiply, multiply_backward<Scalar>},
    {ops::OpKind::concat, concat_backward<Scalar>},
});

}  // namespace

template <class Scalar>
void run_forward(OpForward<Scalar>& call) {
  forward_loops<Scalar>[static_cast<std::size_t>(call.op.kind)](call);
}

template <class Scalar>
void run_backward(OpBackward<Scalar>& call) {
  backward_loops<Scalar>[static_cast<std::size_t>(call.op.kind)](call);
}

template void run_forward(OpForward<float>&);
template void run_forward(OpForward<double>&);
template void run_backward(OpBackward<float>&);
template void run_backward(OpBackward<double>&);

}  // namespace d2nn::reference
