// The files of one command, each with its role, and the one check of them all: no output overwrites an input or another
// output, and the folder of every output exists. A command makes it before it computes anything. Temporary files
// (atomic_file.h) and scratch folders have unique names and need no check.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "status/status.h"

namespace d2nn::io {

/// Which files a command reads and writes. Copyable; a caller hands what it has read itself to the command it runs.
class FileRoles {
 public:
  /// `role` follows an article in messages: "the program", "the weights (`--weights`)". An empty path is no file.
  void reads(const std::string& path, std::string role);
  /// Each file in `folder`, at any depth, of a name that `is_read` accepts.
  void reads_below(const std::string& folder, std::string role, bool (*is_read)(std::string_view name));
  /// The executable of this process.
  void reads_running_program();
  /// `fix`: what the user can do for another name, as in "give another name with `-o`". A file that a command both
  /// reads and replaces on purpose (a checkpoint) is written only.
  void writes(const std::string& path, std::string role, std::string fix);

  /// D2NN_IO_ERROR with both roles when an output is the same file as an input or another output, whatever the names
  /// (links, `./x` and `x`), or when its folder is missing or closed to us. Devices and pipes are not overwritten; two
  /// outputs may share `/dev/null` alone.
  Status check() const;

 private:
  struct Input {
    std::string path, role;
  };
  struct Folder {
    std::string path, role;
    bool (*is_read)(std::string_view name);
  };
  struct Output {
    std::string path, role, fix;
  };

  std::vector<Input> inputs_;
  std::vector<Folder> folders_;
  std::vector<Output> outputs_;
};

}  // namespace d2nn::io
