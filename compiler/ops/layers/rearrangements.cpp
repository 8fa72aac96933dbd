// Layers that rearrange their input without weights.
#include <algorithm>
#include <cmath>

#include "expr/compose.h"
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

ShapeResult flatten_shape(const Arguments&, Shapes inputs) {
  return accept(Shape{inputs[0].elements()});
}

ShapeResult reshape_shape(const Arguments& arguments, Shapes inputs) {
  const Integers& dims = arguments.dims("dims");
  if (auto error = check_dims("reshape", dims)) return *error;
  const std::optional<std::int64_t> elements = checked_elements(dims);
  if (elements == inputs[0].elements()) return accept(Shape(dims));
  return reject(ShapeFault::input, "dims",
                "`reshape` to " + Shape(dims).to_string() + " needs " +
                    (elements ? std::to_string(*elements) : "more than " + std::to_string(max_elements)) +
                    " elements, but " + inputs[0].to_string() + " has " + std::to_string(inputs[0].elements()));
}

ShapeResult pad_channels_shape(const Arguments& arguments, Shapes inputs) {
  std::vector<std::int64_t> dims = inputs[0].dims;
  dims[0] += arguments.integer("before") + arguments.integer("after");
  return accept_if_representable(std::move(dims), "pad_channels");
}

expr::Value pad_channels(Composition& layer, const Arguments& arguments) {
  const expr::Value x = layer.operand();
  return {x.builder(), x.builder().pad(x, 0, arguments.integer("before"), arguments.integer("after"))};
}

ShapeResult permute_shape(const Arguments& arguments, Shapes inputs) {
  const Integers& axes = arguments.integers("axes");
  if (auto error = check_axes("axes", axes, inputs[0])) return *error;
  if (axes.size() != inputs[0].rank()) {
    return reject(ShapeFault::input, "axes",
                  "`axes` names " + std::to_string(axes.size()) + (axes.size() == 1 ? " axis" : " axes") + ", but " +
                      inputs[0].to_string() + " has " + std::to_string(inputs[0].rank()),
                  "name every axis once, in the new order");
  }
  Shape permuted;
  for (std::int64_t axis : axes) permuted.dims.push_back(inputs[0].dims[static_cast<std::size_t>(axis)]);
  return accept(std::move(permuted));
}

expr::Value permute(Composition& layer, const Arguments& arguments) {
  const expr::Value x = layer.operand();
  return {x.builder(), x.builder().permute(x, arguments.integers("axes"))};
}

ShapeResult slice_shape(const Arguments& arguments, Shapes inputs) {
  const std::int64_t axis = arguments.integer("axis"), from = arguments.integer("from"), to = arguments.integer("to");
  if (from >= to) {
    return reject(ShapeFault::argument, "to",
                  "`to: " + std::to_string(to) + "` is not more than `from: " + std::to_string(from) + "`");
  }
  if (auto error = check_axis("axis", axis, inputs[0])) return *error;
  Shape shape = inputs[0];
  std::int64_t& size = shape.dims[static_cast<std::size_t>(axis)];
  if (to > size) {
    return reject(ShapeFault::input, "to",
                  "`to: " + std::to_string(to) + "` is more than the " + std::to_string(size) + " along axis " +
                      std::to_string(axis) + " of " + inputs[0].to_string());
  }
  size = to - from;
  return accept(std::move(shape));
}

expr::Value slice(Composition& layer, const Arguments& arguments) {
  const expr::Value x = layer.operand();
  return {x.builder(),
          x.builder().slice(x, arguments.integer("axis"), arguments.integer("from"), arguments.integer("to"))};
}

ShapeResult upsample_shape(const Arguments& arguments, Shapes inputs) {
  if (auto error = check_image("upsample", inputs[0])) return *error;
  const Extent scale = arguments.extent("scale");
  constexpr std::int64_t greatest_bilinear = 64;  // the shares of each place are numbers of the program
  if (arguments.word("mode") == "bilinear" && std::max(scale.h, scale.w) > greatest_bilinear) {
    return reject(ShapeFault::argument, "scale",
                  "`scale: " + extent_text(scale) + "` is more than " + std::to_string(greatest_bilinear) +
                      ", the greatest of `mode: bilinear`");
  }
  return accept_if_representable({inputs[0].channels(), inputs[0].height() * scale.h, inputs[0].width() * scale.w},
                                 "upsample");
}

/// What stands before (-1) or behind (1) each place along an axis; the end itself where there is nothing.
expr::Value neighbours(const expr::Value& x, std::int64_t axis, int direction) {
  expr::Builder& builder = x.builder();
  const std::int64_t size = x.dims()[static_cast<std::size_t>(axis)];
  if (size == 1) return x;
  const bool is_before = direction < 0;
  const expr::Term inner = is_before ? builder.slice(x, axis, 0, size - 1) : builder.slice(x, axis, 1, size);
  const expr::Term end = is_before ? builder.slice(x, axis, 0, 1) : builder.slice(x, axis, size - 1, size);
  const expr::Value moved(builder, is_before ? builder.pad(inner, axis, 1, 0) : builder.pad(inner, axis, 0, 1));
  return moved +
         expr::Value(builder, is_before ? builder.pad(end, axis, 0, size - 1) : builder.pad(end, axis, size - 1, 0));
}

/// `scale` places for each one along an axis. The new place k of an old one lies (k + 1/2) / scale - 1/2 from its
/// middle and mixes it with the neighbour on that side.
expr::Value interpolate(const expr::Value& x, std::int64_t axis, std::int64_t scale) {
  if (scale == 1) return x;
  expr::Builder& builder = x.builder();
  const expr::Dims dims = x.dims();
  const std::int64_t new_axis = axis + 1;  // of k; it is merged with the old one in the end
  const auto with_new_axis = [&](const expr::Value& value, std::int64_t size) {
    expr::Dims apart = dims;
    apart.insert(apart.begin() + new_axis, 1);
    const expr::Term viewed = builder.reshape(value, apart);
    apart[static_cast<std::size_t>(new_axis)] = size;
    return builder.broadcast(viewed, apart);
  };
  // As PyTorch does, the place in the middle, where there is one, mixes with 0 times the neighbour behind.
  const std::int64_t before = scale / 2;
  const expr::Value above(builder,
                          builder.pad(with_new_axis(neighbours(x, axis, -1), before), new_axis, 0, scale - before));
  const expr::Value below(builder,
                          builder.pad(with_new_axis(neighbours(x, axis, 1), scale - before), new_axis, before, 0));

  // The neighbour's shares, the same on both sides: from the middle outwards.
  const auto share = [&](std::int64_t k) {
    return std::abs((static_cast<double>(k) + 0.5) / static_cast<double>(scale) - 0.5);
  };
  const std::int64_t middle = (scale - 1) / 2;
  expr::Dims one(dims.size() + 1, 1);
  one[static_cast<std::size_t>(new_axis)] = scale % 2 == 0 ? 2 : 1;
  expr::Term shares = builder.broadcast(builder.constant(share(middle)), one);
  for (std::int64_t k = middle - 1; k >= 0; --k)
    shares = builder.pad(shares, new_axis, 1, 1, static_cast<float>(share(k)));

  const expr::Value neighbour_share(builder, shares);
  const expr::Value own(builder, with_new_axis(x, scale));
  const expr::Value mixed = own * (1 - neighbour_share) + (above + below) * neighbour_share;
  expr::Dims merged = dims;
  merged[static_cast<std::size_t>(axis)] *= scale;
  return {builder, builder.reshape(mixed, merged)};
}

expr::Value upsample(Composition& layer, const Arguments& arguments) {
  const Extent scale = arguments.extent("scale");
  const expr::Value x = layer.operand();
  if (arguments.word("mode") == "bilinear") return interpolate(interpolate(x, 1, scale.h), 2, scale.w);
  expr::Builder& builder = x.builder();
  return {builder, builder.repeat(builder.repeat(x, 1, scale.h), 2, scale.w)};
}

expr::Value detach(Composition& layer, const Arguments&) {
  return expr::detach(layer.operand());
}

constexpr ParamInfo permute_params[] = {
    {"axes", ParamType::integers, nullptr, "axis i of the result is axis `axes[i]` of the input"},
};
constexpr ParamInfo slice_params[] = {
    {"axis", ParamType::integer, nullptr, "counted from 0, the first of a sample"},
    {"from", ParamType::integer, nullptr, "first element along the axis, counted from 0", 0},
    {"to", ParamType::integer, nullptr, "end of the part; this element is not included", 0},
};
constexpr const char* upsample_modes[] = {"nearest", "bilinear"};
constexpr ParamInfo upsample_params[] = {
    {"scale", ParamType::extent, nullptr, "how many times as high and wide", 1},
    {.name = "mode",
     .type = ParamType::word,
     .fallback = "nearest",
     .doc = "`nearest` repeats each element, `bilinear` mixes the nearest two along each axis (align_corners false)",
     .choices = upsample_modes},
};
constexpr ParamInfo reshape_params[] = {
    {"dims", ParamType::dims, nullptr, "the new dimensions, with as many elements"},
};
constexpr ParamInfo pad_channels_params[] = {
    {"before", ParamType::integer, nullptr, "channels of zeros put before the input's", 0},
    {"after", ParamType::integer, nullptr, "channels of zeros put after the input's", 0},
};

constexpr Layer family[] = {
    {.name = "flatten",
     .kernel = Kernel::copy,
     .shape = flatten_shape,
     .doc = "One dimension, elements in C, H, W order."},
    {.name = "reshape",
     .kernel = Kernel::copy,
     .params = reshape_params,
     .shape = reshape_shape,
     .doc = "The same elements in the same order, with other dimensions."},
    {.name = "pad_channels",
     .params = pad_channels_params,
     .shape = pad_channels_shape,
     .meaning = pad_channels,
     .doc = "Adds channels of zeros."},
    {.name = "permute",
     .params = permute_params,
     .shape = permute_shape,
     .meaning = permute,
     .doc = "Axes in another order: `permute([1, 0])` transposes a matrix."},
    {.name = "slice",
     .params = slice_params,
     .shape = slice_shape,
     .meaning = slice,
     .doc = "A part along one axis: `slice(0, 2, 5)` takes the elements 2, 3 and 4 along axis 0."},
    {.name = "upsample",
     .params = upsample_params,
     .shape = upsample_shape,
     .meaning = upsample,
     .doc = "Makes an image [C, H, W] larger by whole factors, as torch.nn.Upsample."},
    {.name = "detach", .meaning = detach, .doc = "Returns its input; no gradient flows back through it."},
    {.name = "identity", .kernel = Kernel::copy, .doc = "Returns its input."},
};

}  // namespace

std::span<const Layer> rearrangements() {
  return family;
}

}  // namespace d2nn::ops
