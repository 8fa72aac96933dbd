// The JSON header of a safetensors file, read without building a document: what does not belong there stops the reading
// at once.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weights/safetensors.h"

namespace d2nn::weights {

struct Header {
  std::vector<TensorEntry> tensors;  // as they stand in the header; every key present, no offset checked
  std::map<std::string, std::string> metadata;
};

/// Fills `header`, or returns what is wrong in words that follow "the header ". Empty: all is well.
std::string parse_header(std::string_view json, Header& header);

/// Checks names, sizes and offsets against `data_bytes`, and sorts the tensors by their place. The same return value,
/// as words that follow the file's name.
std::string check_layout(std::vector<TensorEntry>& tensors, std::uint64_t data_bytes);

/// A name from a file, shortened and made printable for a message, in backticks.
std::string quote_name(std::string_view name);

/// "[8, 3, 3, 3]".
std::string shape_text(const std::int64_t* dims, std::size_t rank);
/// Whether a tensor of a file may be a parameter: their dimensions are equal, but for leading ones of size 1 on either
/// side, as in [1, 197, 768] and [197, 768].
bool fits_shape(std::span<const std::int64_t> found, std::span<const std::int64_t> needed);

}  // namespace d2nn::weights
