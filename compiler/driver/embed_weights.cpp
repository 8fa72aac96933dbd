#include "driver/embed_weights.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "d2nn/module.h"
#include "weights/safetensors.h"

namespace d2nn::driver {

Result<std::vector<char>> weights_for(const graph::Program& program, const std::string& path) {
  // The reader checks a file against the parameter table of a module; a table with nothing else suffices.
  std::vector<d2nn_parameter> table;
  std::int64_t offset = 0;
  for (const graph::Parameter& parameter : program.parameters) {
    d2nn_parameter entry{};
    entry.tensor.name = parameter.name.c_str();
    entry.tensor.doc = "";
    entry.tensor.rank = parameter.shape.rank();
    entry.tensor.dims = parameter.shape.dims.data();
    entry.tensor.elements = parameter.shape.elements();
    entry.role = static_cast<std::uint32_t>(parameter.role);
    entry.offset = offset;
    offset += entry.tensor.elements;
    table.push_back(entry);
  }
  d2nn_module module{};
  module.name = program.name.c_str();
  module.parameter_count = static_cast<std::uint32_t>(table.size());
  module.parameters = table.data();
  module.parameter_floats = offset;
  d2nn_weights_source source{};
  source.struct_size = sizeof source;
  source.kind = D2NN_WEIGHTS_FILE;
  source.path = path.c_str();
  const Result<weights::ParameterSet> checked = weights::load(module, &source);
  if (!checked.ok()) return checked.status();
  std::ifstream stream(path, std::ios::binary);
  std::vector<char> bytes(std::istreambuf_iterator<char>(stream), {});
  if (!stream) return Status(D2NN_IO_ERROR, "cannot read `" + path + "`: " + std::strerror(errno));
  return bytes;
}

}  // namespace d2nn::driver
