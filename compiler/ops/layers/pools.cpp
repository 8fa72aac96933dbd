// Pooling, as torch.nn.MaxPool2d, AvgPool2d (count_include_pad) and AdaptiveAvgPool2d(1), floor mode; the greatest
// values of a vector, as torch.topk.
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

ShapeResult pool_shape(const char* layer, const Arguments& arguments, const Shape& input) {
  const Extent kernel = arguments.extent("kernel");
  const Extent pad = arguments.extent("pad");
  // Beyond half the kernel a window could lie wholly in the padding; PyTorch refuses it too.
  if (pad.h > kernel.h / 2 || pad.w > kernel.w / 2) {
    return reject(ShapeFault::argument, "pad",
                  "`pad: " + extent_text(pad) + "` is more than half of the kernel " + std::to_string(kernel.h) + "x" +
                      std::to_string(kernel.w),
                  "use at most `pad: " + extent_text({kernel.h / 2, kernel.w / 2}) + "`");
  }
  if (auto error = check_image(layer, input)) return *error;
  const WindowResult window = slide(arguments, input, Extent{1, 1});
  if (window.error) return *window.error;
  return accept_if_representable({input.channels(), window.size.h, window.size.w}, layer);
}

ShapeResult max_pool_shape(const Arguments& arguments, Shapes inputs) {
  return pool_shape("max_pool", arguments, inputs[0]);
}

ShapeResult avg_pool_shape(const Arguments& arguments, Shapes inputs) {
  return pool_shape("avg_pool", arguments, inputs[0]);
}

ShapeResult one_per_channel(const char* layer, const Shape& input) {
  if (auto error = check_image(layer, input)) return *error;
  return accept(Shape{input.channels(), 1, 1});
}

ShapeResult global_avg_pool_shape(const Arguments&, Shapes inputs) {
  return one_per_channel("global_avg_pool", inputs[0]);
}

ShapeResult global_max_pool_shape(const Arguments&, Shapes inputs) {
  return one_per_channel("global_max_pool", inputs[0]);
}

expr::Value global_avg_pool(Composition& layer, const Arguments&) {
  return expr::mean(layer.operand(), {1, 2});
}

expr::Value global_max_pool(Composition& layer, const Arguments&) {
  return expr::max(layer.operand(), {1, 2});
}

ShapeResult top_shape(const Arguments& arguments, Shapes inputs) {
  const std::int64_t k = arguments.integer("k");
  if (inputs[0].rank() != 1) {
    return reject(ShapeFault::input, nullptr, "`top` receives " + inputs[0].to_string() + ", but needs a vector",
                  "flatten it first");
  }
  if (k > inputs[0].dims[0]) {
    return reject(ShapeFault::input, "k",
                  "`k: " + std::to_string(k) + "` is more than the " + std::to_string(inputs[0].dims[0]) +
                      " elements of " + inputs[0].to_string(),
                  "use at most `k: " + std::to_string(inputs[0].dims[0]) + "`");
  }
  return accept(Shape{k});
}

constexpr ParamInfo top_params[] = {
    {"k", ParamType::integer, nullptr, "how many; at most the vector's elements", 1},
};
constexpr ParamInfo max_pool_params[] = {
    {"kernel", ParamType::extent, nullptr, "height and width of the window", 1},
    {"stride", ParamType::extent, "kernel", "step of the window", 1},
    {"pad", ParamType::extent, "0", "padding of minus infinity on each side; at most half of the kernel", 0},
};
constexpr ParamInfo avg_pool_params[] = {
    {"kernel", ParamType::extent, nullptr, "height and width of the window", 1},
    {"stride", ParamType::extent, "kernel", "step of the window", 1},
    {"pad", ParamType::extent, "0", "zeros added on each side, counted in the mean; at most half of the kernel", 0},
};

constexpr Layer family[] = {
    {.name = "max_pool",
     .kernel = Kernel::max_pool,
     .params = max_pool_params,
     .shape = max_pool_shape,
     .doc = "Greatest value of each window; NaN counts as the greatest value."},
    {.name = "avg_pool",
     .kernel = Kernel::avg_pool,
     .params = avg_pool_params,
     .shape = avg_pool_shape,
     .doc = "Mean of each window; padded zeros are counted."},
    {.name = "global_avg_pool",
     .shape = global_avg_pool_shape,
     .meaning = global_avg_pool,
     .doc = "Mean of each channel: [C, H, W] gives [C, 1, 1]."},
    {.name = "global_max_pool",
     .shape = global_max_pool_shape,
     .meaning = global_max_pool,
     .doc = "Greatest value of each channel: [C, H, W] gives [C, 1, 1]; equal values share the gradient."},
    {.name = "top",
     .kernel = Kernel::top,
     .params = top_params,
     .shape = top_shape,
     .doc = "The k greatest values of a vector, the greatest first; NaN counts as greater than every number. Of equal "
            "values the first are taken."},
};

}  // namespace

std::span<const Layer> pools() {
  return family;
}

}  // namespace d2nn::ops
