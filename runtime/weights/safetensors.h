// Weights as safetensors: 8 bytes of header length (little endian), a JSON header padded with spaces, the raw data.
// Files may come from anywhere, so nothing in them is believed before it was checked; each refusal names the file, the
// tensor, what was found and what was expected. Only F32 is read as weights; `d2nn import` converts other floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "d2nn/module.h"
#include "io/input_file.h"
#include "status/status.h"

namespace d2nn::weights {

/// One tensor of a file: its header entry, already checked against the file's length.
struct TensorEntry {
  std::string name;
  std::string dtype;                // "F32", "I64", ...
  std::vector<std::int64_t> shape;  // empty for a scalar
  std::int64_t elements = 1;
  std::uint64_t begin = 0, end = 0;  // bytes from the start of the data
};

/// The name that safetensors has for an element type, "F32"; "" for a type that this runtime does not know.
std::string_view dtype_of(d2nn_element_type type);

/// True for the types that Safetensors::read_converted takes: F32, F16, BF16, F64.
bool is_convertible(std::string_view dtype);

/// The header of a safetensors file (or of one in memory), with access to the data. Move-only.
class Safetensors {
 public:
  /// Reads and checks the header. D2NN_IO_ERROR: unreadable. D2NN_INVALID_WEIGHTS: not safetensors, truncated,
  /// duplicate names, sizes that do not match their shapes, data that overlaps, has gaps or does not fill the file.
  static Result<Safetensors> open(const std::string& path);
  /// The same on `bytes`, which must outlive the object. `name` stands in messages.
  static Result<Safetensors> from_memory(std::span<const std::byte> bytes, std::string name);

  /// In the order of their data.
  const std::vector<TensorEntry>& tensors() const { return tensors_; }
  /// By name; NULL when there is none. Valid as long as the object.
  const TensorEntry* find(std::string_view name) const;
  /// `__metadata__`; empty when there is none. A value that save() had to encode is here as it was given.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// What messages call the file.
  const std::string& name() const { return name_; }
  /// Copies a tensor's values into out, which must hold exactly `entry.elements`. D2NN_INVALID_WEIGHTS unless the
  /// tensor is F32. Values may be NaN or infinite; see load().
  Status read(const TensorEntry& entry, std::span<float> out) const;
  /// The same from F32, F16, BF16 or F64, each value rounded to the nearest f32 (infinite when beyond its range).
  Status read_converted(const TensorEntry& entry, std::span<float> out) const;

 private:
  Safetensors() = default;
  Status read_header(std::uint64_t file_bytes);
  Status read_bytes(std::uint64_t offset, void* out, std::size_t size) const;
  static Status check_room(const TensorEntry& entry, std::size_t room);

  std::string name_;
  std::optional<io::InputFile> file_;
  std::span<const std::byte> memory_;
  std::uint64_t data_offset_ = 0;
  std::vector<TensorEntry> tensors_;
  std::vector<std::uint32_t> by_name_;  // indices into tensors_, sorted by name
  std::map<std::string, std::string> metadata_;
};

/// All parameters of a module in one flat vector, at the offsets of module.parameters.
struct ParameterSet {
  std::vector<float> values;  // module.parameter_floats
};

/// Loads every parameter of `module` from `source` (NULL: what is embedded in the module). The file must hold exactly
/// the module's parameters by name, element type and shape, finite, running variances not negative; tensors named
/// `*.num_batches_tracked` are ignored. D2NN_INVALID_WEIGHTS, D2NN_IO_ERROR, D2NN_INVALID_ARGUMENT (a source that names
/// nothing), D2NN_INVALID_MODULE (a parameter of a type that this runtime cannot hold, or outside the flat vector).
Result<ParameterSet> load(const d2nn_module& module, const d2nn_weights_source* source);
/// The same from an open file. Tensors whose names begin with `ignored_prefix` (unless that is empty) belong to
/// somebody else, such as the optimiser's state in a checkpoint.
Result<ParameterSet> load(const d2nn_module& module, const Safetensors& file, std::string_view ignored_prefix = {});

/// What load() wants of values, on the flat vector of a module (module.parameter_floats): finite, running variances not
/// negative. `file` stands in the message. D2NN_INVALID_WEIGHTS.
Status check_values(const d2nn_module& module, std::span<const float> values, const std::string& file);

/// One tensor to write; the views must live until the call returns.
struct TensorView {
  std::string name;
  std::vector<std::int64_t> shape;
  std::span<const float> values;  // as many as the product of shape
};

/// Writes a safetensors file atomically: after a failure (a full disk) the old file is unchanged. Tensors are
/// in the given order, metadata sorted by key: equal content gives equal bytes. Values of the metadata may hold
/// any bytes (a file's name; text/encoded.h). D2NN_INVALID_ARGUMENT: a name twice, or a size that is not the shape's.
Status save(const std::string& path, std::span<const TensorView> tensors,
            const std::map<std::string, std::string>& metadata = {});
/// The same bytes in memory.
Result<std::string> encode(std::span<const TensorView> tensors,
                           const std::map<std::string, std::string>& metadata = {});
/// Views of a module's parameters in `values` (module.parameter_floats), in the module's order, for save().
std::vector<TensorView> parameter_views(const d2nn_module& module, std::span<const float> values);

}  // namespace d2nn::weights
