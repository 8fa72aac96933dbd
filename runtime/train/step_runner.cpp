// Mini-batches through compiled training code: see step_runner.h.
#include "train/step_runner.h"

#include <algorithm>
#include <limits>
#include <new>
#include <string>

namespace d2nn::train {

StepRunner::StepRunner(const d2nn_module& module, std::int64_t capacity, threads::ThreadPool& pool)
    : module_(module), code_(*module.train) {
  const auto rows = static_cast<std::size_t>(capacity);
  arena_ = storage::AlignedFloats(static_cast<std::size_t>(code_.arena_bytes) / sizeof(float) * rows);
  gradient_arena_ = storage::AlignedFloats(static_cast<std::size_t>(code_.gradient_bytes) / sizeof(float) * rows);
  parameters_ = storage::AlignedFloats(static_cast<std::size_t>(module.parameter_floats));
  parameter_gradients_ = storage::AlignedFloats(static_cast<std::size_t>(module.parameter_floats));
  scratch_ = storage::AlignedBytes(static_cast<std::size_t>(module.scratch_bytes));

  std::size_t output_floats = 0;
  for (std::uint32_t o = 0; o < module.output_count; ++o)
    output_floats += static_cast<std::size_t>(module.outputs[o].elements) * rows;
  output_values_ = storage::AlignedFloats(output_floats);
  output_gradient_values_ = storage::AlignedFloats(output_floats);
  valid_values_.resize(module.output_count * rows);
  std::size_t offset = 0;
  for (std::uint32_t o = 0; o < module.output_count; ++o) {
    outputs_.push_back(output_values_.data() + offset);
    output_gradients_.push_back(output_gradient_values_.data() + offset);
    valid_.push_back(valid_values_.data() + o * rows);
    offset += static_cast<std::size_t>(module.outputs[o].elements) * rows;
  }
  packed_.resize(module.op_count);
  actions_.resize(module.control_count * rows);
  executed_.resize(module.flag_count * rows);
  row_lists_.resize(module.flag_count * rows);
  for (std::uint32_t b = 0; b < code_.buffer_count; ++b) {
    if (code_.buffers[b].gradient_offset_bytes >= 0 && code_.buffers[b].gradient_accumulates != 0)
      accumulating_.push_back(b);
  }

  inputs_.resize(module.input_count);
  memory_.inputs = inputs_.data();
  frame_.inputs = inputs_.data();
  memory_.values = arena_.data();
  memory_.gradients = gradient_arena_.data();
  memory_.capacity = capacity;
  memory_.parameters = parameters_.data();
  memory_.parameter_gradients = parameter_gradients_.data();
  step_state_ = {&code_, nullptr, &pool, gradient_arena_.data(), output_gradients_.data()};
  frame_state_.module = &module;
  frame_state_.train_step = &step_state_;
  frame_.arena = arena_.data();
  frame_.outputs = outputs_.data();
  frame_.valid = valid_.data();
  frame_.packed = packed_.data();
  frame_.actions = actions_.data();
  frame_.executed = executed_.data();
  frame_.row_lists = row_lists_.data();
  frame_.scratch = scratch_.data();
  frame_.capacity = capacity;
  frame_.calls = &training_calls;
  frame_.state = &frame_state_;
}

Result<std::unique_ptr<StepRunner>> StepRunner::create(const d2nn_module& module, std::int64_t capacity,
                                                       threads::ThreadPool& pool) {
  if (module.train == nullptr) {
    return Status(D2NN_UNSUPPORTED, "network `" + std::string(module.name) +
                                        "` was compiled without training code: build it with --train");
  }
  std::unique_ptr<StepRunner> runner;
  try {
    runner.reset(new StepRunner(module, capacity, pool));
  } catch (const std::bad_alloc&) {
    return Status(D2NN_OUT_OF_MEMORY, "no memory for a mini-batch of " + std::to_string(capacity) +
                                          " samples of network `" + module.name + "`: give a smaller --batch or --bag");
  }
  auto ops = kernels::TrainOps::create(module, capacity, pool);
  if (!ops.ok()) return ops.status();
  runner->ops_ = *std::move(ops);
  runner->step_state_.ops = runner->ops_.get();
  return runner;
}

Status StepRunner::describe(std::int32_t status, const char* direction) const {
  if (status == D2NN_OK) return {};
  const exec::Failure& failure = frame_state_.failure;
  if (status == D2NN_NONFINITE_CONTROL && failure.control < module_.control_count) {
    const d2nn_control& control = module_.controls[failure.control];
    return {D2NN_NONFINITE_CONTROL, "control node `" + std::string(module_.nodes[control.node].name) +
                                        "` gives action `" + control.actions[failure.action].name + "` the score " +
                                        std::to_string(failure.score) + " for row " + std::to_string(failure.row) +
                                        " of the mini-batch"};
  }
  const std::string place = failure.op < code_.op_count ? " at `" + std::string(code_.ops[failure.op].label) + "`" : "";
  return {static_cast<d2nn_status>(status), "the " + std::string(direction) + " pass of network `" + module_.name +
                                                "` failed" + place + " (status " + std::to_string(status) + ")"};
}

Status StepRunner::forward(const ForwardRequest& request) {
  rows_ = request.rows;
  std::copy_n(request.inputs, inputs_.size(), inputs_.begin());
  frame_state_.policy = request.policy;
  frame_state_.failure = {};
  std::fill(actions_.begin(), actions_.end(), -1);
  std::fill(executed_.begin(), executed_.end(), std::uint8_t{0});
  kernels::TrainStep step;
  step.is_training = request.is_training;
  step.seed = request.seed;
  step.step = request.step;
  step.sample_ids = request.samples;
  step.expected_rows =
      request.moves_statistics ? static_cast<double>(capacity()) : std::numeric_limits<double>::infinity();
  if (Status status = ops_->begin_step(memory_, step); !status.ok()) return status;
  return describe(code_.forward(&frame_, rows_), "forward");
}

void StepRunner::clear_gradients() {
  for (std::uint32_t o = 0; o < module_.output_count; ++o)
    std::fill_n(output_gradients_[o], rows_ * module_.outputs[o].elements, 0.0F);
  for (const std::uint32_t b : accumulating_) {
    const d2nn_buffer& buffer = code_.buffers[b];
    std::fill_n(d2nn_gradient_row(gradient_arena_.data(), &buffer, capacity(), 0), rows_ * buffer.elements, 0.0F);
  }
}

Status StepRunner::backward() {
  return describe(code_.backward(&frame_, rows_), "backward");
}

const float* StepRunner::scores(std::uint32_t control) const {
  const d2nn_buffer& buffer = code_.buffers[code_.control_buffers[control]];
  return reinterpret_cast<const float*>(reinterpret_cast<const std::byte*>(arena_.data()) +
                                        buffer.offset_bytes * capacity());
}

std::int64_t StepRunner::score_stride(std::uint32_t control) const {
  return code_.buffers[code_.control_buffers[control]].row_bytes / static_cast<std::int64_t>(sizeof(float));
}

float* StepRunner::score_gradient(std::uint32_t control) {
  const d2nn_buffer& buffer = code_.buffers[code_.control_buffers[control]];
  return buffer.gradient_offset_bytes < 0 ? nullptr : d2nn_gradient_row(gradient_arena_.data(), &buffer, capacity(), 0);
}

std::int64_t StepRunner::cost(std::int64_t row) const {
  std::int64_t sum = 0;
  for (std::uint32_t node = 0; node < module_.node_count; ++node) {
    if (executed_[static_cast<std::size_t>(node * capacity() + row)] != 0) sum += module_.nodes[node].cost;
  }
  return sum;
}

}  // namespace d2nn::train
