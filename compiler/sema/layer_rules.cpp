// Calls the rules of the op table's row.
#include "sema/layer_rules.h"

#include <utility>

namespace d2nn::sema {

LayerResult apply_layer(ops::OpKind layer, const ops::OpAttrs& attrs, std::span<const ops::Shape> operands) {
  const ops::OpInfo& row = ops::info(layer);
  ops::ShapeResult rule = row.shape(attrs, operands);
  LayerResult result;
  result.error = std::move(rule.error);
  result.shape = std::move(rule.shape);
  if (!result.shape) return result;
  result.cost = row.cost(attrs, operands, *result.shape);
  if (result.cost) result.weights = row.weights(attrs, operands, *result.shape);
  return result;
}

}  // namespace d2nn::sema
