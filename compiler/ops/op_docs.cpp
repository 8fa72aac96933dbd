// The page is made from the table alone. Weights and cost are shown by asking the rules about one small input.
#include "ops/op_docs.h"

#include "ops/layer.h"

namespace d2nn::ops {
namespace {

std::string type_text(const ParamInfo& param) {
  switch (param.type) {
    case ParamType::extent:
      return "dims or int";
    case ParamType::integer:
      return "int";
    case ParamType::boolean:
      return "bool";
    case ParamType::number:
      return "float";
    case ParamType::dims:
      return "dims";
    case ParamType::numbers:
      return "list of float";
    case ParamType::integers:
      return "int or list of int";
    case ParamType::word:
      return choices_text(param.choices);
    case ParamType::start:
      return "`zeros`, `ones` or `normal(std)`";
  }
  return "";
}

void append_params(std::string& page, const Layer& layer) {
  if (layer.params.empty()) return;
  page += "\n| parameter | type | default | meaning |\n|---|---|---|---|\n";
  for (const ParamInfo& param : layer.params) {
    page += "| `" + std::string(param.name) + "` | " + type_text(param) + " | ";
    page += param.fallback != nullptr ? "`" + std::string(param.fallback) + "`" : "required";
    page += " | " + std::string(param.doc) + " |\n";
  }
}

void append_layer(std::string& page, const Layer& layer) {
  page += "\n## " + std::string(layer.name) + "\n\n`" + signature_text(layer.name, layer.params) + "`\n\n" + layer.doc +
          "\n";
  append_params(page, layer);
}

/// What the rules say about an image [4, 8, 8], with plain arguments: only what is more than the shape.
void append_example(std::string& page, const Layer& layer) {
  const Arguments examples =
      Arguments().set("kernel", Extent{3, 3}).set("filters", 16).set("units", 10).set("groups", 2);
  Arguments arguments;
  for (const ParamInfo& param : layer.params) {
    if (param.fallback != nullptr) continue;
    if (!examples.has(param.name)) return;  // those have no weights
    arguments.set(param.name, *examples.find(param.name));
  }
  arguments = complete(layer.params, std::move(arguments));
  const std::vector<Shape> inputs{Shape{4, 8, 8}};
  const ShapeResult result = infer_shape(layer, arguments, inputs);
  if (!result.shape) return;
  const std::vector<Weight> weights = layer.weights(arguments, inputs, *result.shape);
  if (weights.empty()) return;
  const std::int64_t cost = layer.cost(arguments, inputs, *result.shape).value_or(0);
  const std::string written = arguments_text(layer.params, arguments);
  page += "\n`" + std::string(layer.name) + (written.empty() ? "" : "(" + written + ")") + "` on " +
          inputs[0].to_string() + " gives " + result.shape->to_string() + " and has the weights ";
  for (std::size_t i = 0; i < weights.size(); ++i) {
    page += (i > 0 ? ", `" : "`") + std::string(weights[i].name) + "` " + weights[i].shape.to_string();
    if (!weights[i].is_trained) page += " (not trained)";
  }
  page += ". It costs " + std::to_string(cost) + " multiplications.\n";
}

}  // namespace

std::string ops_page() {
  std::string page =
      "# Layers\n\n"
      "<!-- Made from the definitions in compiler/ops/layers by the target `update-ops-page`; do not edit. -->\n\n"
      "The layers that a pipeline can use. Arguments are given by position or by name; those with a default may be\n"
      "omitted. Meanings, defaults, parameter shapes and output sizes are PyTorch's. A size is dims (`3x5`: height,\n"
      "width) or one int for both. Only products and convolutions count multiplications. Shapes are those of one\n"
      "sample: the batch is not part of the language.\n";
  for (const Layer* layer : layers()) {
    if (!layer->is_in_pipelines) continue;
    append_layer(page, *layer);
    append_example(page, *layer);
  }
  page += "\n# Values\n\nA body calls them; nothing flows in.\n";
  for (const Layer* layer : layers()) {
    if (layer->called_with == 0) append_layer(page, *layer);
  }
  page +=
      "\n# Operators\n\nOperators are used in bodies and have no weights. Only those that say so count "
      "multiplications. Listings and drawings show them by name, as in `add_number(3.0)`.\n\n";
  for (const Layer* layer : layers()) {
    if (!layer->is_in_pipelines && layer->called_with > 0)
      page += "- `" + std::string(layer->name) + "`: " + layer->doc + "\n";
  }
  return page;
}

}  // namespace d2nn::ops
