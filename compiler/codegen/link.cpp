// The runtime stands beside the compiler: PREFIX/bin/d2nn, PREFIX/lib/d2nn/*.a, PREFIX/lib/libd2nn.so, PREFIX/include;
// the build tree has the same layout.
#include "codegen/link.h"

#include <llvm/Object/ArchiveWriter.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Program.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>

#include "codegen/runtime_libraries.h"
#include "diag/internal_error.h"

namespace d2nn::codegen {

namespace {

namespace fs = std::filesystem;

/// PREFIX of the running compiler.
fs::path installation() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path();
}

/// A folder that goes away with the object.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const fs::path& parent) {
    std::string name = (parent / ".d2nn-link-XXXXXX").string();
    if (mkdtemp(name.data())) path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  bool exists() const { return !path_.empty(); }
  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

/// What a program prints, kept in memory: on a full disk it must not be lost.
class Log {
 public:
  Log() : descriptor_(memfd_create("d2nn-link-log", MFD_CLOEXEC)) {}
  ~Log() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// A name under which a child can open it.
  std::string path() const {
    return descriptor_ < 0 ? "/dev/null" : "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(descriptor_);
  }
  std::string text() const {
    std::string text;
    char chunk[4096];
    for (ssize_t got = 0; (got = pread(descriptor_, chunk, sizeof chunk, static_cast<off_t>(text.size()))) > 0;)
      text.append(chunk, static_cast<std::size_t>(got));
    return text;
  }

 private:
  int descriptor_;
};

/// 0, or the error number of what went wrong.
int write_object(const std::string& path, std::string_view bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return errno;
  const int error = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() ? 0 : errno;
  const bool is_closed = std::fclose(file) == 0;
  return error == 0 && !is_closed ? errno : error;
}

std::uintmax_t free_bytes(const fs::path& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  return error ? std::numeric_limits<std::uintmax_t>::max() : space.available;
}

/// The sentence for a disk without room: that of the output's folder, or that of the linker's own files.
std::string no_space(const std::string& output, const fs::path& folder) {
  std::error_code error;
  const fs::path scratch = fs::temp_directory_path(error);
  const bool is_scratch = !error && free_bytes(scratch) < free_bytes(folder);
  const fs::path& full = is_scratch ? scratch : folder;
  return "cannot write `" + output + "`: No space left on device; " + std::to_string(free_bytes(full) / 1024) +
         " KiB are free in `" + full.string() + "`: make room there, or " +
         (is_scratch ? "set TMPDIR to a folder" : "give an output with `-o`") + " on another disk";
}

std::string cannot_write(const std::string& output, const fs::path& folder, int error) {
  return error == ENOSPC ? no_space(output, folder) : "cannot write `" + output + "`: " + std::strerror(error);
}

/// A linker that maps its output into memory dies of a bus error on a full disk.
bool tells_of_full_disk(const std::string& log, std::uintmax_t wanted, const fs::path& folder) {
  if (log.find("No space left") != std::string::npos || log.find("quota exceeded") != std::string::npos) return true;
  const bool is_bus_error = log.find("Bus error") != std::string::npos || log.find("signal 7") != std::string::npos;
  return is_bus_error && free_bytes(folder) < wanted;
}

std::vector<std::string> command(const LinkRequest& request, const std::string& object, const std::string& output) {
  std::vector<std::string> arguments;
  if (request.is_shared) {
    // Only the accessors stay visible; the module calls nothing of ours by name.
    return {"-shared",
            "-o",
            output,
            object,
            "-Wl,--as-needed",
            "-Wl,-soname," + fs::path(request.output).filename().string(),
            "-Wl,--exclude-libs,ALL"};
  }
  arguments = {"-o", output, object, "-Wl,--start-group"};
  for (std::string& path : app_archives(request.with_training)) arguments.push_back(std::move(path));
  arguments.push_back("-Wl,--end-group");
  arguments.push_back("-Wl,--as-needed");
  for (const char* library : app_libraries) arguments.emplace_back(library);
  return arguments;
}

}  // namespace

std::vector<std::string> app_archives(bool with_training) {
  const fs::path libraries = installation() / "lib" / "d2nn";
  return {(libraries / (with_training ? "libd2nn_app_train.a" : "libd2nn_app.a")).string(),
          (libraries / "libd2nn_runtime.a").string()};
}

bool link(const LinkRequest& request, std::string& error) {
  std::error_code ignored;
  const fs::path target =
      fs::weakly_canonical(fs::absolute(request.output), ignored);  // what a symbolic link names is replaced
  if (fs::exists(target, ignored) && !fs::is_regular_file(target, ignored)) {
    error = "cannot write `" + request.output + "`: it is " +
            (fs::is_directory(target, ignored) ? "a folder" : "no regular file");
    return false;
  }
  const TemporaryFolder folder(target.parent_path());
  if (!folder.exists()) {
    error = cannot_write(request.output, target.parent_path(), errno);
    return false;
  }
  const auto driver = llvm::sys::findProgramByName("cc");
  if (!driver) {
    error = "no C compiler (`cc`) was found to link with; install gcc or clang, or use `--emit obj`";
    return false;
  }
  const std::string object = folder / "module.o";
  if (const int reason = write_object(object, request.object); reason != 0) {
    error = cannot_write(request.output, target.parent_path(), reason);
    return false;
  }
  const std::string output = folder / "out";
  const Log log;
  std::vector<std::string> arguments{*driver};
  for (std::string& argument : command(request, object, output)) arguments.push_back(std::move(argument));
  const std::vector<llvm::StringRef> views(arguments.begin(), arguments.end());
  const std::string log_path = log.path();
  const std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), llvm::StringRef(log_path),
                                                      llvm::StringRef(log_path)};
  std::string start_error;
  const int result = llvm::sys::ExecuteAndWait(*driver, views, std::nullopt, redirects, 120, 0, &start_error);
  if (result != 0) {
    const std::string words = log.text();
    std::uintmax_t wanted = request.object.size();
    for (const std::string& archive : app_archives(request.with_training)) {
      const std::uintmax_t size = request.is_shared ? 0 : fs::file_size(archive, ignored);
      wanted += ignored ? 0 : size;
    }
    if (tells_of_full_disk(words, wanted, target.parent_path())) {
      error = no_space(request.output, target.parent_path());
      return false;
    }
    error = "linking `" + request.output + "` failed: " + (start_error.empty() ? words : start_error);
    while (!error.empty() && error.back() == '\n') error.pop_back();
    return false;
  }
  std::error_code failed;
  fs::rename(output, target, failed);
  if (failed) error = "cannot write `" + request.output + "`: " + failed.message();
  return !failed;
}

std::string archive(std::string_view object, const std::string& member) {
  const auto buffer = llvm::MemoryBuffer::getMemBuffer(llvm::StringRef(object.data(), object.size()), member, false);
  std::vector<llvm::NewArchiveMember> members;
  members.emplace_back(buffer->getMemBufferRef());
  members.back().MemberName = member;
  auto written = llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab,
                                            llvm::object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false);
  if (!written) throw diag::InternalError("writing an archive: " + llvm::toString(written.takeError()));
  return (*written)->getBuffer().str();
}

LinkFlags user_link_flags() {
  const fs::path prefix = installation();
  LinkFlags flags;
  flags.compile = {"-I" + (prefix / "include").string()};
  flags.link_static = {(prefix / "lib" / "d2nn" / "libd2nn_runtime.a").string()};
  for (const char* library : runtime_libraries) flags.link_static.emplace_back(library);
  flags.link_shared = {"-L" + (prefix / "lib").string(), "-Wl,-rpath," + (prefix / "lib").string(), "-ld2nn"};
  return flags;
}

}  // namespace d2nn::codegen
