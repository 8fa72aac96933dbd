#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "train/datasets/counter_random.h"
#include "train/datasets/shape_drawing.h"
#include "unit/datasets/opening.h"

using namespace d2nn::testing;
using d2nn::datasets::Difficulty;
using d2nn::datasets::Split;

TEST_CASE("the generator gives the known answers of Philox4x32-10") {
  using Words = std::array<std::uint32_t, 4>;
  CHECK(d2nn::datasets::philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const std::uint32_t ones = 0xffffffff;
  CHECK(d2nn::datasets::philox({ones, ones, ones, ones}, {ones, ones}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(d2nn::datasets::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a sample is a function of seed, split and number, in whatever order samples are asked for") {
  const auto data = open_data("shapes:64", Split::train, {3, 40, 40}, {.seed = 1}),
             again = open_data("shapes:64", Split::train, {3, 40, 40}, {.seed = 1});
  REQUIRE_MESSAGE(data.ok(), data.status().message());
  const std::vector<float> last = sample(*again, 63);
  for (std::size_t i = 0; i < 64; ++i) CHECK(sample(*data, i) == sample(*again, i));
  CHECK(last == sample(*data, 63));
  CHECK(sample(*data, 5) != sample(*data, 7));
  CHECK(sample(*data, 5) != sample(*open_data("shapes:64", Split::train, {3, 40, 40}, {.seed = 2}), 5));
  CHECK(sample(*data, 5) != sample(*open_data("shapes:64", Split::evaluation, {3, 40, 40}, {.seed = 1}), 5));
  CHECK(sample(*open_data("shapes:64", Split::val, {3, 40, 40}), 5) !=
        sample(*open_data("shapes:64", Split::test, {3, 40, 40}), 5));
}

TEST_CASE("every value is a byte divided by 255, for all shapes, sizes and channels") {
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{3, 112, 112}, {1, 28, 28}, {1, 12, 30}, {3, 33, 12}}) {
    const auto data = open_data("shapes:32", Split::train, shape, {.classes = 8});
    REQUIRE_MESSAGE(data.ok(), data.status().message());
    CHECK(data->class_counts() == std::vector<std::size_t>(8, 4));
    for (std::size_t i = 0; i < data->size(); ++i) {
      for (const float value : sample(*data, i)) REQUIRE(value == std::round(value * 255.0f) / 255.0f);
    }
  }
}

TEST_CASE("about six in ten are easy, and easy shapes stand out from their background more than hard ones") {
  std::size_t easy = 0;
  double contrast[2] = {0, 0};
  std::size_t count[2] = {0, 0};
  std::vector<float> image(64 * 64);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const d2nn::datasets::ShapeKey key{7, 0, i};
    const bool is_easy = d2nn::datasets::shape_difficulty(key) == Difficulty::easy;
    easy += is_easy;
    d2nn::datasets::draw_shape(key, i % 2, 1, 64, 64, image.data());
    // Both shapes cover the middle when they are easy; a corner is background.
    contrast[is_easy] += std::abs(image[32 * 64 + 32] - image[2 * 64 + 2]);
    ++count[is_easy];
  }
  CHECK(easy > 550);
  CHECK(easy < 650);
  CHECK(contrast[1] / static_cast<double>(count[1]) > 0.35);
  CHECK(contrast[0] / static_cast<double>(count[0]) < 0.25);
}

TEST_CASE("comparing with a mean picture tells easy shapes apart and not hard ones") {
  // The least capable classifier there is: the nearer of two mean pictures of the contrast with the corner, scaled to
  // its greatest.
  constexpr std::size_t pixels = 32 * 32;
  const auto relief = [](std::uint32_t i) {
    std::vector<float> image(pixels);
    d2nn::datasets::draw_shape({3, 0, i}, i % 2, 1, 32, 32, image.data());
    const float corner = image[0];
    for (float& value : image) value = std::abs(value - corner);
    const float greatest = *std::max_element(image.begin(), image.end());
    for (float& value : image) value /= greatest;
    return image;
  };
  std::vector<double> means[2] = {std::vector<double>(pixels), std::vector<double>(pixels)};
  for (std::uint32_t i = 0; i < 600; ++i) {
    if (d2nn::datasets::shape_difficulty({3, 0, i}) == Difficulty::hard) continue;
    const std::vector<float> image = relief(i);
    for (std::size_t p = 0; p < pixels; ++p) means[i % 2][p] += image[p] / 180.0;
  }
  std::size_t right[2] = {}, count[2] = {};
  for (std::uint32_t i = 600; i < 1400; ++i) {
    const std::vector<float> image = relief(i);
    double distance[2] = {};
    for (std::size_t label = 0; label < 2; ++label) {
      for (std::size_t p = 0; p < pixels; ++p)
        distance[label] += (image[p] - means[label][p]) * (image[p] - means[label][p]);
    }
    const bool is_easy = d2nn::datasets::shape_difficulty({3, 0, i}) == Difficulty::easy;
    right[is_easy] += (distance[1] < distance[0]) == (i % 2 == 1);
    ++count[is_easy];
  }
  const auto share = [&](bool is_easy) {
    return static_cast<double>(right[is_easy]) / static_cast<double>(count[is_easy]);
  };
  CHECK(share(true) > 0.85);
  CHECK(share(false) < 0.65);
}

TEST_CASE("wanted shapes and counts that cannot be drawn are refused") {
  CHECK(contains(error_of("shapes", Split::train, {2, 28, 28}),
                 "[1 or 3, height, width] of 12 to 4096 a side is needed"));
  CHECK(contains(error_of("shapes", Split::train, {1, 8, 28}), "12 to 4096"));
  CHECK(contains(error_of("shapes", Split::train, {784}), "12 to 4096"));
  CHECK(contains(error_of("shapes", Split::train, {1, 28, 28}, {.classes = 9}),
                 "has 2 to 8 classes, the network tells 9 apart"));
  for (const char* spec : {"shapes:", "shapes:x", "shapes:15", "shapes:-100", "shapes:99999999999", "shapes:100 "}) {
    CAPTURE(spec);
    CHECK(contains(error_of(spec, Split::train, {1, 28, 28}), "is no count of samples"));
  }
}

TEST_CASE("`shapes:N` has N samples in every split, `shapes` fewer to evaluate than to train on") {
  for (const Split split : {Split::train, Split::val, Split::test, Split::evaluation})
    CHECK(open_data("shapes:100", split, {1, 28, 28})->size() == 100);
  CHECK(open_data("shapes", Split::train, {1, 28, 28})->size() == 8192);
  CHECK(open_data("shapes", Split::evaluation, {1, 28, 28})->size() == 2048);
}
