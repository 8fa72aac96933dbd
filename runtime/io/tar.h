// Regular files of a tar archive (plain or compressed with gzip), one after the other, without unpacking.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "status/status.h"

namespace d2nn::io {

/// One file of an archive.
struct TarMember {
  std::string name;  // path inside the archive, without a leading "./"
  std::vector<std::uint8_t> bytes;
};

/// Reads an archive from front to back. Move-only; one thread.
class TarReader {
 public:
  static Result<TarReader> open(const std::string& path);
  TarReader(TarReader&&) noexcept;
  TarReader& operator=(TarReader&&) noexcept;
  ~TarReader();

  /// The next regular file; folders and links are passed over. Empty at the end of the archive.
  /// D2NN_INVALID_ARGUMENT names archive and member: damaged, truncated, or a member of more than 256 MB.
  Result<std::optional<TarMember>> next();
  /// How much of the archive file has been read, in bytes, for progress.
  std::int64_t position() const;

 private:
  struct State;
  explicit TarReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace d2nn::io
