#include "ops/layer.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

std::vector<const Layer*> all_layers() {
  std::vector<const Layer*> all;
  for (const auto family : {convolutions(), dense_layers(), products(), pools(), norms(), activations(), reductions(),
                            rearrangements(), combinations(), learned_tensors()}) {
    for (const Layer& layer : family) all.push_back(&layer);
  }
  return all;
}

const Layer* find(std::string_view name) {
  for (const Layer* layer : layers()) {
    if (layer->name == name) return layer;
  }
  return nullptr;
}

bool is_f32(double value) {
  return std::isfinite(static_cast<float>(value));
}

/// What is wrong with an argument that is out of its range.
std::optional<ShapeResult> check_argument(const ParamInfo& param, const Argument& argument) {
  if (const auto* extent = std::get_if<Extent>(&argument)) return check_range(param.name, *extent, param.least);
  if (const auto* integer = std::get_if<std::int64_t>(&argument)) return check_range(param.name, *integer, param.least);
  if (const auto* number = std::get_if<double>(&argument); number != nullptr && !is_f32(*number)) {
    return reject(ShapeFault::argument, param.name,
                  "`" + std::string(param.name) + ": " + number_text(*number) + "` lies beyond f32");
  }
  if (const auto* numbers = std::get_if<Numbers>(&argument);
      numbers != nullptr && !std::ranges::all_of(*numbers, is_f32)) {
    return reject(ShapeFault::argument, param.name, "`" + std::string(param.name) + "` holds a value beyond f32");
  }
  return std::nullopt;
}

}  // namespace

std::span<const Layer* const> layers() {
  static const std::vector<const Layer*> all = all_layers();
  return all;
}

const Layer* find_layer(std::string_view name) {
  const Layer* found = find(name);
  return found != nullptr && found->is_in_pipelines ? found : nullptr;
}

const Layer* find_called_layer(std::string_view name) {
  const Layer* found = find(name);
  return found != nullptr && (found->is_in_pipelines || found->called_with != 1) ? found : nullptr;
}

const Layer& layer(std::string_view name) {
  const Layer* found = find(name);
  if (found == nullptr) throw std::logic_error("no layer is named `" + std::string(name) + "`");
  return *found;
}

ShapeResult infer_shape(const Layer& layer, const Arguments& arguments, Shapes inputs) {
  for (const ParamInfo& param : layer.params) {
    if (auto error = check_argument(param, *arguments.find(param.name))) return *error;
  }
  return layer.shape(arguments, inputs);
}

expr::Expression meaning(const Layer& layer, const Arguments& arguments, Shapes inputs,
                         std::span<const std::uint32_t> numbers) {
  expr::Builder builder;
  Composition composition(builder, inputs, numbers);
  const expr::Value result = layer.meaning(composition, arguments);
  return builder.finish({result});
}

}  // namespace d2nn::ops
