// Mini-batches through compiled training code: see step_runner.h.
#include "train/step_runner.h"

#include <algorithm>
#include <limits>
#include <new>
#include <string>

namespace d2nn::train {

StepRunner::StepRunner(const d2nn_module& module, std::int64_t capacity, threads::ThreadPool& pool)
    : module_(module),
      code_(*module.train),
      frame_(module, code_.arena_bytes, capacity, nullptr, training_calls),
      gradient_arena_(
          exec::area(code_.gradient_bytes / static_cast<std::int64_t>(sizeof(float)), capacity, sizeof(float))),
      parameters_(static_cast<std::size_t>(module.parameter_floats)),
      parameter_gradients_(static_cast<std::size_t>(module.parameter_floats)) {
  const auto rows = static_cast<std::size_t>(capacity);
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
  std::copy(outputs_.begin(), outputs_.end(), frame_.outputs().begin());
  std::copy(valid_.begin(), valid_.end(), frame_.valid().begin());
  for (std::uint32_t b = 0; b < code_.buffer_count; ++b) {
    if (code_.buffers[b].gradient_offset_bytes >= 0 && code_.buffers[b].gradient_accumulates != 0)
      accumulating_.push_back(b);
  }

  memory_.inputs = frame_.inputs().data();
  memory_.values = static_cast<float*>(frame_.arena());
  memory_.gradients = gradient_arena_.data();
  memory_.capacity = capacity;
  memory_.parameters = parameters_.data();
  memory_.parameter_gradients = parameter_gradients_.data();
  step_state_ = {&code_, nullptr, &pool, gradient_arena_.data(), output_gradients_.data()};
  frame_.state().train_step = &step_state_;
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
  const exec::Failure& failure = frame_.failure();
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
  std::copy_n(request.inputs, module_.input_count, frame_.inputs().begin());
  frame_.state().policy = request.policy;
  frame_.clear();
  kernels::TrainStep step;
  step.is_training = request.is_training;
  step.seed = request.seed;
  step.step = request.step;
  step.sample_ids = request.samples;
  step.expected_rows =
      request.moves_statistics ? static_cast<double>(capacity()) : std::numeric_limits<double>::infinity();
  if (Status status = ops_->begin_step(memory_, step); !status.ok()) return status;
  return describe(code_.forward(frame_.get(), rows_), "forward");
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
  return describe(code_.backward(frame_.get(), rows_), "backward");
}

const float* StepRunner::scores(std::uint32_t control) const {
  const d2nn_buffer& buffer = code_.buffers[code_.control_buffers[control]];
  return reinterpret_cast<const float*>(static_cast<const std::byte*>(frame_.arena()) +
                                        buffer.offset_bytes * capacity());
}

std::int64_t StepRunner::score_stride(std::uint32_t control) const {
  return code_.buffers[code_.control_buffers[control]].row_bytes / static_cast<std::int64_t>(sizeof(float));
}

float* StepRunner::score_gradient(std::uint32_t control) {
  const d2nn_buffer& buffer = code_.buffers[code_.control_buffers[control]];
  return buffer.gradient_offset_bytes < 0 ? nullptr : d2nn_gradient_row(gradient_arena_.data(), &buffer, capacity(), 0);
}

}  // namespace d2nn::train
