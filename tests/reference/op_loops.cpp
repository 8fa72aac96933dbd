// The loops by the name of the layer. The interpreter knows nothing of how the compiler defines a layer; torch_test.cpp
// holds every layer's loops to PyTorch.
#include "reference/op_loops.h"

#include <stdexcept>
#include <string_view>

#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

template <class Scalar>
struct Loops {
  std::string_view layer;
  void (*forward)(OpForward<Scalar>&);
  void (*backward)(OpBackward<Scalar>&);
};

template <class Scalar>
constexpr Loops<Scalar> all_loops[] = {
    {"conv", conv_forward<Scalar>, conv_backward<Scalar>},
    {"conv_transpose", conv_transpose_forward<Scalar>, conv_transpose_backward<Scalar>},
    {"dense", dense_forward<Scalar>, dense_backward<Scalar>},
    {"linear", linear_forward<Scalar>, linear_backward<Scalar>},
    {"matmul", matmul_forward<Scalar>, matmul_backward<Scalar>},
    {"attention", attention_forward<Scalar>, attention_backward<Scalar>},
    {"max_pool", max_pool_forward<Scalar>, max_pool_backward<Scalar>},
    {"avg_pool", avg_pool_forward<Scalar>, avg_pool_backward<Scalar>},
    {"global_avg_pool", global_avg_pool_forward<Scalar>, global_avg_pool_backward<Scalar>},
    {"top", top_forward<Scalar>, top_backward<Scalar>},
    {"batch_norm", batch_norm_forward<Scalar>, batch_norm_backward<Scalar>},
    {"relu", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"leaky_relu", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"sigmoid", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"tanh", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"gelu", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"relu6", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"hard_sigmoid", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"hard_swish", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"elu", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"clamp", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"exp", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"log", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"sqrt", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"abs", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"silu", elementwise_forward<Scalar>, elementwise_backward<Scalar>},
    {"softmax", softmax_forward<Scalar>, softmax_backward<Scalar>},
    {"sum", sum_forward<Scalar>, sum_backward<Scalar>},
    {"mean", sum_forward<Scalar>, sum_backward<Scalar>},
    {"max", max_forward<Scalar>, max_backward<Scalar>},
    {"global_max_pool", max_forward<Scalar>, max_backward<Scalar>},
    {"layer_norm", sample_norm_forward<Scalar>, sample_norm_backward<Scalar>},
    {"group_norm", sample_norm_forward<Scalar>, sample_norm_backward<Scalar>},
    {"dropout", dropout_forward<Scalar>, dropout_backward<Scalar>},
    {"flatten", copy_forward<Scalar>, copy_backward<Scalar>},
    {"reshape", copy_forward<Scalar>, copy_backward<Scalar>},
    {"normalize", normalize_forward<Scalar>, normalize_backward<Scalar>},
    {"pad_channels", pad_channels_forward<Scalar>, pad_channels_backward<Scalar>},
    {"permute", gather_forward<Scalar>, gather_backward<Scalar>},
    {"slice", gather_forward<Scalar>, gather_backward<Scalar>},
    {"upsample", upsample_forward<Scalar>, upsample_backward<Scalar>},
    {"detach", copy_forward<Scalar>, no_backward<Scalar>},
    {"identity", copy_forward<Scalar>, copy_backward<Scalar>},
    {"parameter", parameter_forward<Scalar>, parameter_backward<Scalar>},
    {"add", operator_forward<Scalar>, operator_backward<Scalar>},
    {"subtract", operator_forward<Scalar>, operator_backward<Scalar>},
    {"multiply", operator_forward<Scalar>, operator_backward<Scalar>},
    {"divide", operator_forward<Scalar>, operator_backward<Scalar>},
    {"negate", number_forward<Scalar>, number_backward<Scalar>},
    {"add_number", number_forward<Scalar>, number_backward<Scalar>},
    {"multiply_number", number_forward<Scalar>, number_backward<Scalar>},
    {"divide_by_number", number_forward<Scalar>, number_backward<Scalar>},
    {"number_minus", number_forward<Scalar>, number_backward<Scalar>},
    {"number_over", number_forward<Scalar>, number_backward<Scalar>},
    {"concat", concat_forward<Scalar>, concat_backward<Scalar>},
};

template <class Scalar>
const Loops<Scalar>& loops_of(const graph::Op& op) {
  for (const Loops<Scalar>& loops : all_loops<Scalar>) {
    if (loops.layer == op.layer->name) return loops;
  }
  throw std::logic_error("the reference interpreter has no loops for `" + std::string(op.layer->name) + "`");
}

}  // namespace

template <class Scalar>
void run_forward(OpForward<Scalar>& call) {
  loops_of<Scalar>(call.op).forward(call);
}

template <class Scalar>
void run_backward(OpBackward<Scalar>& call) {
  loops_of<Scalar>(call.op).backward(call);
}

template void run_forward(OpForward<float>&);
template void run_forward(OpForward<double>&);
template void run_backward(OpBackward<float>&);
template void run_backward(OpBackward<double>&);

}  // namespace d2nn::reference
