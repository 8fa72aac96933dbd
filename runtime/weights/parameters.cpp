// A module's parameters out of a file: exactly those, by name and shape, with values that a network can run on.
#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "weights/safetensors.h"
#include "weights/safetensors_header.h"

namespace d2nn::weights {
namespace {

Status refuse(const std::string& file, const std::string& words) {
  return Status(D2NN_INVALID_WEIGHTS, "`" + file + "`: " + words);
}

Status refuse(const Safetensors& file, const std::string& words) {
  return refuse(file.name(), words);
}

std::string described(const d2nn_tensor_info& tensor) {
  return quote_name(tensor.name) + " " + shape_text(tensor.dims, tensor.rank);
}

std::string and_more(std::size_t count) {
  return count == 1 ? "" : " (and " + std::to_string(count - 1) + " more)";
}

// Both lists in one sentence: a missing and an unexpected tensor are usually one renamed tensor.
Status check_names(const d2nn_module& module, const Safetensors& file, std::string_view ignored_prefix) {
  std::vector<const d2nn_tensor_info*> missing;
  std::set<std::string_view> wanted;
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    const d2nn_tensor_info& tensor = module.parameters[p].tensor;
    wanted.insert(tensor.name);
    if (file.find(tensor.name) == nullptr) missing.push_back(&tensor);
  }
  std::vector<const TensorEntry*> unexpected;
  for (const TensorEntry& entry : file.tensors()) {
    const bool ignored = entry.name.ends_with(".num_batches_tracked") ||
                         (!ignored_prefix.empty() && entry.name.starts_with(ignored_prefix));
    if (!ignored && !wanted.contains(entry.name)) unexpected.push_back(&entry);
  }
  const std::string network = "network " + quote_name(module.name);
  const auto unexpected_text = [&] {
    return "tensor " + quote_name(unexpected.front()->name) + " " +
           shape_text(unexpected.front()->shape.data(), unexpected.front()->shape.size()) +
           and_more(unexpected.size()) + ", which " + network + " does not have";
  };
  if (!missing.empty()) {
    return refuse(file, "tensor " + described(*missing.front()) + and_more(missing.size()) + " of " + network +
                            " is missing" + (unexpected.empty() ? "" : "; the file holds " + unexpected_text()));
  }
  if (!unexpected.empty()) return refuse(file, "the file holds " + unexpected_text());
  return {};
}

// The parameter's part of the flat vector.
template <class Float>
std::span<Float> part(std::span<Float> values, const d2nn_parameter& parameter) {
  return values.subspan(static_cast<std::size_t>(parameter.offset),
                        static_cast<std::size_t>(parameter.tensor.elements));
}

Status check_part(const std::string& file, const d2nn_parameter& parameter, std::span<const float> values) {
  const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  const auto place = [&](auto at) {
    return "tensor " + described(parameter.tensor) + " holds " + std::to_string(*at) + " at position " +
           std::to_string(at - values.begin());
  };
  if (bad != values.end()) return refuse(file, place(bad) + "; weights must be finite");
  if (parameter.is_variance == 0) return {};
  const auto negative = std::find_if(values.begin(), values.end(), [](float value) { return value < 0; });
  if (negative != values.end()) return refuse(file, place(negative) + "; a variance cannot be negative");
  return {};
}

}  // namespace

Result<ParameterSet> load(const d2nn_module& module, const Safetensors& file, std::string_view ignored_prefix) {
  if (Status status = check_names(module, file, ignored_prefix); !status.ok()) return status;
  // Types and shapes of all before the vector is made: a wrong file costs no memory.
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    const d2nn_parameter& parameter = module.parameters[p];
    const d2nn_tensor_info& tensor = parameter.tensor;
    if (parameter.offset < 0 || tensor.elements < 0 || parameter.offset > module.parameter_floats - tensor.elements) {
      return Status(D2NN_INVALID_MODULE, "network " + quote_name(module.name) + ": parameter " + described(tensor) +
                                             " lies outside the parameter vector");
    }
    const TensorEntry& entry = *file.find(tensor.name);
    const std::string_view dtype = dtype_of(tensor.element_type);
    if (dtype.empty()) {
      return Status(D2NN_INVALID_MODULE, "network " + quote_name(module.name) + ": parameter " + described(tensor) +
                                             " is of an element type that this runtime does not know");
    }
    if (entry.dtype != dtype) return file.read(entry, {});  // says so
    if (!fits_shape(entry.shape, {tensor.dims, tensor.rank})) {
      return refuse(file, "tensor " + quote_name(tensor.name) + " has shape " +
                              shape_text(entry.shape.data(), entry.shape.size()) + "; network " +
                              quote_name(module.name) + " needs " + shape_text(tensor.dims, tensor.rank));
    }
  }
  ParameterSet set;
  set.values.resize(static_cast<std::size_t>(module.parameter_floats));
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    const d2nn_parameter& parameter = module.parameters[p];
    const auto values = part(std::span(set.values), parameter);
    if (Status status = file.read(*file.find(parameter.tensor.name), values); !status.ok()) return status;
    if (Status status = check_part(file.name(), parameter, values); !status.ok()) return status;
  }
  return set;
}

Result<ParameterSet> load(const d2nn_module& module, const d2nn_weights_source* source) {
  const auto from_bytes = [&](const void* data, std::uint64_t size, std::string name) -> Result<ParameterSet> {
    auto file = Safetensors::from_memory({static_cast<const std::byte*>(data), static_cast<std::size_t>(size)},
                                         std::move(name));
    if (!file.ok()) return file.status();
    return load(module, *file);
  };
  const std::string network = module.name;
  if (source == nullptr || source->kind == D2NN_WEIGHTS_EMBEDDED) {
    if (module.embedded_weights != nullptr)
      return from_bytes(module.embedded_weights, module.embedded_size, "weights embedded in " + network);
    if (module.parameter_count == 0) return ParameterSet{};
    return Status(D2NN_INVALID_WEIGHTS,
                  "network `" + network + "` was built without weights; give a safetensors file (`--weights`)");
  }
  if (source->kind == D2NN_WEIGHTS_FILE && source->path != nullptr) {
    auto file = Safetensors::open(source->path);
    if (!file.ok()) return file.status();
    return load(module, *file);
  }
  if (source->kind == D2NN_WEIGHTS_MEMORY && source->data != nullptr)
    return from_bytes(source->data, source->size, "weights in memory");
  return Status(D2NN_INVALID_ARGUMENT,
                "the weights source of network `" + network + "` names neither a file nor memory");
}

Status check_values(const d2nn_module& module, std::span<const float> values, const std::string& file) {
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    const d2nn_parameter& parameter = module.parameters[p];
    if (Status status = check_part(file, parameter, part(values, parameter)); !status.ok()) return status;
  }
  return {};
}

std::vector<TensorView> parameter_views(const d2nn_module& module, std::span<const float> values) {
  std::vector<TensorView> views;
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    const d2nn_parameter& parameter = module.parameters[p];
    const d2nn_tensor_info& tensor = parameter.tensor;
    views.push_back(
        {tensor.name, std::vector<std::int64_t>(tensor.dims, tensor.dims + tensor.rank), part(values, parameter)});
  }
  return views;
}

}  // namespace d2nn::weights
