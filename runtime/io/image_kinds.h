// What a file is, told by its name or its first bytes: JPEG and PNG, which are read, and the kinds that people have
// beside them, so that a message can say what was found and what to do.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace d2nn::io {

/// True for names that end in .jpg, .jpeg, .jpe, .jfif or .png in any case: the images that are read.
bool is_image_name(std::string_view name);
/// True for names of images of other kinds: .webp, .gif, .heic and so on, in any case.
bool is_other_image_name(std::string_view name);
/// True when the name says image, of whatever kind, or the file begins as one. False when it cannot be read.
bool is_image_file(const std::string& path);
/// What a file that is neither JPEG nor PNG is and what to do, in words that follow its name ("is a WebP image; ...").
std::string describe_other_kind(std::span<const std::uint8_t> file);

}  // namespace d2nn::io
