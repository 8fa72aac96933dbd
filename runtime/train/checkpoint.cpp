// Saving and loading the state of a run: see checkpoint.h.
#include "train/checkpoint.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

#include "weights/safetensors.h"

namespace d2nn::train {
namespace {

/// 3: the data's samples are part of its identity, collapses are counted.
constexpr std::string_view version = "3";

/// Bytes of f32 that data_identity reads, and the samples that it reads at least.
constexpr std::size_t hashed_bytes = std::size_t{16} << 20;
constexpr std::size_t least_hashed_samples = 256;

/// FNV-1a, 64 bits: short, and the same on every machine.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char byte : text) add_byte(static_cast<unsigned char>(byte));
    add_byte(0);
  }
  void add(std::int64_t number) {
    for (int shift = 0; shift < 64; shift += 8)
      add_byte(static_cast<unsigned char>(static_cast<std::uint64_t>(number) >> shift));
  }
  /// Bit patterns, a word at a time: samples are many.
  void add(std::span<const float> values) {
    for (const float value : values) hash_ = (hash_ ^ std::bit_cast<std::uint32_t>(value)) * prime;
  }
  std::string text() const {
    char buffer[17];
    std::snprintf(buffer, sizeof buffer, "%016llx", static_cast<unsigned long long>(hash_));
    return buffer;
  }

 private:
  void add_byte(unsigned char byte) { hash_ = (hash_ ^ byte) * prime; }

  static constexpr std::uint64_t prime = 0x100000001b3ULL;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

/// A double as its bits, so that it comes back exactly.
std::string bits_of(double value) {
  return std::to_string(std::bit_cast<std::uint64_t>(value));
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : "\n") + item;
  return text;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Views of a flat vector under "checkpoint.PART.NAME".
void add_part(std::vector<weights::TensorView>& tensors, const d2nn_module& module, std::string_view part,
              std::span<const float> values) {
  if (values.empty()) return;
  for (weights::TensorView& view : weights::parameter_views(module, values)) {
    view.name = std::string(checkpoint_prefix) + std::string(part) + "." + view.name;
    tensors.push_back(std::move(view));
  }
}

/// Reads what a checkpoint holds, remembering the first thing that is wrong.
class Reader {
 public:
  Reader(const weights::Safetensors& file, const d2nn_module& module) : file_(file), module_(module) {}

  const Status& status() const { return status_; }

  std::string text(const std::string& key) {
    const auto found = file_.metadata().find(key);
    if (found != file_.metadata().end()) return found->second;
    fail("its `" + key + "` is missing");
    return {};
  }

  template <class T>
  T number(const std::string& key) {
    const std::string value = text(key);
    T result{};
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc{} || end != value.data() + value.size()) fail("its `" + key + "` is not a number");
    return result;
  }

  double exact(const std::string& key) { return std::bit_cast<double>(number<std::uint64_t>(key)); }

  void part(std::string_view name, std::span<float> values) {
    if (values.empty() || !status_.ok()) return;
    for (std::uint32_t p = 0; p < module_.parameter_count; ++p) {
      const d2nn_parameter& parameter = module_.parameters[p];
      const std::string full = std::string(checkpoint_prefix) + std::string(name) + "." + parameter.tensor.name;
      const weights::TensorEntry* entry = file_.find(full);
      if (entry == nullptr) return fail("its tensor `" + full + "` is missing");
      if (entry->elements != parameter.tensor.elements)
        return fail("its tensor `" + full + "` has another size than the parameter");
      const auto target = values.subspan(static_cast<std::size_t>(parameter.offset),
                                         static_cast<std::size_t>(parameter.tensor.elements));
      if (Status read = file_.read(*entry, target); !read.ok()) {
        status_ = std::move(read);
        return;
      }
    }
  }

 private:
  void fail(const std::string& why) {
    if (status_.ok()) {
      status_ = {D2NN_INVALID_WEIGHTS,
                 "`" + file_.name() + "` is a damaged checkpoint: " + why + "; start again without --resume"};
    }
  }

  const weights::Safetensors& file_;
  const d2nn_module& module_;
  Status status_;
};

Status other(const std::string& path, const std::string& what) {
  return {D2NN_INVALID_ARGUMENT, "the checkpoint `" + path + "` cannot be resumed: " + what};
}

}  // namespace

std::string program_identity(const d2nn_module& module) {
  Hash hash;
  hash.add(module.name);
  hash.add(module.least_cost);
  hash.add(module.greatest_cost);
  for (std::uint32_t i = 0; i < module.node_count; ++i) {
    hash.add(module.nodes[i].name);
    hash.add(module.nodes[i].cost);
  }
  for (std::uint32_t k = 0; k < module.control_count; ++k) {
    for (std::uint32_t a = 0; a < module.controls[k].action_count; ++a) {
      const d2nn_action& action = module.controls[k].actions[a];
      hash.add(action.name);
      for (std::uint32_t t = 0; t < action.target_count; ++t) hash.add(action.targets[t]);
    }
  }
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    const d2nn_tensor_info& tensor = module.parameters[p].tensor;
    hash.add(tensor.name);
    for (std::size_t d = 0; d < tensor.rank; ++d) hash.add(tensor.dims[d]);
  }
  if (module.train != nullptr) {
    for (std::uint32_t i = 0; i < module.train->op_count; ++i) {
      const d2nn_op& op = module.train->ops[i];
      for (const std::int64_t size :
           {static_cast<std::int64_t>(op.kind), op.in_c, op.in_h, op.in_w, op.out_c, op.out_h, op.out_w, op.kernel_h,
            op.kernel_w, op.stride_h, op.stride_w, op.pad_h, op.pad_w, op.groups}) {
        hash.add(size);
      }
      hash.add(static_cast<std::int64_t>(std::bit_cast<std::uint32_t>(op.alpha)));
    }
  }
  return hash.text();
}

Result<std::string> data_identity(const datasets::Dataset& data) {
  Hash labels;
  for (const std::int32_t label : data.labels()) labels.add(label);
  std::vector<float> sample(static_cast<std::size_t>(data.elements()));
  const std::size_t sample_bytes = std::max<std::size_t>(1, sample.size() * sizeof(float));
  const std::size_t hashed = std::min(data.size(), std::max(least_hashed_samples, hashed_bytes / sample_bytes));
  Hash samples;
  for (std::size_t i = 0; i < hashed; ++i) {
    const std::size_t index = hashed == 1 ? 0 : i * (data.size() - 1) / (hashed - 1);
    if (Status status = data.fill(index, sample.data()); !status.ok()) return status;
    samples.add(sample);
  }
  std::string shape;
  for (const std::int64_t dim : data.shape()) shape += (shape.empty() ? "" : ", ") + std::to_string(dim);
  return std::to_string(data.size()) + " samples [" + shape + "], labels " + labels.text() + ", contents " +
         samples.text();
}

Status save_checkpoint(const std::string& path, const d2nn_module& module,
                       const std::vector<std::pair<std::string, std::string>>& settings, const std::string& data,
                       const RunState& state) {
  std::vector<weights::TensorView> tensors = weights::parameter_views(module, state.weights);
  if (state.has_best) add_part(tensors, module, "best", state.best);
  add_part(tensors, module, "first", state.optimiser.first);
  add_part(tensors, module, "second", state.optimiser.second);
  std::map<std::string, std::string> metadata{
      {"checkpoint.version", std::string(version)},
      {"checkpoint.network", module.name},
      {"checkpoint.program", program_identity(module)},
      {"checkpoint.data", data},
      {"checkpoint.step", std::to_string(state.step)},
      {"checkpoint.regular_steps", std::to_string(state.optimiser.regular_steps)},
      {"checkpoint.control_steps", std::to_string(state.optimiser.control_steps)},
      {"checkpoint.has_best", state.has_best ? "1" : "0"},
      {"checkpoint.best_reward", bits_of(state.best_reward)},
      {"checkpoint.best_step", std::to_string(state.best_step)},
      {"checkpoint.warned", joined(state.collapse.warned)},
      {"checkpoint.given_up", joined(state.collapse.given_up)},
      {"checkpoint.seconds", bits_of(state.seconds)},
  };
  for (const auto& [option, value] : settings) metadata["option " + option] = value;
  return weights::save(path, tensors, metadata);
}

Status load_checkpoint(const std::string& path, const d2nn_module& module,
                       const std::vector<std::pair<std::string, std::string>>& settings, const std::string& data,
                       RunState& state) {
  auto opened = weights::Safetensors::open(path);
  if (!opened.ok()) return opened.status();
  const weights::Safetensors& file = *opened;
  const auto& metadata = file.metadata();
  const auto found_version = metadata.find("checkpoint.version");
  if (found_version == metadata.end()) {
    return {D2NN_INVALID_WEIGHTS, "`" + path +
                                      "` holds weights but is not a checkpoint: give it to --init, or resume from the "
                                      "file that --checkpoint named"};
  }
  if (found_version->second != version) {
    return other(path, "it is of version " + found_version->second + " of the format and this program reads version " +
                           std::string(version) + ": start again without --resume, perhaps from its weights (--init)");
  }
  Reader reader(file, module);
  const std::string network = reader.text("checkpoint.network");
  const std::string program = reader.text("checkpoint.program");
  const std::string of_data = reader.text("checkpoint.data");
  if (!reader.status().ok()) return reader.status();
  if (network != module.name)
    return other(path, "it is of network `" + network + "`, and this run trains `" + module.name + "`");
  if (program != program_identity(module)) {
    return other(path, "network `" + network + "` was changed since: train the changed program without --resume");
  }
  for (const auto& [option, value] : settings) {
    const std::string recorded = reader.text("option " + option);
    if (!reader.status().ok()) return reader.status();
    if (recorded == value) continue;
    if (option.starts_with("--")) {
      return other(path, "it was made with `" + option + " " + recorded + "`, and this run has `" + option + " " +
                             value + "`: give the same option, or start again without --resume");
    }
    return other(path, "it was made with `" + option + ": " + recorded + ";`, and this run has `" + option + ": " +
                           value + ";`: resume with the same program, or start again without --resume");
  }
  if (of_data != data) {
    return other(path, "it was made with other data (" + of_data + "), and this run has " + data +
                           ": give the same data, or start again without --resume");
  }

  state.step = reader.number<std::int64_t>("checkpoint.step");
  state.optimiser.regular_steps = reader.number<std::int64_t>("checkpoint.regular_steps");
  state.optimiser.control_steps = reader.number<std::int64_t>("checkpoint.control_steps");
  state.has_best = reader.text("checkpoint.has_best") == "1";
  state.best_reward = reader.exact("checkpoint.best_reward");
  state.best_step = reader.number<std::int64_t>("checkpoint.best_step");
  state.seconds = reader.exact("checkpoint.seconds");
  state.collapse.warned = lines_of(reader.text("checkpoint.warned"));
  state.collapse.given_up = lines_of(reader.text("checkpoint.given_up"));
  reader.part("first", state.optimiser.first);
  reader.part("second", state.optimiser.second);
  if (state.has_best) reader.part("best", state.best);
  if (!reader.status().ok()) return reader.status();
  auto loaded = weights::load(module, file, checkpoint_prefix);
  if (!loaded.ok()) return loaded.status();
  std::copy(loaded->values.begin(), loaded->values.end(), state.weights.begin());
  return {};
}

}  // namespace d2nn::train
