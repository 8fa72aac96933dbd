// The door: takes a spec apart and calls the kind it names.
#include "train/datasets/dataset.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

#include "io/image.h"
#include "io/image_kinds.h"
#include "train/datasets/kinds.h"

namespace d2nn::datasets {
namespace {

constexpr std::uint32_t default_training_shapes = 8192, default_test_shapes = 2048;
constexpr std::uint32_t greatest_shapes = 100'000'000;

const char* const known_kinds =
    "mnist:DIR, cmnist:DIR, cifar10:DIR, idx:IMAGES,LABELS, npy:X,Y, images:DIR, images:FILE.tar, shapes or shapes:N";

Status wrong_spec(std::string_view spec, const std::string& words) {
  return Status(D2NN_INVALID_ARGUMENT, "data `" + std::string(spec) + "`: " + words);
}

Result<Dataset> open_pair(std::string_view spec, const std::string& rest, const Request& request) {
  const auto comma = rest.find(',');
  if (comma == std::string::npos || comma == 0 || comma + 1 == rest.size() ||
      rest.find(',', comma + 1) != std::string::npos) {
    return wrong_spec(spec, "two files are needed, samples and labels, with one comma between them");
  }
  const std::string first = rest.substr(0, comma), second = rest.substr(comma + 1);
  return spec.starts_with("idx:") ? open_idx(first, second, request) : open_npy(first, second, request);
}

Result<Dataset> open_shapes_spec(std::string_view spec, const std::string& rest, const Request& request) {
  std::uint32_t count = request.split == Split::train ? default_training_shapes : default_test_shapes;
  if (spec.find(':') != std::string_view::npos) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc() || end != rest.data() + rest.size() || count < 16 || count > greatest_shapes) {
      return wrong_spec(spec, "`" + rest + "` is no count of samples; a whole number from 16 to 100000000 is needed");
    }
  }
  return open_shapes(count, request);
}

Result<Dataset> open_kind(std::string_view spec, const Request& request) {
  const auto colon = spec.find(':');
  const std::string kind(spec.substr(0, colon));
  const std::string rest(colon == std::string_view::npos ? std::string_view() : spec.substr(colon + 1));
  if (kind == "shapes") return open_shapes_spec(spec, rest, request);
  const bool known =
      kind == "mnist" || kind == "cmnist" || kind == "cifar10" || kind == "images" || kind == "idx" || kind == "npy";
  if (!known) return wrong_spec(spec, "its kind is not known; use " + std::string(known_kinds));
  if (rest.empty()) return wrong_spec(spec, "it names no place; use " + std::string(known_kinds));
  if (kind == "mnist") return open_mnist(rest, request);
  if (kind == "cmnist") return open_cluttered_mnist(rest, request);
  if (kind == "cifar10") return open_cifar10(rest, request);
  if (kind == "images") return open_images(rest, request);
  return open_pair(spec, rest, request);
}

}  // namespace

std::optional<Split> parse_split(std::string_view text) {
  if (text == "train") return Split::train;
  if (text == "val") return Split::val;
  if (text == "test") return Split::test;
  if (text == "all") return Split::all;
  return std::nullopt;
}

Dataset::Dataset(std::unique_ptr<Source> source, std::vector<std::int64_t> shape, std::vector<std::int32_t> labels,
                 std::vector<std::string> class_names, std::string description)
    : source_(std::move(source)),
      shape_(std::move(shape)),
      labels_(std::move(labels)),
      class_names_(std::move(class_names)),
      class_counts_(class_names_.size(), 0),
      description_(std::move(description)) {
  for (const std::int64_t dim : shape_) elements_ *= dim;
  for (const std::int32_t label : labels_) ++class_counts_[static_cast<std::size_t>(label)];
}

Result<Dataset> open(std::string_view spec, Split split, std::span<const std::int64_t> shape, const Options& options) {
  for (const std::int64_t dim : shape) {
    if (dim < 1) return wrong_spec(spec, "the wanted shape has a dimension of " + std::to_string(dim));
  }
  try {
    return open_kind(spec, Request{split, shape, options});
  } catch (const std::bad_alloc&) {
    return Status(D2NN_OUT_OF_MEMORY, "data `" + std::string(spec) + "` does not fit into memory");
  } catch (const std::system_error& error) {  // a thread could not be made
    return Status(D2NN_OUT_OF_MEMORY, "data `" + std::string(spec) + "` cannot be decoded: " + error.what());
  }
}

void add_files(std::string_view spec, io::FileRoles& files) {
  const auto colon = spec.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view kind = spec.substr(0, colon), place = spec.substr(colon + 1);
  if (kind == "shapes") return;
  const std::string role = "the data (`--data`)";
  if (kind == "npy" || kind == "idx") {
    const auto comma = place.find(',');
    files.reads(std::string(place.substr(0, comma)), role);
    if (comma != std::string_view::npos) files.reads(std::string(place.substr(comma + 1)), role);
    return;
  }
  const auto is_read = kind == "images" ? [](std::string_view name) { return io::is_image_name(name); }
                       : kind == "cifar10"
                           ? [](std::string_view name) { return name.ends_with(".bin"); }
                           : [](std::string_view name) { return name.find("ubyte") != std::string_view::npos; };
  std::error_code error;
  if (std::filesystem::is_directory(place, error)) {
    files.reads_below(std::string(place), role, is_read);
  } else {
    files.reads(std::string(place), role);  // a tar archive
  }
}

Status ByteSource::fill(std::size_t index, float* out) const {
  io::bytes_to_floats(std::span(bytes_).subspan(index * elements_, elements_), out);
  return {};
}

bool is_image_shape(std::span<const std::int64_t> shape) {
  return shape.size() == 3 && (shape[0] == 1 || shape[0] == 3);
}

Status refuse(const std::string& place, const std::string& words) {
  return Status(D2NN_INVALID_ARGUMENT, "`" + place + "` " + words);
}

const char* split_name(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::val:
      return "val";
    case Split::all:
      return "all";
    case Split::test:
    case Split::evaluation:
      return "test";
  }
  return "";
}

}  // namespace d2nn::datasets
