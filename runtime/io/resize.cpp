// Two passes of a triangle filter, rows then columns, in float; rounded to bytes once, at the end.
#include <algorithm>
#include <cmath>
#include <vector>

#include "io/image.h"

namespace d2nn::io {
namespace {

// For each output position the inputs it takes and their weights, which sum to 1.
struct Filter {
  struct Tap {
    std::size_t first = 0;
    std::vector<float> weights;
  };
  std::vector<Tap> taps;
};

// The triangle is as wide as the step between outputs, at least one input pixel: bilinear on enlarging, an average on
// reduction.
Filter make_filter(std::int64_t in, std::int64_t out) {
  const double step = static_cast<double>(in) / static_cast<double>(out);
  const double reach = std::max(step, 1.0);
  Filter filter;
  for (std::int64_t o = 0; o < out; ++o) {
    const double centre = (static_cast<double>(o) + 0.5) * step - 0.5;
    const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil(centre - reach)));
    const auto last = std::min<std::int64_t>(in - 1, static_cast<std::int64_t>(std::floor(centre + reach)));
    Filter::Tap tap{static_cast<std::size_t>(first), {}};
    double sum = 0;
    std::vector<double> weights;
    for (std::int64_t i = first; i <= last; ++i) {
      weights.push_back(std::max(0.0, 1.0 - std::abs(static_cast<double>(i) - centre) / reach));
      sum += weights.back();
    }
    for (const double weight : weights) tap.weights.push_back(static_cast<float>(weight / sum));
    filter.taps.push_back(std::move(tap));
  }
  return filter;
}

}  // namespace

Image resize_image(const Image& image, std::int64_t height, std::int64_t width) {
  if (image.height == height && image.width == width) return image;
  const Filter across = make_filter(image.width, width);
  const Filter down = make_filter(image.height, height);
  const auto in_w = static_cast<std::size_t>(image.width), in_h = static_cast<std::size_t>(image.height);
  const auto out_w = static_cast<std::size_t>(width), out_h = static_cast<std::size_t>(height);
  Image out{image.channels, height, width, {}};
  out.bytes.resize(static_cast<std::size_t>(image.channels) * out_h * out_w);
  std::vector<float> narrowed(in_h * out_w);
  std::vector<float> row(out_w);
  for (std::size_t c = 0; c < static_cast<std::size_t>(image.channels); ++c) {
    const std::uint8_t* in = image.bytes.data() + c * in_h * in_w;
    for (std::size_t y = 0; y < in_h; ++y) {
      for (std::size_t x = 0; x < out_w; ++x) {
        const Filter::Tap& tap = across.taps[x];
        float sum = 0;
        for (std::size_t i = 0; i < tap.weights.size(); ++i) sum += tap.weights[i] * in[y * in_w + tap.first + i];
        narrowed[y * out_w + x] = sum;
      }
    }
    for (std::size_t y = 0; y < out_h; ++y) {
      const Filter::Tap& tap = down.taps[y];
      std::fill(row.begin(), row.end(), 0.0f);
      for (std::size_t i = 0; i < tap.weights.size(); ++i) {
        const float* from = narrowed.data() + (tap.first + i) * out_w;
        for (std::size_t x = 0; x < out_w; ++x) row[x] += tap.weights[i] * from[x];
      }
      std::uint8_t* to = out.bytes.data() + (c * out_h + y) * out_w;
      for (std::size_t x = 0; x < out_w; ++x)
        to[x] = static_cast<std::uint8_t>(std::clamp(std::lround(row[x]), 0L, 255L));
    }
  }
  return out;
}

}  // namespace d2nn::io
