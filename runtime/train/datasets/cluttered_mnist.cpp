// Cluttered MNIST (Mnih, Heess, Graves, Kavukcuoglu: "Recurrent models of visual attention", 2014), drawn when it is
// asked for: a digit of MNIST somewhere on a black picture, among pieces of other digits. Sample i shows digit i; where
// it stands and what clutters it is a function of the seed, the split and i.
#include <algorithm>
#include <array>
#include <utility>

#include "io/npy.h"
#include "train/datasets/counter_random.h"
#include "train/datasets/kinds.h"

namespace d2nn::datasets {
namespace {

constexpr std::int64_t digit_side = 28;
constexpr std::int64_t piece_side = 8;
constexpr int pieces = 8;
constexpr std::uint32_t greatest_side = 4096;

using Digit = std::array<float, digit_side * digit_side>;

class ClutteredSource : public Source {
 public:
  ClutteredSource(Dataset digits, std::uint64_t seed, Split split, std::span<const std::int64_t> shape)
      : digits_(std::move(digits)),
        seed_(seed),
        stream_(split == Split::train ? 0 : 1),
        channels_(shape[0]),
        height_(shape[1]),
        width_(shape[2]) {}

  Status fill(std::size_t index, float* out) const override {
    CounterRandom random(seed_, stream_, index);
    std::fill(out, out + channels_ * height_ * width_, 0.0f);
    if (Status status = lay(index, digit_side, random, out); !status.ok()) return status;
    for (int piece = 0; piece < pieces; ++piece) {
      const std::uint32_t other = random.below(static_cast<std::uint32_t>(digits_.size()));
      if (Status status = lay(other, piece_side, random, out); !status.ok()) return status;
    }
    for (std::int64_t c = 1; c < channels_; ++c) std::copy(out, out + height_ * width_, out + c * height_ * width_);
    return {};
  }

 private:
  // Lays a square of digit `index`, taken and put at random, over the picture; the lighter of two pixels stays.
  Status lay(std::size_t index, std::int64_t side, CounterRandom& random, float* out) const {
    const auto place = [&](std::int64_t room) {
      return static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(room - side + 1)));
    };
    const std::int64_t from_y = place(digit_side), from_x = place(digit_side);
    const std::int64_t to_y = place(height_), to_x = place(width_);
    Digit digit;
    if (Status status = digits_.fill(index, digit.data()); !status.ok()) return status;
    for (std::int64_t y = 0; y < side; ++y) {
      const float* from = digit.data() + (from_y + y) * digit_side + from_x;
      float* to = out + (to_y + y) * width_ + to_x;
      for (std::int64_t x = 0; x < side; ++x) to[x] = std::max(to[x], from[x]);
    }
    return {};
  }

  Dataset digits_;
  std::uint64_t seed_;
  std::uint32_t stream_;
  std::int64_t channels_, height_, width_;
};

}  // namespace

Result<Dataset> open_cluttered_mnist(const std::string& folder, const Request& request) {
  const auto has_side = [](std::int64_t side) { return side >= digit_side && side <= greatest_side; };
  if (!is_image_shape(request.shape) || !has_side(request.shape[1]) || !has_side(request.shape[2])) {
    return refuse(folder, "is drawn on pictures; the network's input is " + io::shape_text(request.shape) +
                              ", [1 or 3, height, width] of 28 to 4096 a side is needed");
  }
  constexpr std::array<std::int64_t, 3> digit_shape = {1, digit_side, digit_side};
  Options options = request.options;
  options.resize = false;  // digits keep their size
  auto digits = open_mnist(folder, Request{request.split, digit_shape, options});
  if (!digits.ok()) return digits;
  std::vector<std::int32_t> labels = digits->labels();
  std::vector<std::string> names = digits->class_names();
  const std::string description = digits->description() + ", cluttered";
  auto source = std::make_unique<ClutteredSource>(*std::move(digits), options.seed, request.split, request.shape);
  return Dataset(std::move(source), {request.shape.begin(), request.shape.end()}, std::move(labels), std::move(names),
                 description);
}

}  // namespace d2nn::datasets
