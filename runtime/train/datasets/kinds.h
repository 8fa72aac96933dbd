// The kinds of data sets behind dataset.h, one opener each, and what they share.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "train/datasets/dataset.h"

namespace d2nn::datasets {

/// What every opener is told.
struct Request {
  Split split;
  std::span<const std::int64_t> shape;  // of the network's input
  const Options& options;
};

Result<Dataset> open_mnist(const std::string& folder, const Request& request);
/// MNIST's digits among clutter, on pictures of the network's size.
Result<Dataset> open_cluttered_mnist(const std::string& folder, const Request& request);
Result<Dataset> open_cifar10(const std::string& folder, const Request& request);
Result<Dataset> open_idx(const std::string& images, const std::string& labels, const Request& request);
Result<Dataset> open_npy(const std::string& samples, const std::string& labels, const Request& request);
Result<Dataset> open_images(const std::string& place, const Request& request);
/// `count`: samples of the train split; the others have a quarter of it.
Result<Dataset> open_shapes(std::uint32_t count, const Request& request);

/// Samples kept as bytes, [samples, elements]; a byte is worth byte / 255.
class ByteSource : public Source {
 public:
  ByteSource(std::vector<std::uint8_t> bytes, std::size_t elements) : bytes_(std::move(bytes)), elements_(elements) {}
  Status fill(std::size_t index, float* out) const override;

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t elements_;
};

/// True when `shape` is [1 or 3, H, W].
bool is_image_shape(std::span<const std::int64_t> shape);

Status refuse(const std::string& place, const std::string& words);  // "`place` words"

/// "train", "val", "test", "all"; "evaluation" is called what it stands for, the test split.
const char* split_name(Split split);

}  // namespace d2nn::datasets
