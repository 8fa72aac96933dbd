// Regular files and folders of a tar archive (plain or compressed with gzip), one after the other, without unpacking.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "status/status.h"

namespace d2nn::io {

/// Reads an archive from front to back. Move-only; one thread.
class TarReader {
 public:
  static Result<TarReader> open(const std::string& path);
  TarReader(TarReader&&) noexcept;
  TarReader& operator=(TarReader&&) noexcept;
  ~TarReader();

  /// Goes to the next regular file or folder and returns its path inside the archive, without a leading "./", that of a
  /// folder with a '/' behind it; nothing at the end. Links are passed over, as is the content of a file that was not
  /// read. D2NN_INVALID_ARGUMENT: damaged or truncated.
  Result<std::optional<std::string>> next();
  /// The content of the file (no folder) that next() named; once for each. D2NN_INVALID_ARGUMENT names archive and
  /// member: truncated, or more than 256 MB.
  Result<std::vector<std::uint8_t>> read();

 private:
  struct State;
  explicit TarReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace d2nn::io
