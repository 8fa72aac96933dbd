// Opening, looking up and reading; the header's JSON and its layout rules are in safetensors_header.cpp.
#include "weights/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>

#include "weights/foreign_format.h"
#include "weights/safetensors_header.h"

namespace d2nn::weights {
namespace {

static_assert(std::endian::native == std::endian::little, "tensor data is read as it stands: little-endian hosts only");

// The bound of the format's own reader: beyond it a header is an attack, not a list of tensors.
constexpr std::uint64_t greatest_header = 100'000'000;

Status refuse(const std::string& name, const std::string& words) {
  return Status(D2NN_INVALID_WEIGHTS, "`" + name + "`: " + words);
}

}  // namespace

Result<Safetensors> Safetensors::open(const std::string& path) {
  auto input = io::InputFile::open(path);
  if (!input.ok()) return input.status();
  Safetensors file;
  file.name_ = path;
  file.file_ = *std::move(input);
  if (Status status = file.read_header(file.file_->size()); !status.ok()) return status;
  return file;
}

Result<Safetensors> Safetensors::from_memory(std::span<const std::byte> bytes, std::string name) {
  Safetensors file;
  file.name_ = std::move(name);
  file.memory_ = bytes;
  if (Status status = file.read_header(bytes.size()); !status.ok()) return status;
  return file;
}

Status Safetensors::read_bytes(std::uint64_t offset, void* out, std::size_t size) const {
  if (file_) return file_->read(offset, out, size);
  if (size > 0) std::memcpy(out, memory_.data() + offset, size);
  return {};
}

Status Safetensors::read_header(std::uint64_t file_bytes) {
  std::uint64_t length = 0;
  if (file_bytes < sizeof(length)) {
    return refuse(name_, "is no safetensors file: it has only " + std::to_string(file_bytes) + " bytes");
  }
  if (Status status = read_bytes(0, &length, sizeof(length)); !status.ok()) return status;
  if (length > file_bytes - sizeof(length)) {
    std::string begin(static_cast<std::size_t>(std::min<std::uint64_t>(file_bytes, foreign_format_bytes)), '\0');
    if (Status status = read_bytes(0, begin.data(), begin.size()); !status.ok()) return status;
    if (const std::string words = foreign_format(begin, name_); !words.empty()) return refuse(name_, words);
    return refuse(name_, "is truncated or no safetensors file: its header claims " + std::to_string(length) +
                             " bytes, the file has " + std::to_string(file_bytes));
  }
  if (length > greatest_header) {
    return refuse(name_, "its header claims " + std::to_string(length) + " bytes, at most " +
                             std::to_string(greatest_header) + " are read");
  }
  std::string json(static_cast<std::size_t>(length), '\0');
  if (Status status = read_bytes(sizeof(length), json.data(), json.size()); !status.ok()) return status;
  Header header;
  if (std::string words = parse_header(json, header); !words.empty()) return refuse(name_, "the header " + words);
  data_offset_ = sizeof(length) + length;
  tensors_ = std::move(header.tensors);
  metadata_ = std::move(header.metadata);
  // Names first: the same tensor twice would otherwise be reported as an overlap.
  std::vector<std::string_view> names(tensors_.size());
  std::transform(tensors_.begin(), tensors_.end(), names.begin(),
                 [](const TensorEntry& tensor) { return std::string_view(tensor.name); });
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
    return refuse(name_, "tensor " + quote_name(*twice) + " stands in the header twice");
  }
  if (std::string words = check_layout(tensors_, file_bytes - data_offset_); !words.empty())
    return refuse(name_, words);
  by_name_.resize(tensors_.size());
  std::iota(by_name_.begin(), by_name_.end(), 0);
  std::sort(by_name_.begin(), by_name_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return tensors_[a].name < tensors_[b].name; });
  return {};
}

const TensorEntry* Safetensors::find(std::string_view name) const {
  const auto found =
      std::lower_bound(by_name_.begin(), by_name_.end(), name,
                       [&](std::uint32_t index, std::string_view wanted) { return tensors_[index].name < wanted; });
  if (found == by_name_.end() || tensors_[*found].name != name) return nullptr;
  return &tensors_[*found];
}

Status Safetensors::check_room(const TensorEntry& entry, std::size_t room) {
  if (room == static_cast<std::size_t>(entry.elements)) return {};
  return Status(D2NN_INVALID_ARGUMENT, "tensor " + quote_name(entry.name) + " has " + std::to_string(entry.elements) +
                                           " values, there is room for " + std::to_string(room));
}

Status Safetensors::read(const TensorEntry& entry, std::span<float> out) const {
  if (entry.dtype != "F32") {
    return refuse(name_, "tensor " + quote_name(entry.name) + " has type `" + entry.dtype + "`; `F32` is needed" +
                             (is_convertible(entry.dtype)
                                  ? ": `d2nn import NET.d2nn --from " + name_ + " -o w.safetensors` converts it"
                                  : " (convert it before saving)"));
  }
  if (Status status = check_room(entry, out.size()); !status.ok()) return status;
  return read_bytes(data_offset_ + entry.begin, out.data(), out.size_bytes());
}

}  // namespace d2nn::weights
