// Calls the rules of the layer's definition.
#include "sema/layer_rules.h"

#include <utility>

namespace d2nn::sema {

LayerResult apply_layer(const ops::Layer& layer, const ops::Arguments& arguments,
                        std::span<const ops::Shape> operands) {
  ops::ShapeResult rule = ops::infer_shape(layer, arguments, operands);
  LayerResult result;
  result.error = std::move(rule.error);
  result.shape = std::move(rule.shape);
  if (!result.shape) return result;
  result.cost = layer.cost(arguments, operands, *result.shape);
  if (result.cost) result.weights = layer.weights(arguments, operands, *result.shape);
  return result;
}

}  // namespace d2nn::sema
