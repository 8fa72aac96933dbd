// The built-in data set: pictures of shapes drawn when they are asked for. Label of sample i: i modulo the number of
// classes.
#include <algorithm>

#include "io/npy.h"
#include "train/datasets/kinds.h"
#include "train/datasets/shape_drawing.h"

namespace d2nn::datasets {
namespace {

class ShapeSource : public Source {
 public:
  ShapeSource(std::uint64_t seed, Split split, std::size_t classes, std::span<const std::int64_t> shape)
      : seed_(seed),
        split_(split == Split::train ? 0
               : split == Split::val ? 1
                                     : 2),
        classes_(classes),
        shape_(shape.begin(), shape.end()) {}

  Status fill(std::size_t index, float* out) const override {
    draw_shape({seed_, split_, static_cast<std::uint32_t>(index)}, index % classes_, shape_[0], shape_[1], shape_[2],
               out);
    return {};
  }

 private:
  std::uint64_t seed_;
  std::uint32_t split_;
  std::size_t classes_;
  std::vector<std::int64_t> shape_;
};

}  // namespace

Result<Dataset> open_shapes(std::uint32_t count, const Request& request) {
  const auto has_side = [](std::int64_t side) { return side >= least_shape_side && side <= greatest_shape_side; };
  if (!is_image_shape(request.shape) || !has_side(request.shape[1]) || !has_side(request.shape[2])) {
    return refuse("shapes", "draws images; the network's input is " + io::shape_text(request.shape) +
                                ", [1 or 3, height, width] of 12 to 4096 a side is needed");
  }
  const std::size_t classes = request.options.classes == 0 ? 2 : request.options.classes;
  if (classes < 2 || classes > shape_names().size()) {
    return refuse("shapes", "has 2 to " + std::to_string(shape_names().size()) + " classes, the network tells " +
                                std::to_string(classes) + " apart");
  }
  if (request.split == Split::all) return refuse("shapes", "has the splits train, val and test; name one of them");
  std::vector<std::int32_t> labels(count);
  for (std::uint32_t i = 0; i < count; ++i) labels[i] = static_cast<std::int32_t>(i % classes);
  auto source = std::make_unique<ShapeSource>(request.options.seed, request.split, classes, request.shape);
  return Dataset(std::move(source), {request.shape.begin(), request.shape.end()}, std::move(labels),
                 {shape_names().begin(), shape_names().begin() + static_cast<std::ptrdiff_t>(classes)},
                 std::string("shapes, ") + split_name(request.split) + ": " + std::to_string(count) + " images");
}

}  // namespace d2nn::datasets
