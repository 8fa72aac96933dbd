#include "unit/kernels/one_op_module.h"

#include <algorithm>
#include <random>

#include "d2nn/rounding.h"
#include "d2nn/train_state.h"
#include "unit/f32_tables.h"

namespace d2nn::test {

OneOpModule::OneOpModule(const Problem& problem, std::uint32_t seed) : problem_(problem) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  const auto draw = [&](float* to, std::int64_t n) { std::generate_n(to, n, [&] { return normal(random); }); };

  std::int64_t offset = 0;
  std::int64_t gradient_offset = 0;
  const auto add_buffer = [&](std::int64_t elements, bool has_gradient, bool accumulates) {
    buffers_.push_back(tests::f32_buffer(offset, elements, has_gradient ? gradient_offset : -1, accumulates ? 1U : 0U));
    offset += round_up(elements, alignment_floats);
    if (has_gradient) gradient_offset += round_up(elements, alignment_floats);
    return static_cast<std::uint32_t>(buffers_.size() - 1);
  };
  for (int i = 0; i < problem.operands; ++i) {
    add_buffer(operand_elements(problem, i), !problem.reads_input, problem.adds);
    operands_.push_back(problem.reads_input ? D2NN_INPUT_OPERAND : static_cast<std::uint32_t>(buffer_of(i)));
  }
  op_ = problem.op;
  op_.mean = problem.mean.data();
  op_.std = problem.deviation.data();
  op_.axes = problem.axes.data();
  op_.operand_count = static_cast<std::uint32_t>(problem.operands);
  op_.operands = operands_.data();
  op_.result = add_buffer(result_elements(problem), true, false);
  const std::int64_t state = d2nn_train_state_bytes(op_.kind, result_elements(problem), op_.kernel_h, op_.kernel_w);
  op_.state = state > 0 ? add_buffer(state / 4, false, false) : D2NN_NO_INDEX;

  std::int64_t parameter_floats = 0;
  for (int role = 0; role < 4; ++role) {
    const std::int64_t elements = parameter_elements(problem, role);
    op_.params[role] = elements > 0 ? static_cast<std::uint32_t>(parameter_infos_.size()) : D2NN_NO_INDEX;
    offsets_.push_back(parameter_floats);
    if (elements == 0) continue;
    d2nn_parameter info{};
    info.tensor = tests::f32_tensor("parameter", "", 0, nullptr, elements);
    info.is_trained = role < 2 ? 1 : 0;
    info.offset = parameter_floats;
    parameter_infos_.push_back(info);
    parameter_floats += elements;
  }
  parameters_.resize(static_cast<std::size_t>(parameter_floats));
  draw(parameters_.data(), parameter_floats);
  for (std::int64_t i = 0; i < parameter_elements(problem, 3); ++i) parameter(3)[i] = 0.5F + std::abs(parameter(3)[i]);
  parameter_gradients_.assign(parameters_.size(), 0.5F);  // added to

  values_.assign(static_cast<std::size_t>(offset * problem.capacity), sentinel);
  gradients_.assign(static_cast<std::size_t>(gradient_offset * problem.capacity), sentinel);
  input_.resize(static_cast<std::size_t>(operand_elements(problem, 0) * problem.capacity));
  draw(input_.data(), static_cast<std::int64_t>(input_.size()));
  inputs_[0] = input_.data();
  for (const std::int32_t row : problem.rows) {
    for (int i = 0; i < problem.operands; ++i) {
      draw(operand(i, row), operand_elements(problem, i));
      if (problem.adds) std::fill_n(operand_gradient(i, row), operand_elements(problem, i), 0.25F);
    }
    draw(result_gradient(row), result_elements(problem));
  }

  code_.op_count = 1;
  code_.ops = &op_;
  code_.buffer_count = static_cast<std::uint32_t>(buffers_.size());
  code_.buffers = buffers_.data();
  code_.arena_bytes = 4 * offset;
  code_.gradient_bytes = 4 * gradient_offset;
  module_.train = &code_;
  input_info_ = tests::f32_tensor("input", "", 0, nullptr, operand_elements(problem, 0));
  module_.input_count = 1;
  module_.inputs = &input_info_;
  module_.parameter_count = static_cast<std::uint32_t>(parameter_infos_.size());
  module_.parameters = parameter_infos_.data();
  module_.parameter_floats = parameter_floats;
}

kernels::TrainMemory OneOpModule::memory() {
  kernels::TrainMemory memory;
  memory.values = values_.data();
  memory.gradients = gradients_.data();
  memory.capacity = problem_.capacity;
  memory.parameters = parameters_.data();
  memory.parameter_gradients = parameter_gradients_.data();
  memory.inputs = inputs_;
  return memory;
}

float* OneOpModule::operand(int i, std::int64_t row) {
  if (problem_.reads_input) return input_.data() + row * operand_elements(problem_, 0);
  const d2nn_buffer& b = buffers_[static_cast<std::size_t>(buffer_of(i))];
  return tests::row_of(values_.data(), b, problem_.capacity, row);
}

float* OneOpModule::operand_gradient(int i, std::int64_t row) {
  const d2nn_buffer& b = buffers_[static_cast<std::size_t>(buffer_of(i))];
  return d2nn_gradient_row(gradients_.data(), &b, problem_.capacity, row);
}

float* OneOpModule::result(std::int64_t row) {
  const d2nn_buffer& b = buffers_[op_.result];
  return tests::row_of(values_.data(), b, problem_.capacity, row);
}

float* OneOpModule::result_gradient(std::int64_t row) {
  const d2nn_buffer& b = buffers_[op_.result];
  return d2nn_gradient_row(gradients_.data(), &b, problem_.capacity, row);
}

NaiveInput OneOpModule::naive_input() {
  NaiveInput input;
  for (int i = 0; i < problem_.operands; ++i) {
    input.operands.emplace_back();
    for (const std::int32_t row : problem_.rows)
      input.operands.back().emplace_back(operand(i, row), operand(i, row) + operand_elements(problem_, i));
  }
  for (int role = 0; role < 4; ++role)
    input.parameters.emplace_back(parameter(role), parameter(role) + parameter_elements(problem_, role));
  return input;
}

}  // namespace d2nn::test
