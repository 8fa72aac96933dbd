// Pictures of simple shapes, some easy and some hard, for data that needs no files. A picture is a function of its key
// alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace d2nn::datasets {

/// Pictures are drawn from 12 x 12 to this side, in pixels.
inline constexpr std::int64_t least_shape_side = 12, greatest_shape_side = 4096;

/// Which picture: all of it goes into the generator's key.
struct ShapeKey {
  std::uint64_t seed = 0;
  std::uint32_t split = 0;
  std::uint32_t index = 0;
};

/// Names of the shapes, in the order of their labels.
std::span<const char* const> shape_names();

/// How a picture is drawn. Easy: one large shape near the middle, upright but for some degrees, with strong contrast.
/// Hard: small, anywhere, at any angle, with weak contrast, among clutter, partly covered, under noise.
enum class Difficulty { easy, hard };

/// Of this picture: 6 in 10 are easy.
Difficulty shape_difficulty(const ShapeKey& key);

/// Draws shape `label` on [channels, height, width] in out; every value is byte / 255. label < shape_names().size();
/// channels 1 or 3.
void draw_shape(const ShapeKey& key, std::size_t label, std::int64_t channels, std::int64_t height, std::int64_t width,
                float* out);

}  // namespace d2nn::datasets
