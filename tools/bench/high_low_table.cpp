#include "high_low_table.h"

#include <algorithm>
#include <random>

#include "d2nn/rounding.h"
#include "d2nn/train_state.h"

namespace d2nn::bench {
namespace {

d2nn_op shaped(d2nn_op_kind kind, std::int64_t c, std::int64_t h, std::int64_t w) {
  d2nn_op op{};
  op.kind = kind;
  op.in_c = op.out_c = c;
  op.in_h = op.out_h = h;
  op.in_w = op.out_w = w;
  op.kernel_h = op.kernel_w = op.stride_h = op.stride_w = op.dilation_h = op.dilation_w = op.groups = 1;
  return op;
}

/// A 3x3 window with padding 1 over a square image.
d2nn_op window(d2nn_op_kind kind, std::int64_t in_c, std::int64_t size, std::int64_t out_c, std::int64_t stride) {
  d2nn_op op = shaped(kind, in_c, size, size);
  op.out_c = out_c;
  op.kernel_h = op.kernel_w = 3;
  op.stride_h = op.stride_w = stride;
  op.pad_h = op.pad_w = 1;
  op.out_h = op.out_w = (size - 1) / stride + 1;
  return op;
}

d2nn_op dense(std::int64_t c, std::int64_t size, std::int64_t units) {
  d2nn_op op = shaped(D2NN_OP_DENSE, c, size, size);
  op.out_c = units;
  op.out_h = op.out_w = 1;
  return op;
}

/// What the compiler emits for relu on so many elements; the C++ compiler vectorises it.
template <std::int64_t elements>
void relu_forward(const float* const* operands, const float* const*, float* const* results, float*) {
  for (std::int64_t i = 0; i < elements; ++i) results[0][i] = operands[0][i] < 0 ? 0.0F : operands[0][i];
}
template <std::int64_t elements>
void relu_backward(const float* const* operands, const float* const*, float* const* results, float*) {
  for (std::int64_t i = 0; i < elements; ++i) results[0][i] = operands[0][i] > 0 ? operands[1][i] : 0.0F;
}

template <std::int64_t c, std::int64_t size>
d2nn_op relu() {
  d2nn_op op = shaped(D2NN_OP_EXPRESSION, c, size, size);
  op.expression_forward = relu_forward<c * size * size>;
  op.expression_backward = relu_backward<c * size * size>;
  return op;
}

}  // namespace

HighLowTable::HighLowTable(std::int64_t batch) : batch_(batch) {
  for (std::int32_t r = 0; r < batch; ++r) {
    all_.push_back(r);
    (r % 2 == 0 ? even_ : odd_).push_back(r);
  }
  std::uint32_t x = add(window(D2NN_OP_CONV, 3, 112, 8, 2), "N1.conv1", D2NN_INPUT_OPERAND, all_);
  x = add(relu<8, 56>(), "N1.relu1", x, all_);
  const std::uint32_t n1 = add(window(D2NN_OP_MAX_POOL, 8, 56, 8, 2), "N1.max_pool1", x, all_, true);

  x = add(window(D2NN_OP_CONV, 8, 28, 2, 1), "Q.conv1", n1, all_);
  x = add(relu<2, 28>(), "Q.relu1", x, all_);
  x = add(window(D2NN_OP_MAX_POOL, 2, 28, 2, 2), "Q.max_pool1", x, all_);
  x = add(dense(2, 14, 128), "Q.dense1", x, all_);
  x = add(relu<128, 1>(), "Q.relu2", x, all_);
  add(dense(128, 1, 2), "Q.dense2", x, all_, true);

  x = add(window(D2NN_OP_CONV, 8, 28, 16, 1), "N2.conv1", n1, even_);
  x = add(relu<16, 28>(), "N2.relu1", x, even_);
  x = add(window(D2NN_OP_MAX_POOL, 16, 28, 16, 2), "N2.max_pool1", x, even_);
  x = add(dense(16, 14, 512), "N2.dense1", x, even_);
  x = add(relu<512, 1>(), "N2.relu2", x, even_);
  add(dense(512, 1, 2), "N2.dense2", x, even_, true);

  x = add(window(D2NN_OP_MAX_POOL, 8, 28, 8, 2), "N3.max_pool1", n1, odd_);
  x = add(dense(8, 14, 32), "N3.dense1", x, odd_);
  x = add(relu<32, 1>(), "N3.relu1", x, odd_);
  add(dense(32, 1, 2), "N3.dense2", x, odd_, true);

  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  input_.resize(static_cast<std::size_t>(3 * 112 * 112 * batch));
  std::generate(input_.begin(), input_.end(), [&] { return uniform(random); });
  parameters_.resize(static_cast<std::size_t>(parameter_floats_));
  std::generate(parameters_.begin(), parameters_.end(), [&] { return 0.05F * uniform(random); });
  parameter_gradients_.resize(parameters_.size());
  values_.resize(static_cast<std::size_t>(arena_floats_ * batch));
  gradients_.resize(static_cast<std::size_t>(gradient_floats_ * batch));
  std::generate(gradients_.begin(), gradients_.end(), [&] { return 0.01F * uniform(random); });

  for (std::size_t i = 0; i < ops_.size(); ++i) ops_[i].operands = &operands_[i];
  input_info_.elements = std::int64_t{3} * 112 * 112;
  inputs_[0] = input_.data();
  code_.op_count = static_cast<std::uint32_t>(ops_.size());
  code_.ops = ops_.data();
  code_.buffer_count = static_cast<std::uint32_t>(buffers_.size());
  code_.buffers = buffers_.data();
  code_.arena_bytes = 4 * arena_floats_;
  code_.gradient_bytes = 4 * gradient_floats_;
  module_.train = &code_;
  module_.input_count = 1;
  module_.inputs = &input_info_;
  module_.parameter_count = static_cast<std::uint32_t>(parameter_infos_.size());
  module_.parameters = parameter_infos_.data();
  module_.parameter_floats = parameter_floats_;
}

std::uint32_t HighLowTable::add_buffer(std::int64_t elements, bool accumulates) {
  const std::int64_t rounded = round_up(elements, alignment_floats);
  buffers_.push_back({.offset_bytes = 4 * arena_floats_,
                      .row_bytes = 4 * elements,
                      .elements = elements,
                      .gradient_offset_bytes = 4 * gradient_floats_,
                      .element_type = D2NN_ELEMENT_F32,
                      .gradient_accumulates = accumulates ? 1U : 0U});
  arena_floats_ += rounded;
  gradient_floats_ += rounded;
  return static_cast<std::uint32_t>(buffers_.size() - 1);
}

std::uint32_t HighLowTable::add_parameter(std::int64_t elements) {
  d2nn_parameter info{};
  info.tensor.elements = elements;
  info.is_trained = 1;
  info.offset = parameter_floats_;
  parameter_infos_.push_back(info);
  parameter_floats_ += elements;
  return static_cast<std::uint32_t>(parameter_infos_.size() - 1);
}

std::uint32_t HighLowTable::add(d2nn_op op, const std::string& label, std::uint32_t operand,
                                const std::vector<std::int32_t>& rows, bool is_node_value) {
  labels_.push_back(label);
  op.label = labels_.back().c_str();
  operands_.push_back(operand);
  op.operand_count = 1;
  for (std::uint32_t& p : op.params) p = D2NN_NO_INDEX;
  const std::int64_t out = op.out_c * op.out_h * op.out_w;
  if (op.kind == D2NN_OP_CONV) op.params[0] = add_parameter(op.out_c * op.in_c * op.kernel_h * op.kernel_w);
  if (op.kind == D2NN_OP_DENSE) op.params[0] = add_parameter(op.in_c * op.in_h * op.in_w * out);
  if (op.kind == D2NN_OP_CONV || op.kind == D2NN_OP_DENSE) op.params[1] = add_parameter(op.out_c);
  op.result = add_buffer(out, is_node_value);
  const std::int64_t state = d2nn_train_state_bytes(op.kind, out, op.kernel_h, op.kernel_w);
  op.state = state > 0 ? add_buffer(state / 4, false) : D2NN_NO_INDEX;
  ops_.push_back(op);
  order_.push_back({static_cast<std::uint32_t>(ops_.size() - 1), &rows});
  return op.result;
}

kernels::TrainMemory HighLowTable::memory() {
  kernels::TrainMemory memory;
  memory.values = values_.data();
  memory.gradients = gradients_.data();
  memory.capacity = batch_;
  memory.parameters = parameters_.data();
  memory.parameter_gradients = parameter_gradients_.data();
  memory.inputs = inputs_;
  return memory;
}

void HighLowTable::clear_gradients() {
  std::fill(parameter_gradients_.begin(), parameter_gradients_.end(), 0.0F);
  for (const d2nn_buffer& b : buffers_) {
    if (b.gradient_accumulates == 0 || b.elements <= 2)
      continue;  // the scores' gradients are the loss's: left as drawn
    std::fill_n(d2nn_gradient_row(gradients_.data(), &b, batch_, 0), b.elements * batch_, 0.0F);
  }
}

void HighLowTable::update(float rate) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i] -= rate * parameter_gradients_[i];
}

}  // namespace d2nn::bench
