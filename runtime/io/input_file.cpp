// open, fstat, pread: nothing else, with every failure turned into a sentence.
#include "io/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace d2nn::io {

Result<InputFile> InputFile::open(const std::string& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not hang; it has no effect on regular files.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return Status(D2NN_IO_ERROR, "cannot open `" + path + "`: " + std::strerror(errno));
  struct stat info{};
  const bool known = ::fstat(descriptor, &info) == 0;
  if (!known || !S_ISREG(info.st_mode)) {
    const std::string why = !known                  ? std::string(std::strerror(errno))
                            : S_ISDIR(info.st_mode) ? "it is a folder, a file is needed"
                                                    : "it is not a regular file";
    ::close(descriptor);
    return Status(D2NN_IO_ERROR, "cannot read `" + path + "`: " + why);
  }
  return InputFile(path, descriptor, static_cast<std::uint64_t>(info.st_size));
}

InputFile::InputFile(std::string path, int descriptor, std::uint64_t size)
    : path_(std::move(path)), descriptor_(descriptor), size_(size) {}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status InputFile::read(std::uint64_t offset, void* out, std::size_t size) const {
  auto* bytes = static_cast<char*>(out);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(descriptor_, bytes + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Status(D2NN_IO_ERROR, "cannot read `" + path_ + "`: " + std::strerror(errno));
    if (got == 0) {
      return Status(D2NN_IO_ERROR, "cannot read `" + path_ + "`: it ends at byte " + std::to_string(offset + done) +
                                       ", " + std::to_string(offset + size) + " are needed");
    }
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::uint64_t limit) {
  auto file = InputFile::open(path);
  if (!file.ok()) return file.status();
  if (file->size() > limit) {
    return Status(D2NN_IO_ERROR, "cannot read `" + path + "`: it has " + std::to_string(file->size()) +
                                     " bytes, at most " + std::to_string(limit) + " are read");
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(file->size()));
  if (Status status = file->read(0, bytes.data(), bytes.size()); !status.ok()) return status;
  return bytes;
}

}  // namespace d2nn::io
