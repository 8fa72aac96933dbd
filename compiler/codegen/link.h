// Objects into archives, shared libraries and executables; by the system's C compiler driver.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace d2nn::codegen {

struct LinkRequest {
  std::string_view object;  // bytes
  std::string output;
  bool is_shared = false;      // else an executable with the app of the runtime
  bool with_training = false;  // the executable can train
};

/// Links aside and renames; false: `error` is a full sentence and the old output stays.
bool link(const LinkRequest& request, std::string& error);

/// Archives of this installation that an executable is linked from.
std::vector<std::string> app_archives(bool with_training);

/// A static archive with one member.
std::string archive(std::string_view object, const std::string& member);

/// What a user's program needs beside the artefact. The folders are those of the installation this compiler belongs to.
struct LinkFlags {
  std::vector<std::string> compile;      // -I...
  std::vector<std::string> link_static;  // with the runtime's archive
  std::vector<std::string> link_shared;  // with the shared runtime
};
LinkFlags user_link_flags();

}  // namespace d2nn::codegen
