// Shapes are signed distances in a coordinate system of their own (radius 1, rotated), drawn with soft edges into the
// box they fill.
#include "train/datasets/shape_drawing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>

#include "io/image.h"
#include "train/datasets/counter_random.h"

namespace d2nn::datasets {
namespace {

constexpr float easy_share = 0.6f;
// Streams of one sample, apart from each other so that a change of one leaves the others.
constexpr std::uint32_t difficulty_stream = 0x100, picture_stream = 0x200, noise_stream = 0x300, table_stream = 0x400;

float length(float x, float y) {
  return std::sqrt(x * x + y * y);
}

float box(float x, float y, float half_w, float half_h) {
  return std::max(std::abs(x) - half_w, std::abs(y) - half_h);
}

float disc(float x, float y) {
  return length(x, y) - 0.88f;
}
float square(float x, float y) {
  return box(x, y, 0.78f, 0.78f);
}
float triangle(float x, float y) {
  return std::max(0.866f * std::abs(x) - 0.5f * y, y) - 0.56f;
}
float cross(float x, float y) {
  return std::min(box(x, y, 1.0f, 0.36f), box(x, y, 0.36f, 1.0f));
}
float ring(float x, float y) {
  return std::abs(length(x, y) - 0.75f) - 0.22f;
}
float bar(float x, float y) {
  return box(x, y, 1.0f, 0.42f);
}
float arch(float x, float y) {
  return std::max(box(x, y, 0.85f, 0.85f), -box(x, y - 0.45f, 0.4f, 0.9f));
}
float crescent(float x, float y) {
  return std::max(length(x, y) - 0.95f, 0.75f - length(x - 0.45f, y));
}

using Distance = float (*)(float x, float y);
constexpr std::array<const char*, 8> names = {"disc", "cross", "triangle", "square", "ring", "bar", "arch", "crescent"};
constexpr std::array<Distance, names.size()> distances = {disc, cross, triangle, square, ring, bar, arch, crescent};

using Colour = std::array<float, 3>;

// A picture being drawn: values in [0, 1], [channels, height, width].
struct Canvas {
  std::int64_t channels, height, width;
  float* values;
  float side() const { return static_cast<float>(std::min(height, width)); }
};

struct Figure {
  Distance distance;
  float x, y;    // centre, pixels
  float radius;  // pixels
  float angle;   // radians
  Colour colour;
};

void draw(const Canvas& canvas, const Figure& figure) {
  const float reach = figure.radius * 1.42f + 1;
  const auto low = [](float v) { return std::max<std::int64_t>(0, static_cast<std::int64_t>(v)); };
  const auto high = [](float v, std::int64_t end) { return std::min(end, static_cast<std::int64_t>(v) + 1); };
  const float cosine = std::cos(figure.angle) / figure.radius, sine = std::sin(figure.angle) / figure.radius;
  const std::int64_t pixels = canvas.height * canvas.width;
  const std::int64_t x_end = high(figure.x + reach, canvas.width), y_end = high(figure.y + reach, canvas.height);
  for (std::int64_t y = low(figure.y - reach); y < y_end; ++y) {
    const float dy = static_cast<float>(y) - figure.y;
    for (std::int64_t x = low(figure.x - reach); x < x_end; ++x) {
      const float dx = static_cast<float>(x) - figure.x;
      const float distance = figure.distance(dx * cosine + dy * sine, dy * cosine - dx * sine) * figure.radius;
      const float cover = std::clamp(0.5f - distance, 0.0f, 1.0f);
      if (cover == 0) continue;
      float* value = canvas.values + y * canvas.width + x;
      for (std::int64_t c = 0; c < canvas.channels; ++c, value += pixels)
        *value += cover * (figure.colour[static_cast<std::size_t>(c)] - *value);
    }
  }
}

Colour random_colour(CounterRandom& random, float low, float high, bool is_grey) {
  Colour colour = {random.between(low, high), 0, 0};
  colour[1] = is_grey ? colour[0] : random.between(low, high);
  colour[2] = is_grey ? colour[0] : random.between(low, high);
  return colour;
}

Colour moved(Colour colour, float by) {
  for (float& value : colour) value += by;
  return colour;
}

// A slope of light from one corner to the other.
void draw_background(const Canvas& canvas, const Colour& colour, float slope_x, float slope_y) {
  float* value = canvas.values;
  for (std::int64_t c = 0; c < canvas.channels; ++c) {
    for (std::int64_t y = 0; y < canvas.height; ++y) {
      const float start = colour[static_cast<std::size_t>(c)] +
                          slope_y * (static_cast<float>(y) / static_cast<float>(canvas.height) - 0.5f) - slope_x * 0.5f;
      const float step = slope_x / static_cast<float>(canvas.width);
      for (std::int64_t x = 0; x < canvas.width; ++x) *value++ = start + step * static_cast<float>(x);
    }
  }
}

constexpr std::size_t table_size = 1 << 16;

// Normal deviates, drawn once: rows of noise begin at random places in it, which is far cheaper than drawing each
// value.
const std::vector<float>& noise_table() {
  static_assert(table_size > greatest_shape_side, "a row of noise lies within the table");
  static const std::vector<float> table = [] {
    std::vector<float> values(table_size);
    CounterRandom random(0, table_stream, 0);
    for (std::size_t i = 0; i < table_size; i += 2) {  // Box and Muller
      const float radius = std::sqrt(-2.0f * std::log(1.0f - random.unit()));
      const float angle = 2 * std::numbers::pi_v<float> * random.unit();
      values[i] = radius * std::cos(angle);
      values[i + 1] = radius * std::sin(angle);
    }
    return values;
  }();
  return table;
}

// Adds noise and rounds to bytes.
void finish(const Canvas& canvas, float noise, CounterRandom random) {
  const std::vector<float>& table = noise_table();
  const std::int64_t rows = canvas.channels * canvas.height;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(canvas.width));
  for (std::int64_t row = 0; row < rows; ++row) {
    float* values = canvas.values + row * canvas.width;
    const float* row_noise = table.data() + random.below(static_cast<std::uint32_t>(table_size - bytes.size()));
    for (std::size_t x = 0; x < bytes.size(); ++x) {
      const float value = values[x] + noise * row_noise[x];
      bytes[x] = static_cast<std::uint8_t>(std::clamp(value, 0.0f, 1.0f) * 255.0f + 0.5f);
    }
    io::bytes_to_floats(bytes, values);
  }
}

void draw_clutter(const Canvas& canvas, CounterRandom& random, const Colour& background, float contrast,
                  std::size_t label) {
  const std::uint32_t count = 2 + random.below(4);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::size_t kind = random.below(static_cast<std::uint32_t>(names.size()));
    if (kind == label || kind < 2) kind = 5;  // bars: clutter must not be another label's shape at its own size
    const float radius = canvas.side() * random.between(0.03f, 0.08f);
    const float x = random.unit() * static_cast<float>(canvas.width),
                y = random.unit() * static_cast<float>(canvas.height);
    const float by = random.between(-1, 1) * 1.5f * contrast;
    draw(canvas, {distances[kind], x, y, radius, random.between(0, 6.2832f), moved(background, by)});
  }
}

void draw_cover(const Canvas& canvas, CounterRandom& random, const Figure& figure, const Colour& background,
                float contrast) {
  const float angle = random.between(0, 6.2832f);
  const float x = figure.x + std::cos(angle) * figure.radius * 0.9f,
              y = figure.y + std::sin(angle) * figure.radius * 0.9f;
  const float by = (random.bits() & 1 ? 1.0f : -1.0f) * contrast * random.between(0.3f, 1.0f);
  draw(canvas, {bar, x, y, figure.radius * random.between(0.5f, 0.8f), angle + std::numbers::pi_v<float> / 2,
                moved(background, by)});
}

}  // namespace

std::span<const char* const> shape_names() {
  return names;
}

Difficulty shape_difficulty(const ShapeKey& key) {
  CounterRandom random(key.seed, difficulty_stream + key.split, key.index);
  return random.unit() < easy_share ? Difficulty::easy : Difficulty::hard;
}

void draw_shape(const ShapeKey& key, std::size_t label, std::int64_t channels, std::int64_t height, std::int64_t width,
                float* out) {
  const Canvas canvas{channels, height, width, out};
  CounterRandom random(key.seed, picture_stream + key.split, key.index);
  const bool is_hard = shape_difficulty(key) == Difficulty::hard;
  const float contrast = is_hard ? random.between(0.3f, 0.5f) : random.between(0.4f, 0.6f);
  const float by = random.bits() & 1 ? contrast : -contrast;
  // The background leaves room for the shape to be lighter or darker by the contrast.
  const Colour background =
      random_colour(random, std::max(0.1f, -by + 0.05f), std::min(0.9f, 0.95f - by), channels == 1);
  const float slope = is_hard ? 0.2f : 0.05f;
  const float slope_x = random.between(-slope, slope), slope_y = random.between(-slope, slope);
  draw_background(canvas, background, slope_x, slope_y);
  const float away = is_hard ? 0.24f : 0.05f;
  Figure figure{distances[label], 0, 0, 0, 0, moved(background, by)};
  figure.x = static_cast<float>(width) * (0.5f + random.between(-away, away));
  figure.y = static_cast<float>(height) * (0.5f + random.between(-away, away));
  figure.radius = canvas.side() * (is_hard ? random.between(0.12f, 0.18f) : random.between(0.28f, 0.38f));
  figure.angle = is_hard ? random.between(0, 2 * std::numbers::pi_v<float>) : random.between(-0.2f, 0.2f);
  if (is_hard) draw_clutter(canvas, random, background, contrast, label);
  draw(canvas, figure);
  if (is_hard && random.bits() & 1) draw_cover(canvas, random, figure, background, contrast);
  finish(canvas, is_hard ? random.between(0.02f, 0.05f) : 0.02f,
         CounterRandom(key.seed, noise_stream + key.split, key.index));
}

}  // namespace d2nn::datasets
