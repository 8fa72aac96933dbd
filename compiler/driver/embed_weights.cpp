#include "driver/embed_weights.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "weights/safetensors.h"

namespace d2nn::driver {

ParameterTable::ParameterTable(const graph::Program& program) {
  std::int64_t offset = 0;
  for (const graph::Parameter& parameter : program.parameters) {
    d2nn_parameter entry{};
    entry.tensor.name = parameter.name.c_str();
    entry.tensor.doc = "";
    entry.tensor.rank = parameter.shape.rank();
    entry.tensor.dims = parameter.shape.dims.data();
    entry.tensor.elements = parameter.shape.elements();
    entry.tensor.size_bytes = parameter.shape.size_bytes();
    entry.tensor.element_type = static_cast<d2nn_element_type>(parameter.shape.element_type);
    entry.is_variance = parameter.is_variance ? 1 : 0;
    entry.offset = offset;
    offset += entry.tensor.elements;
    parameters_.push_back(entry);
  }
  module_.name = program.name.c_str();
  module_.parameter_count = static_cast<std::uint32_t>(parameters_.size());
  module_.parameters = parameters_.data();
  module_.parameter_floats = offset;
}

Result<std::vector<char>> weights_for(const graph::Program& program, const std::string& path) {
  const ParameterTable table(program);
  d2nn_weights_source source{};
  source.struct_size = sizeof source;
  source.kind = D2NN_WEIGHTS_FILE;
  source.path = path.c_str();
  const Result<weights::ParameterSet> checked = weights::load(table.module(), &source);
  if (!checked.ok()) return checked.status();
  std::ifstream stream(path, std::ios::binary);
  std::vector<char> bytes(std::istreambuf_iterator<char>(stream), {});
  if (!stream) return Status(D2NN_IO_ERROR, "cannot read `" + path + "`: " + std::strerror(errno));
  return bytes;
}

}  // namespace d2nn::driver
