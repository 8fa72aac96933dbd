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
    {"dense", dense_forward<Scalar>, dense_backward<Scalar>},
    {"max_pool", max_pool_forward<Scalar>, max_pool_backward<Scalar>},
    {"avg_pool", avg_pool_forward<Scalar>, avg_pool_backward<Scalar>},
    {"global_avg_pool", global_avg_pool_forward<Scalar>, global_avg_pool_backward<Scalar>},
    {"batch_norm", batch_norm_forward<Scalar>, batch_norm_backward<Scalar>},
    {"relu", relu_forward<Scalar>, relu_backward<Scalar>},
    {"leaky_relu", leaky_relu_forward<Scalar>, leaky_relu_backward<Scalar>},
    {"sigmoid", sigmoid_forward<Scalar>, sigmoid_backward<Scalar>},
    {"tanh", tanh_forward<Scalar>, tanh_backward<Scalar>},
    {"gelu", gelu_forward<Scalar>, gelu_backward<Scalar>},
    {"silu", silu_forward<Scalar>, silu_backward<Scalar>},
    {"softmax", softmax_forward<Scalar>, softmax_backward<Scalar>},
    {"dropout", dropout_forward<Scalar>, dropout_backward<Scalar>},
    {"flatten", copy_forward<Scalar>, copy_backward<Scalar>},
    {"reshape", copy_forward<Scalar>, copy_backward<Scalar>},
    {"normalize", normalize_forward<Scalar>, normalize_backward<Scalar>},
    {"pad_channels", pad_channels_forward<Scalar>, pad_channels_backward<Scalar>},
    {"slice", slice_forward<Scalar>, slice_backward<Scalar>},
    {"detach", copy_forward<Scalar>, detach_backward<Scalar>},
    {"identity", copy_forward<Scalar>, copy_backward<Scalar>},
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
