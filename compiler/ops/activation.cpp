// Layers that keep the shape and have no weights: activations, softmax (over channels), dropout, identity.
#include <cmath>

#include "ops/attributes.h"
#include "ops/rules.h"

namespace d2nn::ops {

ShapeResult same_shape(const OpAttrs&, Shapes inputs) {
  return accept(inputs[0]);
}

ShapeResult leaky_relu_shape(const OpAttrs& attrs, Shapes inputs) {
  if (!std::isfinite(static_cast<float>(attrs.slope))) {
    return reject(ShapeFault::argument, "slope", "`slope: " + number_text(attrs.slope) + "` lies beyond f32");
  }
  return accept(inputs[0]);
}

ShapeResult dropout_shape(const OpAttrs& attrs, Shapes inputs) {
  if (!(attrs.p >= 0 && attrs.p < 1)) {
    return reject(ShapeFault::argument, "p",
                  "`p: " + number_text(attrs.p) + "` is not a probability from 0 up to but not including 1");
  }
  return accept(inputs[0]);
}

}  // namespace d2nn::ops
