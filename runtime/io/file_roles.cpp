// Files that exist are the same when device and inode are; names under which nothing stands yet when the canonical
// folder and the name in it are.
#include "io/file_roles.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "io/atomic_file.h"

namespace d2nn::io {
namespace {

namespace fs = std::filesystem;

constexpr int deepest_folder = 6;  // SPLIT/CLASS/... and some more

/// What a name stands for now.
struct Place {
  explicit Place(const std::string& path) {
    exists = ::stat(path.c_str(), &info) == 0;
    std::error_code error;
    const fs::path full = fs::absolute(path, error);
    // The link itself where it leads nowhere: that is what would be replaced.
    if (!exists) canonical = (fs::weakly_canonical(full.parent_path(), error) / full.filename()).string();
  }

  bool exists = false;
  struct stat info{};
  std::string canonical;  // of what does not exist

  bool is_file() const { return !exists || S_ISREG(info.st_mode); }
  bool is_null_device() const { return exists && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3); }
  bool is(const Place& other) const {
    if (exists != other.exists) return false;
    return exists ? info.st_dev == other.info.st_dev && info.st_ino == other.info.st_ino : canonical == other.canonical;
  }
};

/// A file below `folder` that is `output` and has a name that is read. The walk looks at names; only where one leads
/// elsewhere, or the output has several, does it look at files.
std::optional<std::string> find_below(const std::string& folder, bool (*is_read)(std::string_view),
                                      const std::string& path, const Place& output) {
  std::error_code error;
  const fs::path canonical = fs::canonical(path, error);
  const auto options = fs::directory_options::follow_directory_symlink | fs::directory_options::skip_permission_denied;
  fs::recursive_directory_iterator entry(folder, options, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    if (entry.depth() >= deepest_folder) entry.disable_recursion_pending();  // links may lead in a circle
    if (!is_read(entry->path().filename().string())) continue;
    const bool may_be =
        entry->path().filename() == canonical.filename() || output.info.st_nlink > 1 || entry->is_symlink(error);
    if (may_be && Place(entry->path().string()).is(output)) return entry->path().string();
  }
  return std::nullopt;
}

}  // namespace

void FileRoles::reads(const std::string& path, std::string role) {
  if (!path.empty()) inputs_.push_back({path, std::move(role)});
}

void FileRoles::reads_below(const std::string& folder, std::string role, bool (*is_read)(std::string_view name)) {
  if (!folder.empty()) folders_.push_back({folder, std::move(role), is_read});
}

void FileRoles::reads_running_program() {
  inputs_.push_back({"/proc/self/exe", "the running program"});
}

void FileRoles::writes(const std::string& path, std::string role, std::string fix) {
  if (!path.empty()) outputs_.push_back({path, std::move(role), std::move(fix)});
}

Status FileRoles::check() const {
  const auto overwrites = [](const Output& output, const std::string& role, const std::string& path) {
    const std::string name = path == "/proc/self/exe" ? "" : " `" + path + "`";
    return Status(D2NN_IO_ERROR, "cannot write `" + output.path + "`: " + output.role + " would overwrite " + role +
                                     name + ", which this command reads; " + output.fix);
  };
  std::vector<Place> places;
  for (const Output& output : outputs_) {
    const Place place(output.path);
    for (const Input& input : inputs_) {
      if (place.is_file() && place.is(Place(input.path))) return overwrites(output, input.role, input.path);
    }
    for (const Folder& folder : folders_) {
      if (!place.exists || !place.is_file()) continue;
      if (const auto found = find_below(folder.path, folder.is_read, output.path, place))
        return overwrites(output, folder.role, *found);
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!place.is(places[i]) || place.is_null_device()) continue;
      return {D2NN_IO_ERROR, "cannot write `" + output.path + "`: " + outputs_[i].role + " and " + output.role +
                                 " would be the same file; " + output.fix};
    }
    places.push_back(place);
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (!places[i].is_file() && !S_ISDIR(places[i].info.st_mode)) continue;  // trying would open a device
    if (const Result<AtomicFile> tried = AtomicFile::create(outputs_[i].path); !tried.ok()) return tried.status();
  }
  return {};
}

}  // namespace d2nn::io
