// IDX files of unsigned bytes (MNIST's format), plain or compressed with gzip.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "status/status.h"

namespace d2nn::io {

/// Bytes with their dimensions, C order.
struct IdxArray {
  std::vector<std::int64_t> dims;  // 1 to 8, each at least 1
  std::vector<std::uint8_t> bytes;
};

/// Reads a file whole. D2NN_IO_ERROR: unreadable. D2NN_INVALID_ARGUMENT: not IDX, not bytes, truncated, longer than its
/// header says, damaged compression, or more than 2^33 bytes. Memory grows with the data that is really there, not with
/// what the header claims.
Result<IdxArray> read_idx(const std::string& path);

}  // namespace d2nn::io
