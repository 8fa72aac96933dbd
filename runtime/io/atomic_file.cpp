// The file aside is made with the process's usual permissions (O_CREAT with 0666, less the umask); one that replaces a
// file keeps that file's permissions.
#include "io/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace d2nn::io {
namespace {

constexpr std::size_t buffer_bytes = 1 << 16;

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// `path` with symbolic links resolved, or `path` itself where nothing stands yet.
std::string resolve(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string result = resolved;
  std::free(resolved);
  return result;
}

Status cannot_write(const std::string& path, const std::string& why) {
  return Status(D2NN_IO_ERROR, "cannot write `" + path + "`: " + why);
}

std::string why_no_file(const std::string& folder, int error) {
  if (error == ENOENT)
    return "the folder `" + folder + "` does not exist; make it first, with `mkdir -p " + folder + "`";
  if (error == ENOTDIR) return "`" + folder + "` is no folder";
  return std::strerror(error);
}

}  // namespace

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  AtomicFile file;
  file.path_ = path;
  file.target_ = resolve(path);
  struct stat info{};
  const bool exists = ::stat(file.target_.c_str(), &info) == 0;
  if (path.empty() || path.back() == '/' || (exists && S_ISDIR(info.st_mode))) {
    return cannot_write(path, "it names a folder, a file name is needed");
  }
  if (exists && !S_ISREG(info.st_mode)) {  // a device or pipe cannot be replaced, only written to
    file.descriptor_ = ::open(file.target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (file.descriptor_ < 0) return cannot_write(path, std::strerror(errno));
    return file;
  }
  if (exists && ::access(file.target_.c_str(), W_OK) != 0) return cannot_write(path, std::strerror(errno));
  const std::string stem = folder_of(file.target_) + "/.d2nn-" + std::to_string(::getpid()) + "-";
  for (int attempt = 0; file.descriptor_ < 0;
       ++attempt) {  // a short name of its own: names may be at their longest already
    std::string aside = stem + std::to_string(attempt) + ".part";
    file.descriptor_ = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file.descriptor_ >= 0) {
      file.aside_ = std::move(aside);
    } else if (errno != EEXIST || attempt > 100000) {
      return cannot_write(path, why_no_file(folder_of(path), errno));
    }
  }
  if (exists && ::fchmod(file.descriptor_, info.st_mode & 07777) != 0)
    return file.fail("keep the permissions of", errno);
  return file;
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept {
  *this = std::move(other);
}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this == &other) return *this;
  discard();
  path_ = std::move(other.path_);
  target_ = std::move(other.target_);
  aside_ = std::exchange(other.aside_, {});
  descriptor_ = std::exchange(other.descriptor_, -1);
  buffer_ = std::move(other.buffer_);
  failed_ = std::move(other.failed_);
  return *this;
}

AtomicFile::~AtomicFile() {
  discard();
}

void AtomicFile::discard() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (!aside_.empty()) ::unlink(std::exchange(aside_, {}).c_str());
}

Status AtomicFile::fail(const char* action, int error) {
  failed_ = Status(D2NN_IO_ERROR, std::string("cannot ") + action + " `" + path_ + "`: " + std::strerror(error) +
                                      (aside_.empty() ? "" : "; nothing was changed"));
  return failed_;
}

Status AtomicFile::flush() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t put = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail("write", errno);
    done += static_cast<std::size_t>(put);
  }
  buffer_.clear();
  return {};
}

Status AtomicFile::write(const void* data, std::size_t size) {
  if (!failed_.ok()) return failed_;
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    if (buffer_.capacity() < buffer_bytes) buffer_.reserve(buffer_bytes);
    const std::size_t part = std::min(size, buffer_bytes - buffer_.size());
    buffer_.insert(buffer_.end(), bytes, bytes + part);
    bytes += part;
    size -= part;
    if (buffer_.size() == buffer_bytes) {
      if (Status status = flush(); !status.ok()) return status;
    }
  }
  return {};
}

Status AtomicFile::commit() {
  if (!failed_.ok()) return failed_;
  if (Status status = flush(); !status.ok()) return status;
  if (aside_.empty()) {
    if (::close(std::exchange(descriptor_, -1)) != 0) return fail("write", errno);
    return {};
  }
  if (::fsync(descriptor_) != 0) return fail("write", errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) return fail("write", errno);
  if (::rename(aside_.c_str(), target_.c_str()) != 0) return fail("replace", errno);
  aside_.clear();
  // The rename itself reaches the disk with the folder; a folder that cannot be synced leaves the file as good as it
  // can be.
  const int folder = ::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
  return {};
}

Status write_file(const std::string& path, std::string_view content) {
  auto file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  if (Status status = file->write(content); !status.ok()) return status;
  return file->commit();
}

}  // namespace d2nn::io
