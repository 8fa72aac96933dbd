// What the rules of a layer say of one application. The only place of this room that asks a layer's rules: bodies and
// names of parameters take everything from here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ops/layer.h"

namespace d2nn::sema {

struct LayerResult {
  /// Nothing where the operands do not fit; `error` then says why.
  std::optional<ops::Shape> shape;
  ops::ShapeError error;
  /// Multiplications of one sample; nothing where 64 bits do not count them.
  std::optional<std::int64_t> cost;
  /// In PyTorch's order.
  std::vector<ops::Weight> weights;
};

/// Applies the ranges of the arguments, shape rule, cost rule and weights, in this order, each only where those before
/// it found nothing wrong. `arguments` are complete.
LayerResult apply_layer(const ops::Layer& layer, const ops::Arguments& arguments, std::span<const ops::Shape> operands);

}  // namespace d2nn::sema
