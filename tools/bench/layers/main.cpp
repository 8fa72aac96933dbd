// The C++ side of the benchmark of single layers (compare.py); questions as in contest.h, with
//   make forward PROGRAM WEIGHTS DATA   the network of one layer through the C interface, one sample; what is timed
//   does
//                                       not copy the result to the caller, as no layer inside a network does
//   make backward PROGRAM DATA          the backward pass of the last op of a network with training
// DATA: f32, the operands one behind the other; for the backward pass then the weights of the op, in order, and the
// gradient of its result. Results: the output; the gradients of the operands, then those of the weights.
#include <algorithm>
#include <istream>
#include <optional>

#include "contest.h"
#include "d2nn/d2nn.h"
#include "diag/render.h"
#include "driver/build.h"
#include "kernels/train_ops.h"
#include "storage/aligned_buffer.h"

namespace d2nn::bench {
namespace {

void require(d2nn_status status) {
  if (status != D2NN_OK) throw std::runtime_error(d2nn_last_error());
}
void require(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.message());
}

driver::InProcess compile(const std::string& program, bool with_training) {
  driver::Checked checked = driver::check_file(program, {});
  std::optional<driver::InProcess> compiled;
  if (!checked.sink.has_errors()) compiled = driver::InProcess::compile(checked, with_training, {});
  if (!compiled) throw std::runtime_error(diag::render(checked.sink, checked.files, {}));
  return *std::move(compiled);
}

std::size_t size(std::int64_t count) {
  return static_cast<std::size_t>(count);
}

class Forward final : public Contestant {
 public:
  Forward(const std::string& program, const std::string& weights, const std::string& data)
      : compiled_(compile(program, false)) {
    const d2nn_module* module = compiled_.module();
    joins_.assign(module->joins, module->joins + module->join_count);
    for (d2nn_join& join : joins_) {
      if (join.is_output != 0) join.elements = 1;
    }
    without_copy_ = *module;
    without_copy_.joins = joins_.data();
    whole_.make(module, weights);
    timed_.make(&without_copy_, weights);
    std::int64_t count = 0;
    for (std::uint32_t i = 0; i < module->input_count; ++i) count += module->inputs[i].elements;
    operands_ = storage::AlignedFloats(size(count));
    std::ranges::copy(read_all<float>(data, size(count)), operands_.values().begin());
    const float* operand = operands_.data();
    for (std::uint32_t i = 0; i < module->input_count; operand += module->inputs[i++].elements) {
      inputs_.push_back(operand);
    }
    output_ = storage::AlignedFloats(size(module->outputs[0].elements));
  }
  void run() override { run(timed_); }
  std::vector<float> result() override {
    run(whole_);
    return {output_.values().begin(), output_.values().end()};
  }

 private:
  struct Network {
    d2nn_model* model = nullptr;
    d2nn_context* context = nullptr;

    Network() = default;
    ~Network() {
      d2nn_context_destroy(context);
      d2nn_model_destroy(model);
    }
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
    void make(const d2nn_module* module, const std::string& weights) {
      const d2nn_weights_source source{sizeof source, D2NN_WEIGHTS_FILE, weights.c_str(), nullptr, 0};
      require(d2nn_model_create(module, &source, &model));
      const d2nn_context_options options{sizeof options, 1, 1};
      require(d2nn_context_create_with(model, &options, &context));
    }
  };

  void run(const Network& network) {
    float* const outputs[] = {output_.data()};
    require(d2nn_run(network.context, 1, inputs_.data(), outputs, nullptr));
  }

  driver::InProcess compiled_;
  storage::AlignedFloats operands_, output_;
  std::vector<const float*> inputs_;
  std::vector<d2nn_join> joins_;
  d2nn_module without_copy_{};
  Network whole_, timed_;
};

class Backward final : public Contestant {
 public:
  Backward(const std::string& program, const std::string& data)
      : compiled_(compile(program, true)),
        module_(*compiled_.module()),
        code_(*module_.train),
        op_(code_.ops[code_.op_count - 1]),
        values_(size(code_.arena_bytes) / sizeof(float)),
        gradients_(size(code_.gradient_bytes) / sizeof(float)),
        parameters_(size(module_.parameter_floats)),
        parameter_gradients_(size(module_.parameter_floats)) {
    auto ops = kernels::TrainOps::create(module_, 1, pool_);
    require(ops.status());
    ops_ = *std::move(ops);
    read(data);
    kernels::TrainMemory memory;
    memory.values = values_.data();
    memory.gradients = gradients_.data();
    memory.capacity = 1;
    memory.parameters = parameters_.data();
    memory.parameter_gradients = parameter_gradients_.data();
    require(ops_->begin_step(memory, {}));
    if (ops_->forward(last(), &row_, 1) != D2NN_OK) throw std::runtime_error("the forward pass failed");
  }
  void run() override {
    if (ops_->backward(last(), &row_, 1) != D2NN_OK) throw std::runtime_error("the backward pass failed");
  }
  std::vector<float> result() override {
    // The gradients of the weights are added to, and so are those of nodes.
    std::ranges::fill(parameter_gradients_.values(), 0.0F);
    for (std::uint32_t i = 0; i < op_.operand_count; ++i) {
      std::fill_n(gradient(op_.operands[i]), code_.buffers[op_.operands[i]].elements, 0.0F);
    }
    run();
    std::vector<float> result;
    for (std::uint32_t i = 0; i < op_.operand_count; ++i) {
      const float* from = gradient(op_.operands[i]);
      result.insert(result.end(), from, from + code_.buffers[op_.operands[i]].elements);
    }
    for (const std::uint32_t p : op_.params) {
      if (p == D2NN_NO_INDEX) continue;
      const float* from = parameter_gradients_.data() + module_.parameters[p].offset;
      result.insert(result.end(), from, from + module_.parameters[p].tensor.elements);
    }
    return result;
  }

 private:
  std::uint32_t last() const { return code_.op_count - 1; }
  float* gradient(std::uint32_t buffer) {
    if (buffer >= D2NN_INPUT_OPERAND || code_.buffers[buffer].gradient_offset_bytes < 0) {
      throw std::runtime_error("an operand of `" + std::string(op_.label) + "` has no gradient");
    }
    return d2nn_gradient_row(gradients_.data(), &code_.buffers[buffer], 1, 0);
  }

  void read(const std::string& data) {
    std::vector<std::pair<float*, std::int64_t>> places;
    for (std::uint32_t i = 0; i < op_.operand_count; ++i) {
      const d2nn_buffer& buffer = code_.buffers[op_.operands[i]];
      places.emplace_back(static_cast<float*>(d2nn_buffer_row(values_.data(), &buffer, 1, 0)), buffer.elements);
    }
    for (const std::uint32_t p : op_.params) {
      if (p == D2NN_NO_INDEX) continue;
      const d2nn_parameter& parameter = module_.parameters[p];
      places.emplace_back(parameters_.data() + parameter.offset, parameter.tensor.elements);
    }
    places.emplace_back(gradient(op_.result), code_.buffers[op_.result].elements);
    std::int64_t count = 0;
    for (const auto& place : places) count += place.second;
    const std::vector<float> values = read_all<float>(data, size(count));
    const float* from = values.data();
    for (const auto& [to, elements] : places) {
      std::copy_n(from, elements, to);
      from += elements;
    }
  }

  driver::InProcess compiled_;
  const d2nn_module& module_;
  const d2nn_train_code& code_;
  const d2nn_op& op_;
  threads::ThreadPool pool_{1};
  storage::AlignedFloats values_, gradients_, parameters_, parameter_gradients_;
  std::unique_ptr<kernels::TrainOps> ops_;
  std::int32_t row_ = 0;
};

std::unique_ptr<Contestant> make_contestant(std::istream& words) {
  std::string pass, program, weights, data;
  words >> pass >> program;
  if (pass == "backward") {
    words >> data;
    return std::make_unique<Backward>(program, data);
  }
  words >> weights >> data;
  return std::make_unique<Forward>(program, weights, data);
}

}  // namespace
}  // namespace d2nn::bench

int main() {
  d2nn::bench::answer_questions(d2nn::bench::make_contestant);
  return 0;
}
