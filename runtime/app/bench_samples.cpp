#include "app/bench_samples.h"

#include <algorithm>
#include <random>
#include <span>
#include <thread>

#include "train/datasets/dataset.h"

namespace d2nn::app {
namespace {

constexpr std::size_t wanted_samples = 1000;
constexpr std::size_t most_floats = std::size_t{1} << 24;

std::size_t floats_of(const d2nn_module& module) {
  std::int64_t floats = 1;
  for (std::uint32_t i = 0; i < module.input_count; ++i) floats += module.inputs[i].elements;
  return static_cast<std::size_t>(floats);
}

/// The number in the source of the i-th of `count` samples: spread over all of it, for data sets are often sorted.
std::size_t spread(std::size_t i, std::size_t count, std::size_t available) {
  return count >= available ? i % available : i * available / count;
}

}  // namespace

BenchSamples::BenchSamples(const d2nn_module& module, std::size_t count, std::size_t batch)
    : module_(&module), count_(count), input_pointers_(module.input_count), output_pointers_(module.output_count) {
  for (std::uint32_t i = 0; i < module.input_count; ++i)
    inputs_.emplace_back(count * static_cast<std::size_t>(module.inputs[i].elements));
  for (std::uint32_t i = 0; i < module.output_count; ++i)
    outputs_.emplace_back(batch * static_cast<std::size_t>(module.outputs[i].elements));
}

Result<BenchSamples> BenchSamples::read(const d2nn_module& module, const SampleSource& source, std::size_t batch) {
  const bool is_random = source.data.empty() && source.inputs.empty();
  const std::size_t fitting = is_random ? 0 : std::min(wanted_samples, most_floats / floats_of(module));
  BenchSamples samples(module, std::max(batch, fitting), batch);
  Status status;
  if (!source.data.empty()) {
    status = samples.read_data(source);
  } else if (!source.inputs.empty()) {
    status = samples.read_files(source.inputs);
  } else {
    samples.draw();
  }
  if (!status.ok()) return status;
  return samples;
}

float* BenchSamples::row(std::size_t input, std::size_t sample) {
  return inputs_[input].data() + sample * static_cast<std::size_t>(module_->inputs[input].elements);
}

void BenchSamples::draw() {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> values(0, 1);
  for (std::vector<float>& input : inputs_)
    for (float& value : input) value = values(random);
  different_ = count_;
}

Status BenchSamples::read_files(const std::vector<InputPath>& inputs) {
  Result<std::vector<io::NpyReader>> readers = open_inputs(*module_, inputs);
  if (!readers.ok()) return readers.status();
  const auto available = static_cast<std::size_t>(readers->front().samples());
  for (std::size_t i = 0; i < readers->size(); ++i) {
    for (std::size_t sample = 0; sample < count_; ++sample) {
      const auto place = static_cast<std::int64_t>(spread(sample, count_, available));
      if (Status status = (*readers)[i].read(place, 1, row(i, sample)); !status.ok()) return status;
    }
  }
  different_ = std::min(count_, available);
  source_ = readers->front().path();
  return {};
}

Status BenchSamples::read_data(const SampleSource& source) {
  if (module_->input_count != 1) {
    return {D2NN_INVALID_ARGUMENT, "`" + std::string(module_->name) + "` has " + std::to_string(module_->input_count) +
                                       " inputs, the samples of a data set are for one: give npy files with --input"};
  }
  const d2nn_tensor_info& input = module_->inputs[0];
  datasets::Options options;
  options.resize = source.resize;
  options.seed = 1;
  options.threads = std::max(1U, std::thread::hardware_concurrency());
  const auto split = datasets::parse_split(source.split).value_or(datasets::Split::evaluation);
  Result<datasets::Dataset> data = datasets::open(source.data, split, std::span(input.dims, input.rank), options);
  if (!data.ok()) return data.status();
  if (data->size() == 0) return {D2NN_INVALID_ARGUMENT, "`" + source.data + "` has no samples"};
  for (std::size_t sample = 0; sample < count_; ++sample) {
    if (Status status = data->fill(spread(sample, count_, data->size()), row(0, sample)); !status.ok()) return status;
  }
  different_ = std::min(count_, data->size());
  source_ = source.data;
  return {};
}

std::string BenchSamples::description(std::size_t used) const {
  if (source_.empty()) return "random inputs";
  const std::size_t different = std::min(used, different_);
  return std::to_string(different) + (different == 1 ? " sample of " : " samples of ") + source_;
}

exec::RunRequest BenchSamples::request(std::size_t first, std::size_t rows) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) input_pointers_[i] = row(i, first);
  for (std::size_t i = 0; i < outputs_.size(); ++i) output_pointers_[i] = outputs_[i].data();
  exec::RunRequest request;
  request.batch = rows;
  request.inputs = input_pointers_.data();
  request.outputs = output_pointers_.data();
  return request;
}

}  // namespace d2nn::app
