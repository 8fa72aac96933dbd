// Files of one test, in a folder of their own that goes with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace d2nn::tests {

class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  /// Names in it, sorted.
  std::vector<std::string> files() const;
  void write_npy(const std::string& name, std::span<const float> values,
                 std::span<const std::int64_t> sample_shape) const;
  /// All values of an npy file.
  std::vector<float> read_npy(const std::string& name) const;
  /// bytes: [height, width, 3].
  void write_png(const std::string& name, std::uint32_t height, std::uint32_t width,
                 std::span<const std::uint8_t> bytes) const;
  std::string read_text(const std::string& name) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace d2nn::tests
