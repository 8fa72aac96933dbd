#include "differential/body_generator.h"

#include <algorithm>

#include "ops/layer.h"

namespace d2nn::differential {
namespace {

using ops::Shape;

ops::Extent random_extent(RandomSource& random, std::int64_t least, std::int64_t greatest) {
  const std::int64_t h = random.between(least, greatest);
  return {h, random.one_in(3) ? random.between(least, greatest) : h};
}

/// Arguments of every layer, drawn without regard to the input: what does not fit is drawn again.
ops::Arguments random_arguments(RandomSource& random, const std::string& layer, const Shape& input) {
  ops::Arguments arguments;
  if (layer == "conv" || layer == "conv_transpose") {
    const ops::Extent kernel = random_extent(random, 1, random.one_in(6) ? 5 : 3);
    std::int64_t filters = random.between(1, 8);
    arguments.set("kernel", kernel);
    arguments.set("stride", random.one_in(3) ? random_extent(random, 1, 3) : ops::Extent{1, 1});
    arguments.set("pad", random.one_in(3) ? random_extent(random, 0, 2) : ops::Extent{kernel.h / 2, kernel.w / 2});
    arguments.set("dilation", random.one_in(5) ? random_extent(random, 1, 2) : ops::Extent{1, 1});
    std::int64_t groups = random.one_in(3) ? random.between(2, 4) : 1;
    if (groups > 1 && random.one_in(2)) groups = filters = input.channels();  // depthwise
    arguments.set("filters", filters).set("groups", groups).set("bias", !random.one_in(4));
    if (layer == "conv_transpose" && random.one_in(2)) arguments.set("output_pad", random_extent(random, 0, 1));
  } else if (layer == "dense" || layer == "linear") {
    constexpr std::int64_t usual[]{3, 4, 8, 8, 17, 24};
    arguments.set("units", random.one_in(4) ? random.between(1, 24) : usual[random.below(6)]);
    arguments.set("bias", !random.one_in(4));
  } else if (layer == "max_pool" || layer == "avg_pool") {
    const ops::Extent kernel = random_extent(random, 1, 3);
    arguments.set("kernel", kernel).set("stride", random.one_in(2) ? kernel : random_extent(random, 1, 2));
    arguments.set("pad", random.one_in(2) ? ops::Extent{0, 0} : random_extent(random, 0, 1));
  } else if (layer == "top") {
    arguments.set("k", random.between(1, 6));
  } else if (layer == "pad_channels") {
    arguments.set("before", random.between(0, 2)).set("after", random.between(0, 2));
  } else if (layer == "clamp") {
    const std::int64_t least = random.between(-8, 8);
    arguments.set("min", static_cast<double>(least) / 8);
    arguments.set("max", static_cast<double>(random.between(least, 16)) / 8);
  } else if (layer == "softmax") {
    arguments.set("axis", static_cast<std::int64_t>(random.below(input.rank())));
  } else if (layer == "sum" || layer == "mean" || layer == "max") {
    ops::IntegerList axes;
    for (std::size_t axis = 0; axis < input.rank(); ++axis) {
      if (random.one_in(2)) axes.values.push_back(static_cast<std::int64_t>(axis));
    }
    arguments.set("axes", std::move(axes));
  } else if (layer == "layer_norm") {
    if (input.is_image() && random.one_in(2)) {
      arguments.set("over", "channels");
    } else {
      arguments.set("last", random.between(1, static_cast<std::int64_t>(input.rank())));
    }
  } else if (layer == "group_norm") {
    arguments.set("groups", random.between(1, std::min<std::int64_t>(input.channels(), 4)));
  } else if (layer == "permute") {
    ops::IntegerList axes;
    for (std::size_t axis = 0; axis < input.rank(); ++axis) {
      const auto place = static_cast<std::ptrdiff_t>(random.below(axis + 1));
      axes.values.insert(axes.values.begin() + place, static_cast<std::int64_t>(axis));
    }
    arguments.set("axes", std::move(axes));
  } else if (layer == "slice") {
    const std::size_t axis = random.below(input.rank());
    const std::int64_t from = random.between(0, input.dims[axis] - 1);
    arguments.set("axis", axis).set("from", from).set("to", random.between(from + 1, input.dims[axis]));
  } else if (layer == "upsample") {
    arguments.set("scale", random_extent(random, 1, 3)).set("mode", random.one_in(2) ? "nearest" : "bilinear");
  } else if (layer == "normalize") {
    ops::Numbers mean, deviations;
    for (std::int64_t c = 0; c < input.channels(); ++c) {
      mean.push_back(static_cast<double>(random.between(-8, 8)) / 8);
      deviations.push_back(static_cast<double>(random.between(2, 12)) / 8);
    }
    arguments.set("mean", mean).set("std", deviations);
  } else if (layer == "reshape") {
    // [a, b] or [a, b, c] for divisors a and b.
    ops::Integers dims;
    std::int64_t rest = input.elements();
    for (std::int64_t divisor : {random.between(1, 6), random.between(1, 6)}) {
      if (rest % divisor != 0) continue;
      dims.push_back(divisor);
      rest /= divisor;
    }
    dims.push_back(rest);
    arguments.set("dims", dims);
  }
  if (random.one_in(2)) {
    const double slope = static_cast<double>(random.between(1, 8)) / 16;
    const double p = static_cast<double>(random.between(1, 7)) / 8;
    if (layer == "leaky_relu") arguments.set("slope", slope);
    if (layer == "elu") arguments.set("alpha", slope);
    if (layer == "dropout") arguments.set("p", p);
    if (layer == "batch_norm") arguments.set("momentum", 0.25);
  }
  if (layer == "layer_norm" || layer == "group_norm" || layer == "batch_norm") {
    arguments.set("eps", 1e-2);  // a constant input would magnify its rounding by 1 / sqrt(eps)
  }
  return ops::complete(ops::layer(layer).params, std::move(arguments));
}

/// What keeps a layer's input where the result is finite, and its slope moderate.
std::string range_before(const std::string& layer) {
  if (layer == "exp") return "clamp(-2.0, 2.0) -> ";
  return layer == "log" || layer == "sqrt" ? "clamp(0.25, 4.0) -> " : "";
}

/// The shape of an operator's result, where the operands fit.
std::optional<Shape> broadcast(const Shape& left, const Shape& right) {
  return ops::infer_shape(ops::layer("add"), {}, std::vector<Shape>{left, right}).shape;
}

bool can_concat(const Shape& left, const Shape& right) {
  if (left.rank() != right.rank()) return false;
  for (std::size_t axis = 1; axis < left.rank(); ++axis) {
    if (left.dims[axis] != right.dims[axis]) return false;
  }
  return true;
}

}  // namespace

Piece BodyGenerator::layer(const Shape& input) {
  // Most images stay images, as in real networks; conv and dense are what costs and what is optimised, so they come
  // often.
  static const std::vector<std::string> for_images{
      "conv",     "conv",      "conv",         "max_pool",     "max_pool",   "avg_pool",      "batch_norm",
      "relu",     "relu",      "leaky_relu",   "sigmoid",      "silu",       "gelu",          "softmax",
      "conv",     "normalize", "pad_channels", "layer_norm",   "group_norm", "permute",       "slice",
      "upsample", "detach",    "relu6",        "hard_sigmoid", "hard_swish", "elu",           "clamp",
      "exp",      "log",       "sqrt",         "abs",          "linear",     "conv_transpose"};
  static const std::vector<std::string> for_all{
      "dense",        "dense", "dense",        "batch_norm", "relu",    "leaky_relu", "sigmoid",    "tanh",
      "gelu",         "silu",  "softmax",      "dropout",    "flatten", "reshape",    "normalize",  "identity",
      "pad_channels", "relu6", "hard_sigmoid", "hard_swish", "elu",     "clamp",      "exp",        "log",
      "sqrt",         "abs",   "sum",          "mean",       "max",     "layer_norm", "layer_norm", "group_norm",
      "permute",      "slice", "detach",       "linear",     "top"};
  static const std::vector<std::string> out_of_images{
      "dense", "dense",   "global_avg_pool", "global_max_pool", "mean",    "max",
      "tanh",  "flatten", "reshape",         "dropout",         "identity"};
  while (true) {
    const bool leaves = random_.one_in(5);
    const ops::Layer& layer = ops::layer(random_.pick(!input.is_image() ? for_all
                                                      : leaves          ? out_of_images
                                                                        : for_images));
    const ops::Arguments chosen = random_arguments(random_, layer.name, input);
    const ops::ShapeResult shape = ops::infer_shape(layer, chosen, std::span(&input, 1));
    if (!shape.shape || shape.shape->elements() > most_elements) continue;
    // Outputs are compared against their largest element: one that a slice leaves alone may be next to nothing.
    if (layer.name == std::string_view("slice") && shape.shape->elements() < 8) continue;
    const std::string arguments = ops::arguments_text(layer.params, chosen);
    Piece piece{range_before(layer.name) + layer.name + (arguments.empty() ? "" : "(" + arguments + ")"), *shape.shape};
    if (random_.one_in(10)) {
      piece.text += " as stage" + std::to_string(++labels_);
      count("label");
    }
    count("layer " + std::string(layer.name));
    return piece;
  }
}

Piece BodyGenerator::pipeline(const Shape& input, std::size_t most_layers) {
  Piece result{"", input};
  for (std::size_t i = 0, layers = random_.below(most_layers + 1); i < layers; ++i) {
    const Piece next = random_.one_in(12) ? over_a_list(result.shape) : layer(result.shape);
    result = {result.text + " -> " + next.text, next.shape};
  }
  return hidden(result, input);
}

Piece BodyGenerator::unnamed_body(const BodyInput& input) {
  Piece piece = pipeline(input.shape, 4);
  if (piece.text.empty()) {
    count("empty body");
    return piece;
  }
  piece.text.erase(0, 4);  // the first arrow: the joined input flows in by itself
  return piece;
}

Piece BodyGenerator::combined(const Piece& left, const Piece& right) {
  if (const auto shape = broadcast(left.shape, right.shape); shape && !random_.one_in(3)) {
    if (left.shape != right.shape) count("repeated axes in a body");
    if (random_.one_in(6)) {  // nothing near 0 divides
      count("quotient in a body");
      return {left.text + " / (2 + (" + right.text + " -> sigmoid))", *shape};
    }
    const std::uint64_t which = random_.below(3);
    constexpr const char* texts[]{" + ", " * ", " - "};
    constexpr const char* names[]{"sum in a body", "product in a body", "difference in a body"};
    count(names[which]);
    return {left.text + texts[which] + right.text, *shape};
  }
  count("concat in a body");
  if (!can_concat(left.shape, right.shape)) {
    return {"concat(" + left.text + " -> flatten, " + right.text + " -> flatten)",
            Shape{left.shape.elements() + right.shape.elements()}};
  }
  Shape shape = left.shape;
  shape.dims[0] += right.shape.dims[0];
  return {"concat(" + left.text + ", " + right.text + ")", shape};
}

/// Cuts a tensor along an axis that has two halves, appends that to the lets and gives their difference.
std::optional<Piece> BodyGenerator::halves(const Piece& tensor, std::string& lets) {
  for (std::size_t axis = 0; axis < tensor.shape.rank(); ++axis) {
    if (tensor.shape.dims[axis] % 2 != 0) continue;
    const std::string argument = axis == 0 && random_.one_in(2) ? "" : ", axis: " + std::to_string(axis);
    lets += "let c0, c1 = " + tensor.text + " -> chunk(2" + argument + "); let c = c0 - c1; ";
    count("chunk");
    Shape shape = tensor.shape;
    shape.dims[axis] /= 2;
    return Piece{"c", shape};
  }
  return std::nullopt;
}

/// A tensor and a learned one, some of whose axes are repeated.
Piece BodyGenerator::with_parameter(const Piece& tensor) {
  count("learned tensor");
  std::string dims;
  for (const std::int64_t size : tensor.shape.dims) {
    dims += (dims.empty() ? "" : ", ") + std::to_string(random_.one_in(3) ? 1 : size);
  }
  std::string learned = "parameter([" + dims + "]" + (random_.one_in(3) ? ", start: normal(0.5))" : ")");
  if (random_.one_in(3)) learned = "(" + learned + " as stage" + std::to_string(++labels_) + ")";
  const bool adds = random_.one_in(2);
  return {"(" + tensor.text + (adds ? " + " : " * ") + learned + ")", tensor.shape};
}

/// A tensor and a number, or its negative; parentheses around it let a pipeline go on.
Piece BodyGenerator::with_number(const Piece& tensor) {
  const std::string number =
      random_.one_in(3) ? "(1 / 4)" : ops::number_text(static_cast<double>(random_.between(1, 12)) / 8);
  count("number in a body");
  switch (random_.below(6)) {
    case 0:
      return {"(" + tensor.text + " + " + number + ")", tensor.shape};
    case 1:
      return {"(" + tensor.text + " - " + number + ")", tensor.shape};
    case 2:
      return {"(" + number + " - " + tensor.text + ")", tensor.shape};
    case 3:
      return {"(" + number + " * " + tensor.text + ")", tensor.shape};
    case 4:
      return {"(" + tensor.text + " / " + number + ")", tensor.shape};
    default:
      return {"(-" + tensor.text + ")", tensor.shape};
  }
}

/// A tensor as a matrix, by `reshape` or as it is.
Piece BodyGenerator::matrix(const Piece& tensor) {
  if (tensor.shape.rank() == 2) return tensor;
  const std::int64_t rows = tensor.shape.rank() == 1 ? 1 : tensor.shape.dims[0];
  const std::int64_t columns = tensor.shape.elements() / rows;
  return {tensor.text + " -> reshape(" + std::to_string(rows) + "x" + std::to_string(columns) + ")",
          Shape{rows, columns}};
}

/// Attention of one tensor on another, of any shapes.
Piece BodyGenerator::attention(const Piece& from, const Piece& to) {
  const Piece queries = matrix(from), keys = matrix(to);
  const std::int64_t heads = random_.between(1, 3);
  const auto projected = [&](const Piece& tensor, std::int64_t columns) {
    if (tensor.shape.dims[1] == columns && random_.one_in(2)) return tensor.text;
    return tensor.text + " -> linear(" + std::to_string(columns) + (random_.one_in(3) ? ", bias: false)" : ")");
  };
  const std::int64_t width = heads * random_.between(1, 4), value_width = heads * random_.between(1, 4);
  std::string text = "attention(" + std::to_string(heads) + (random_.one_in(3) ? ", causal: true)(" : ")(");
  text += projected(queries, width) + ", " + projected(keys, width) + ", " + projected(keys, value_width) + ")";
  count("attention");
  return {std::move(text), Shape{queries.shape.dims[0], value_width}};
}

/// A tensor times itself on its side, perhaps with a leading axis of one of them repeated; scaled by what it sums over.
Piece BodyGenerator::matrix_product(const Piece& tensor) {
  const Piece left = tensor.shape.rank() == 1 ? matrix(tensor) : tensor;
  const std::size_t rank = left.shape.rank();
  Shape shape = left.shape;
  const std::int64_t inner = shape.dims[rank - 1];
  if (shape.elements() / inner * shape.dims[rank - 2] > most_elements) return tensor;
  ops::IntegerList axes;
  for (std::size_t axis = 0; axis < rank; ++axis) axes.values.push_back(static_cast<std::int64_t>(axis));
  std::swap(axes.values[rank - 1], axes.values[rank - 2]);
  ops::Arguments order;
  order.set("axes", axes);
  std::string right = left.text + " -> permute(" + ops::arguments_text(ops::layer("permute").params, order) + ")";
  if (rank > 2 && random_.one_in(2)) {
    right += " -> mean([0])";
    count("repeated axes of a matrix product");
  }
  shape.dims[rank - 1] = shape.dims[rank - 2];
  count("matrix product");
  return {"((" + left.text + " @ (" + right + ")) / " + std::to_string(inner) + ")", shape};
}

Piece BodyGenerator::named_body(const std::vector<BodyInput>& inputs) {
  std::string lets;
  std::vector<Piece> values;
  for (const BodyInput& input : inputs) values.push_back({input.name, input.shape});
  const std::size_t let_count = random_.below(3);
  for (std::size_t i = 0; i < let_count; ++i) {
    Piece from = i > 0 ? values.back() : random_.pick(values);
    if (i == 0 && random_.one_in(3)) from = halves(from, lets).value_or(from);
    if (random_.one_in(3)) from = random_.one_in(2) ? attention(from, random_.pick(values)) : matrix_product(from);
    const Piece layers = pipeline(from.shape, 2);
    const std::string name = "v" + std::to_string(i);
    lets += "let " + name + " = " + from.text + layers.text + "; ";
    values.push_back({name, layers.shape});
    count("let");
  }
  // Every input and the last let are read, so that no part of the body is idle by construction.
  Piece result = values.back();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (i + 1 == values.size()) continue;
    const Piece layers = pipeline(values[i].shape, 2);
    Piece right{values[i].text + layers.text, layers.shape};
    if (result.shape.is_image() && right.shape.is_image() && random_.one_in(3)) {
      const ops::Shape per_channel{right.shape.channels(), 1, 1};
      right = {right.text + " -> global_avg_pool", per_channel};
    }
    if (random_.one_in(3)) right = with_number(right);
    if (random_.one_in(6)) right = with_parameter(right);
    const Piece both = combined(result, right);
    if (both.shape.elements() > most_elements) continue;
    const std::string name = "w" + std::to_string(i);
    lets += "let " + name + " = " + both.text + "; ";
    result = {name, both.shape};
  }
  const Piece tail = pipeline(result.shape, 2);
  return {lets + "return " + result.text + tail.text, tail.shape};
}

Piece BodyGenerator::body(const std::vector<BodyInput>& inputs, std::int64_t units, const std::string& units_text) {
  const bool is_named = !inputs[0].name.empty();
  Piece piece = is_named ? named_body(inputs) : unnamed_body(inputs[0]);
  const bool shrinks = piece.shape.elements() > 256 && units == 0 && random_.one_in(2);
  if (units > 0 || shrinks) {
    const std::string text = shrinks ? "dense(8)" : "dense(" + units_text + ")";
    piece.text += (piece.text.empty() ? "" : " -> ") + text;
    piece.shape = Shape{shrinks ? 8 : units};
    count("layer dense");
  }
  if (is_named) piece.text += ";";
  return piece;
}

}  // namespace d2nn::differential
