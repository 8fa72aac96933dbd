#include "fuzz/weights_once.h"

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "weights/safetensors.h"

namespace d2nn::fuzz {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Two parameters, one of them a running variance, named as the seeds name theirs.
void load_small(const weights::Safetensors& file) {
  static const std::int64_t dims[] = {2, 1};
  d2nn_parameter parameters[2] = {};
  parameters[0].tensor = {"a", "", 1, dims, 2, 8, D2NN_ELEMENT_F32};
  parameters[1].tensor = {"b", "", 2, dims, 2, 8, D2NN_ELEMENT_F32};
  parameters[1].is_variance = 1;
  parameters[1].offset = 2;
  d2nn_module module = {};
  module.name = "small";
  module.parameter_count = 2;
  module.parameters = parameters;
  module.parameter_floats = 4;
  const auto set = weights::load(module, file, "state.");
  require(set.ok() ? set->values.size() == 4 : !set.status().message().empty());
}

}  // namespace

bool weights_once(std::span<const std::byte> bytes) {
  const auto file = weights::Safetensors::from_memory(bytes, "fuzz");
  if (!file.ok()) {
    require(!file.status().message().empty());
    return false;
  }
  for (const weights::TensorEntry& tensor : file->tensors()) {
    require(file->find(tensor.name) == &tensor);
    require(tensor.begin <= tensor.end && tensor.end <= bytes.size());
    if (!weights::is_convertible(tensor.dtype)) continue;
    std::vector<float> values(static_cast<std::size_t>(tensor.elements));
    require(file->read_converted(tensor, values).ok());
    require(file->read(tensor, values).ok() == (tensor.dtype == "F32"));
  }
  load_small(*file);
  return true;
}

}  // namespace d2nn::fuzz
