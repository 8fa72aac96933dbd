// The header is written in the order given and padded with spaces to 8 bytes, as the format's own writer does.
#include <nlohmann/json.hpp>
#include <set>

#include "io/atomic_file.h"
#include "text/encoded.h"
#include "weights/safetensors.h"
#include "weights/safetensors_header.h"

namespace d2nn::weights {
namespace {

Status refuse(const TensorView& tensor, const std::string& words) {
  return Status(D2NN_INVALID_ARGUMENT, "tensor " + quote_name(tensor.name) + " cannot be written: " + words);
}

// The header's length and the header.
Result<std::string> encode_header(std::span<const TensorView> tensors,
                                  const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  for (const auto& [key, value] : metadata) text::put(header["__metadata__"], key, value);
  std::set<std::string_view> names = {"__metadata__"};
  std::uint64_t at = 0;
  for (const TensorView& tensor : tensors) {
    if (!names.insert(tensor.name).second) return refuse(tensor, "its name is taken");
    std::uint64_t elements = 1;
    for (const std::int64_t dim : tensor.shape) elements *= static_cast<std::uint64_t>(dim);
    if (elements != tensor.values.size()) {
      return refuse(tensor, "it has " + std::to_string(tensor.values.size()) + " values, its shape " +
                                shape_text(tensor.shape.data(), tensor.shape.size()) + " has " +
                                std::to_string(elements));
    }
    const std::uint64_t end = at + tensor.values.size_bytes();
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string json = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  json.append((8 - json.size() % 8) % 8, ' ');
  const std::uint64_t length = json.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + json;
}

}  // namespace

Status save(const std::string& path, std::span<const TensorView> tensors,
            const std::map<std::string, std::string>& metadata) {
  auto header = encode_header(tensors, metadata);
  if (!header.ok()) return header.status();
  auto file = io::AtomicFile::create(path);
  if (!file.ok()) return file.status();
  if (Status status = file->write(*header); !status.ok()) return status;
  for (const TensorView& tensor : tensors) {
    if (Status status = file->write(tensor.values.data(), tensor.values.size_bytes()); !status.ok()) return status;
  }
  return file->commit();
}

Result<std::string> encode(std::span<const TensorView> tensors, const std::map<std::string, std::string>& metadata) {
  auto bytes = encode_header(tensors, metadata);
  if (!bytes.ok()) return bytes;
  for (const TensorView& tensor : tensors) {
    bytes->append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes());
  }
  return bytes;
}

}  // namespace d2nn::weights
