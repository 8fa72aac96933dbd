// The page is made from the table alone. Weights and cost are shown by asking the rules about one small input.
#include "ops/op_docs.h"

#include "ops/attributes.h"
#include "ops/op_table.h"

namespace d2nn::ops {
namespace {

const char* type_text(ParamType type) {
  switch (type) {
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
  }
  return "";
}

void append_params(std::string& page, const OpInfo& row) {
  if (row.params.empty()) return;
  page += "\n| parameter | type | default | meaning |\n|---|---|---|---|\n";
  for (const ParamInfo& param : row.params) {
    page += "| `" + std::string(param.name) + "` | " + type_text(param.type) + " | ";
    page += param.fallback != nullptr ? "`" + std::string(param.fallback) + "`" : "required";
    page += " | " + std::string(param.doc) + " |\n";
  }
}

/// What the rules say about an image [4, 8, 8], with plain arguments: only what is more than the shape.
void append_example(std::string& page, const OpInfo& row) {
  OpAttrs attrs;
  attrs.kernel = {3, 3};
  attrs.filters = 16;
  attrs.units = 10;
  attrs.dims = {256};
  attrs.mean = attrs.std = {1, 1, 1, 1};
  const std::vector<Shape> inputs{Shape{4, 8, 8}};
  const ShapeResult result = row.shape(attrs, inputs);
  if (!result.shape) return;
  const std::vector<WeightInfo> weights = row.weights(attrs, inputs, *result.shape);
  if (weights.empty()) return;
  const std::int64_t cost = row.cost(attrs, inputs, *result.shape).value_or(0);
  const std::string arguments = arguments_text(row.kind, attrs);
  page += "\n`" + std::string(row.spelling) + (arguments.empty() ? "" : "(" + arguments + ")") + "` on " +
          inputs[0].to_string() + " gives " + result.shape->to_string() + " and has the weights ";
  for (std::size_t i = 0; i < weights.size(); ++i) {
    page += (i > 0 ? ", `" : "`") + std::string(spelling(weights[i].role)) + "` " + weights[i].shape.to_string();
    if (!weights[i].is_trained) page += " (not trained)";
  }
  page += ". It costs " + std::to_string(cost) + " multiplications.\n";
}

}  // namespace

std::string ops_page() {
  std::string page =
      "# Layers\n\n"
      "<!-- Made from compiler/ops/op_table.cpp by the target `update-ops-page`; do not edit. -->\n\n"
      "What a pipeline can name. Arguments go by position or by name; those with a default may be left out. Meanings,\n"
      "defaults, parameter shapes and output sizes are PyTorch's. A size is dims (`3x5`: height, width) or one int "
      "for\n"
      "both. Only `conv` and `dense` count multiplications; the batch is not in the language, shapes are of one "
      "sample.\n";
  for (const OpInfo& row : table()) {
    if (!row.is_layer) continue;
    page += "\n## " + std::string(row.spelling) + "\n\n`" + signature_text(row) + "`\n\n" + row.doc + "\n";
    append_params(page, row);
    append_example(page, row);
  }
  page += "\n# Operators\n\nIn bodies; they take several tensors, cost nothing and have no weights.\n\n";
  for (const OpInfo& row : table()) {
    if (!row.is_layer) page += "- " + std::string(row.doc) + "\n";
  }
  return page;
}

}  // namespace d2nn::ops
