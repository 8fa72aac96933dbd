// Tensors of other float types as f32, a piece at a time: a large file needs no second copy in memory.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "weights/safetensors.h"

namespace d2nn::weights {
namespace {

float from_half(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu;
  const std::uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0) {  // zero and subnormals, all of them normal in f32
    const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
    return sign == 0 ? magnitude : -magnitude;
  }
  const std::uint32_t wider = exponent == 0x1f ? 0xff : exponent + 127 - 15;
  return std::bit_cast<float>(sign | (wider << 23) | (mantissa << 13));
}

float from_brain(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

float from_double(double value) {
  return static_cast<float>(value);
}

}  // namespace

std::string_view dtype_of(d2nn_element_type type) {
  std::uint32_t number = 0;  // a module may hold any
  std::memcpy(&number, &type, sizeof number);
  return number == D2NN_ELEMENT_F32 ? "F32" : "";
}

bool is_convertible(std::string_view dtype) {
  return dtype == "F32" || dtype == "F16" || dtype == "BF16" || dtype == "F64";
}

Status Safetensors::read_converted(const TensorEntry& entry, std::span<float> out) const {
  const auto convert = [&]<class Stored>(float (*to_float)(Stored)) -> Status {
    if (Status status = check_room(entry, out.size()); !status.ok()) return status;
    constexpr std::size_t piece = 16384;
    std::vector<Stored> stored(std::min(piece, out.size()));
    for (std::size_t at = 0; at < out.size(); at += piece) {
      const std::size_t count = std::min(piece, out.size() - at);
      const std::uint64_t offset = data_offset_ + entry.begin + at * sizeof(Stored);
      if (Status status = read_bytes(offset, stored.data(), count * sizeof(Stored)); !status.ok()) return status;
      std::transform(stored.begin(), stored.begin() + static_cast<std::ptrdiff_t>(count),
                     out.begin() + static_cast<std::ptrdiff_t>(at), to_float);
    }
    return {};
  };
  if (entry.dtype == "F16") return convert(from_half);
  if (entry.dtype == "BF16") return convert(from_brain);
  if (entry.dtype == "F64") return convert(from_double);
  return read(entry, out);
}

}  // namespace d2nn::weights
