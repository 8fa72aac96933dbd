// Files that people take for safetensors, told by their first bytes, so that the message names what they are and the
// way out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace d2nn::weights {

/// Bytes of a file's beginning that foreign_format() likes to see; fewer will do.
inline constexpr std::size_t foreign_format_bytes = 4096;

/// What the file `name` is that begins with `begin`, in words that follow its name: "is a file of torch.save ...: ...".
/// Empty when that is not known.
std::string foreign_format(std::string_view begin, const std::string& name);

}  // namespace d2nn::weights
