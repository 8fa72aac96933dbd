// npy files: little-endian f32 in C order, [samples, shape of one sample]; format versions 1, 2 and 3. Everything else
// is an error that says what was found and what is needed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/atomic_file.h"
#include "io/input_file.h"
#include "status/status.h"

namespace d2nn::io {

/// Samples read from an npy file, in any order, by several threads if they like.
class NpyReader {
 public:
  /// Checks the header and the file's length; reads no data. `shape`: dimensions of one sample, as the network's input
  /// declares them. D2NN_IO_ERROR: unreadable. D2NN_INVALID_ARGUMENT: not npy, another type or order, another shape, no
  /// samples, truncated.
  static Result<NpyReader> open(const std::string& path, std::span<const std::int64_t> shape);
  /// The same for a file of any shape with at least one dimension; shape() tells which.
  static Result<NpyReader> open(const std::string& path);

  /// At least 1.
  std::int64_t samples() const { return samples_; }
  /// Dimensions of one sample; empty when the file has one dimension.
  const std::vector<std::int64_t>& shape() const { return shape_; }
  /// Floats of one sample.
  std::int64_t elements() const { return elements_; }
  const std::string& path() const { return file_.path(); }
  /// Reads samples first .. first+count-1 into out, [count, shape]. 0 <= first, first + count <= samples().
  Status read(std::int64_t first, std::int64_t count, float* out) const;

 private:
  NpyReader(InputFile file, std::uint64_t data_offset, std::vector<std::int64_t> dims);

  InputFile file_;
  std::uint64_t data_offset_ = 0;
  std::int64_t samples_ = 0;
  std::vector<std::int64_t> shape_;
  std::int64_t elements_ = 1;
};

/// Writes an npy file row by row, aside; it appears under its name when finish() succeeds.
class NpyWriter {
 public:
  /// `samples` rows of `shape` will be written. Every count is at least 0.
  static Result<NpyWriter> create(const std::string& path, std::int64_t samples, std::span<const std::int64_t> shape);
  /// Appends `count` samples: [count, shape]. D2NN_INVALID_ARGUMENT when that is more than create() announced.
  Status append(const float* rows, std::int64_t count);
  /// D2NN_INVALID_ARGUMENT when fewer rows were written than announced; D2NN_IO_ERROR when the disk refuses.
  Status finish();

 private:
  NpyWriter(AtomicFile file, std::int64_t samples, std::int64_t elements);

  AtomicFile file_;
  std::int64_t samples_ = 0;
  std::int64_t elements_ = 0;
  std::int64_t written_ = 0;
};

/// Whole numbers of a file of one dimension: `<i8`, `<i4`, `|u1`, or `<f4` holding whole numbers (labels).
Result<std::vector<std::int64_t>> read_npy_labels(const std::string& path);

/// "[3, 112, 112]".
std::string shape_text(std::span<const std::int64_t> shape);

}  // namespace d2nn::io
