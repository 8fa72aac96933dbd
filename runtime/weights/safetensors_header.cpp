#include "weights/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "text/encoded.h"

namespace d2nn::weights {
namespace {

using Json = nlohmann::json;

constexpr std::size_t greatest_rank = 64;

// Bytes of one element; nothing for a name that the format does not know.
std::optional<std::uint64_t> dtype_bytes(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 15> sizes = {{{"BOOL", 1},
                                                                                        {"U8", 1},
                                                                                        {"I8", 1},
                                                                                        {"F8_E5M2", 1},
                                                                                        {"F8_E4M3", 1},
                                                                                        {"I16", 2},
                                                                                        {"U16", 2},
                                                                                        {"F16", 2},
                                                                                        {"BF16", 2},
                                                                                        {"I32", 4},
                                                                                        {"U32", 4},
                                                                                        {"F32", 4},
                                                                                        {"F64", 8},
                                                                                        {"I64", 8},
                                                                                        {"U64", 8}}};
  const auto* found = std::find_if(sizes.begin(), sizes.end(), [&](const auto& size) { return size.first == dtype; });
  if (found == sizes.end()) return std::nullopt;
  return found->second;
}

// The header is {"NAME": {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}, "__metadata__": {"KEY":
// "VALUE"}}. Events arrive one by one; `place_` says where we are.
class HeaderHandler : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderHandler(Header& header) : header_(header) {}

  const std::string& error() const { return error_; }

  bool null() override { return misplaced("null"); }
  bool boolean(bool) override { return misplaced("true or false"); }
  bool number_float(number_float_t, const string_t& text) override {
    return misplaced("the number " + text.substr(0, 40));
  }
  bool number_integer(number_integer_t value) override {
    return misplaced("the negative number " + std::to_string(value));
  }
  bool binary(binary_t&) override { return misplaced("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::shape) {
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return misplaced("a dimension of " + std::to_string(value));
      if (header_.tensors.back().shape.size() == greatest_rank)
        return fail("gives " + tensor() + " more than 64 dimensions");
      header_.tensors.back().shape.push_back(static_cast<std::int64_t>(value));
      return true;
    }
    if (place_ == Place::offsets && offsets_ < 2) {
      (offsets_ == 0 ? header_.tensors.back().begin : header_.tensors.back().end) = value;
      ++offsets_;
      return true;
    }
    return misplaced("the number " + std::to_string(value));
  }

  bool string(string_t& value) override {
    if (place_ == Place::metadata) {
      if (!header_.metadata.emplace(key_, value).second)
        return fail("holds the metadata " + quote_name(key_) + " twice");
      return true;
    }
    if (place_ == Place::tensor && key_ == "dtype") {
      header_.tensors.back().dtype = value;
      return true;
    }
    return misplaced("the text " + quote_name(value));
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::start) {
      place_ = Place::top;
    } else if (place_ == Place::top && key_ == "__metadata__") {
      if (std::exchange(has_metadata_, true)) return fail("holds `__metadata__` twice");
      place_ = Place::metadata;
    } else if (place_ == Place::top) {
      header_.tensors.push_back(TensorEntry{.name = key_, .dtype = {}, .shape = {}});
      seen_ = {};
      place_ = Place::tensor;
    } else {
      return misplaced("an object");
    }
    return true;
  }

  bool key(string_t& value) override {
    key_ = value;
    if (place_ != Place::tensor) return true;
    for (std::size_t k = 0; k < tensor_keys.size(); ++k) {
      if (value != tensor_keys[k]) continue;
      if (std::exchange(seen_[k], true)) return fail("gives " + tensor() + " the key `" + value + "` twice");
      return true;
    }
    return fail("gives " + tensor() + " the unknown key " + quote_name(value));
  }

  bool end_object() override {
    if (place_ == Place::tensor) {
      for (std::size_t k = 0; k < tensor_keys.size(); ++k) {
        if (!seen_[k]) return fail("gives " + tensor() + " no `" + std::string(tensor_keys[k]) + "`");
      }
    }
    place_ = place_ == Place::top ? Place::end : Place::top;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::tensor || key_ == "dtype") return misplaced("a list");
    place_ = key_ == "shape" ? Place::shape : Place::offsets;
    offsets_ = 0;
    return true;
  }

  bool end_array() override {
    if (place_ == Place::offsets && offsets_ != 2)
      return fail("gives " + tensor() + " `data_offsets` that are not two numbers");
    place_ = Place::tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return fail("is not JSON at its byte " + std::to_string(position));
  }

 private:
  enum class Place { start, top, metadata, tensor, shape, offsets, end };
  static constexpr std::array<std::string_view, 3> tensor_keys = {"dtype", "shape", "data_offsets"};

  bool fail(std::string words) {
    if (error_.empty()) error_ = std::move(words);
    return false;
  }
  std::string tensor() const { return "tensor " + quote_name(header_.tensors.back().name); }
  bool misplaced(const std::string& what) {
    const bool in_tensor = place_ == Place::tensor || place_ == Place::shape || place_ == Place::offsets;
    if (in_tensor) return fail("gives " + tensor() + " " + what + " as " + quote_name(key_));
    if (place_ == Place::start) return fail("is " + what + ", not an object");
    return fail("holds " + what + " as " + quote_name(key_));
  }

  Header& header_;
  std::string error_;
  Place place_ = Place::start;
  std::string key_;
  std::array<bool, 3> seen_ = {};
  int offsets_ = 0;
  bool has_metadata_ = false;
};

// Product of a shape; nothing beyond 2^60. Zero when any dimension is, whatever the others are.
std::optional<std::int64_t> element_count(const std::vector<std::int64_t>& shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) {
    if (dim > (std::int64_t{1} << 60) / count) return std::nullopt;
    count *= dim;
  }
  return count;
}

std::string check_size(TensorEntry& tensor, std::uint64_t data_bytes) {
  const std::string name = "tensor " + quote_name(tensor.name);
  const auto element_bytes = dtype_bytes(tensor.dtype);
  if (!element_bytes) return name + " has the unknown type " + quote_name(tensor.dtype) + "; `F32` is needed";
  const std::string shape = shape_text(tensor.shape.data(), tensor.shape.size());
  const auto elements = element_count(tensor.shape);
  if (!elements) return name + " has the shape " + shape + ", which is larger than any file";
  tensor.elements = *elements;
  const std::string place = "[" + std::to_string(tensor.begin) + ", " + std::to_string(tensor.end) + "]";
  if (tensor.begin > tensor.end) return name + " has data offsets " + place + ", which end before they begin";
  if (tensor.end > data_bytes) {
    return name + " has data offsets " + place + ", but the file holds only " + std::to_string(data_bytes) +
           " bytes of data (is it truncated?)";
  }
  const std::uint64_t needed = static_cast<std::uint64_t>(*elements) * *element_bytes;
  if (tensor.end - tensor.begin == needed) return {};
  return name + " of shape " + shape + " and type `" + tensor.dtype + "` takes " + std::to_string(needed) +
         " bytes, its data offsets " + place + " hold " + std::to_string(tensor.end - tensor.begin);
}

}  // namespace

std::string quote_name(std::string_view name) {
  constexpr std::size_t shown = 120;
  std::string text = "`";
  for (const char c : name.substr(0, shown)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  if (name.size() > shown) {
    while (static_cast<unsigned char>(text.back()) >= 0x80) text.pop_back();  // never half a UTF-8 character
    text += "...";
  }
  return text + "`";
}

bool fits_shape(std::span<const std::int64_t> found, std::span<const std::int64_t> needed) {
  const auto without_leading_ones = [](std::span<const std::int64_t> dims) {
    while (!dims.empty() && dims.front() == 1) dims = dims.subspan(1);
    return dims;
  };
  return std::ranges::equal(without_leading_ones(found), without_leading_ones(needed));
}

std::string shape_text(const std::int64_t* dims, std::size_t rank) {
  std::string text = "[";
  for (std::size_t i = 0; i < rank; ++i) text += (i == 0 ? "" : ", ") + std::to_string(dims[i]);
  return text + "]";
}

std::string parse_header(std::string_view json, Header& header) {
  HeaderHandler handler(header);
  if (!Json::sax_parse(json.begin(), json.end(), &handler)) return handler.error();
  for (auto& [key, value] : header.metadata) {
    const auto encoded = header.metadata.find(text::encoded_key(key));
    if (encoded == header.metadata.end()) continue;
    if (std::optional<std::string> bytes = text::percent_decode(encoded->second)) {
      value = *std::move(bytes);
      header.metadata.erase(encoded);
    }
  }
  return {};
}

std::string check_layout(std::vector<TensorEntry>& tensors, std::uint64_t data_bytes) {
  for (TensorEntry& tensor : tensors) {
    if (std::string words = check_size(tensor, data_bytes); !words.empty()) return words;
  }
  // Tensors without elements share their place with the one that follows, so the end decides too.
  std::sort(tensors.begin(), tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::uint64_t at = 0;
  const TensorEntry* before = nullptr;
  for (const TensorEntry& tensor : tensors) {
    const std::string after = before == nullptr ? "the start of the data" : "tensor " + quote_name(before->name);
    if (tensor.begin < at) return "tensor " + quote_name(tensor.name) + " overlaps " + after + " in the data";
    if (tensor.begin > at) {
      return std::to_string(tensor.begin - at) + " bytes between " + after + " and tensor " + quote_name(tensor.name) +
             " belong to no tensor";
    }
    at = tensor.end;
    before = &tensor;
  }
  if (at != data_bytes) return "the last " + std::to_string(data_bytes - at) + " bytes belong to no tensor";
  return {};
}

}  // namespace d2nn::weights
