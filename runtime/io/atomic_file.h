// Writing a file atomically: under a temporary name in the same folder, flushed to the disk, then renamed over
// the old one. Whatever fails (a full disk, a crash, a signal), the old file stays as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "status/status.h"

namespace d2nn::io {

/// A file being written under a temporary name. Move-only. Without a successful commit() nothing of it remains.
class AtomicFile {
 public:
  /// Makes the file aside in the folder of `path`; a symbolic link is followed, so that its target is replaced. A path
  /// that names a device or pipe (`/dev/stdout`) is written directly. D2NN_IO_ERROR names the path and why it cannot be
  /// written.
  static Result<AtomicFile> create(const std::string& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  ~AtomicFile();

  /// Appends bytes (buffered). After a failure every later call fails with the same status.
  Status write(const void* data, std::size_t size);
  Status write(std::string_view text) { return write(text.data(), text.size()); }
  /// Flushes to the disk and renames. The file is complete under its name if and only if this succeeds. Call once.
  Status commit();
  const std::string& path() const { return path_; }

 private:
  AtomicFile() = default;
  Status fail(const char* action, int error);
  Status flush();
  void discard();

  std::string path_;    // as the caller spelled it, for messages
  std::string target_;  // links resolved
  std::string aside_;   // empty when written directly
  int descriptor_ = -1;
  std::vector<char> buffer_;
  Status failed_;
};

/// Writes a whole file at once, as above.
Status write_file(const std::string& path, std::string_view content);

}  // namespace d2nn::io
