// The runtime stands beside the compiler: PREFIX/bin/d2nn, PREFIX/lib/d2nn/*.a, PREFIX/lib/libd2nn.so, PREFIX/include; the build
// tree has the same layout.
#include "codegen/link.h"

#include <llvm/Object/ArchiveWriter.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Program.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

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

std::string read_all(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> command(const LinkRequest& request, const std::string& object, const std::string& output) {
  std::vector<std::string> arguments;
  if (request.is_shared) {
    // Only the accessors stay visible; the module calls nothing of ours by name.
    return {"-shared", "-o", output, object, "-Wl,--as-needed", "-Wl,-soname," + fs::path(request.output).filename().string(), "-Wl,--exclude-libs,ALL"};
  }
  const fs::path libraries = installation() / "lib" / "d2nn";
  arguments = {"-o", output, object, "-Wl,--start-group", (libraries / (request.with_training ? "libd2nn_app_train.a" : "libd2nn_app.a")).string()};
  arguments.push_back((libraries / "libd2nn_runtime.a").string());
  arguments.push_back("-Wl,--end-group");
  arguments.push_back("-Wl,--as-needed");
  for (const char* library : app_libraries) arguments.emplace_back(library);
  return arguments;
}

}  // namespace

bool link(const LinkRequest& request, std::string& error) {
  std::error_code ignored;
  const fs::path target = fs::weakly_canonical(fs::absolute(request.output), ignored);  // what a symbolic link names is replaced
  if (fs::exists(target, ignored) && !fs::is_regular_file(target, ignored)) {
    error = "cannot write `" + request.output + "`: it is " + (fs::is_directory(target, ignored) ? "a folder" : "no regular file");
    return false;
  }
  const TemporaryFolder folder(target.parent_path());
  if (!folder.exists()) {
    error = "cannot write `" + request.output + "`: " + std::strerror(errno);
    return false;
  }
  const auto driver = llvm::sys::findProgramByName("cc");
  if (!driver) {
    error = "no C compiler (`cc`) was found to link with; install gcc or clang, or use `--emit obj`";
    return false;
  }
  const std::string object = folder / "module.o";
  std::ofstream(object, std::ios::binary).write(request.object.data(), static_cast<std::streamsize>(request.object.size()));
  const std::string output = folder / "out";
  const std::string log = folder / "log";
  std::vector<std::string> arguments{*driver};
  for (std::string& argument : command(request, object, output)) arguments.push_back(std::move(argument));
  const std::vector<llvm::StringRef> views(arguments.begin(), arguments.end());
  const std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), llvm::StringRef(log), llvm::StringRef(log)};
  std::string start_error;
  const int result = llvm::sys::ExecuteAndWait(*driver, views, std::nullopt, redirects, 120, 0, &start_error);
  if (result != 0) {
    error = "linking `" + request.output + "` failed: " + (start_error.empty() ? read_all(log) : start_error);
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
  auto written = llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false);
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
