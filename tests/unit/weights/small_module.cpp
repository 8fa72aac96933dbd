#include "unit/weights/small_module.h"

#include <utility>

#include "unit/f32_tables.h"

namespace d2nn::testing {

SmallModule::SmallModule(std::vector<Parameter> parameters) : described_(std::move(parameters)) {
  std::int64_t offset = 0;
  for (const Parameter& parameter : described_) {
    d2nn_parameter entry = {};
    std::int64_t elements = 1;
    for (const std::int64_t dim : parameter.shape) elements *= dim;
    entry.tensor =
        tests::f32_tensor(parameter.name.c_str(), "", parameter.shape.size(), parameter.shape.data(), elements);
    entry.is_variance = parameter.is_variance ? 1 : 0;
    entry.offset = offset;
    offset += elements;
    parameters_.push_back(entry);
  }
  module_.name = "small";
  module_.parameter_count = static_cast<std::uint32_t>(parameters_.size());
  module_.parameters = parameters_.data();
  module_.parameter_floats = offset;
}

}  // namespace d2nn::testing
