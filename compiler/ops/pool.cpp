// Pooling, as torch.nn.MaxPool2d, AvgPool2d (count_include_pad) and AdaptiveAvgPool2d(1), floor mode.
#include "ops/rules.h"

namespace d2nn::ops {
namespace {

ShapeResult pool_shape(const char* layer, const OpAttrs& attrs, const Shape& input) {
  if (auto error = check_range("kernel", attrs.kernel, 1)) return *error;
  if (auto error = check_range("stride", attrs.stride, 1)) return *error;
  if (auto error = check_range("pad", attrs.pad, 0)) return *error;
  // Beyond half the kernel a window could lie wholly in the padding; PyTorch refuses it too.
  if (attrs.pad.h > attrs.kernel.h / 2 || attrs.pad.w > attrs.kernel.w / 2) {
    return reject(ShapeFault::argument, "pad",
                  "`pad: " + extent_text(attrs.pad) + "` is more than half of the kernel " +
                      std::to_string(attrs.kernel.h) + "x" + std::to_string(attrs.kernel.w),
                  "use at most `pad: " + extent_text({attrs.kernel.h / 2, attrs.kernel.w / 2}) + "`");
  }
  if (auto error = check_image(layer, input)) return *error;
  const WindowResult window = slide(attrs, input, Extent{1, 1});
  if (window.error) return *window.error;
  return accept_if_representable({input.channels(), window.size.h, window.size.w}, layer);
}

}  // namespace

ShapeResult max_pool_shape(const OpAttrs& attrs, Shapes inputs) {
  return pool_shape("max_pool", attrs, inputs[0]);
}

ShapeResult avg_pool_shape(const OpAttrs& attrs, Shapes inputs) {
  return pool_shape("avg_pool", attrs, inputs[0]);
}

ShapeResult global_avg_pool_shape(const OpAttrs&, Shapes inputs) {
  if (auto error = check_image("global_avg_pool", inputs[0])) return *error;
  return accept(Shape{inputs[0].channels(), 1, 1});
}

}  // namespace d2nn::ops
