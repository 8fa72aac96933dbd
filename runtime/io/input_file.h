// A file opened for reading, with positioned reads and errors that name it. Files are read, never mapped: a file that
// shrinks while it is read gives an error here and would give a signal in a mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "status/status.h"

namespace d2nn::io {

/// A regular file open for reading. Move-only. Reads are positioned, so several threads may read through one object.
class InputFile {
 public:
  /// D2NN_IO_ERROR when the file cannot be opened or is not a regular file (a folder, a pipe).
  static Result<InputFile> open(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  ~InputFile();

  const std::string& path() const { return path_; }
  /// Bytes in the file when it was opened.
  std::uint64_t size() const { return size_; }
  /// Reads exactly `size` bytes from byte `offset` on. D2NN_IO_ERROR when the file ends before or the device fails.
  Status read(std::uint64_t offset, void* out, std::size_t size) const;

 private:
  InputFile(std::string path, int descriptor, std::uint64_t size);

  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// The whole of a file. D2NN_IO_ERROR also when it is larger than `limit` bytes.
Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::uint64_t limit);

}  // namespace d2nn::io
