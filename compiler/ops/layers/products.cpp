// Products of tensors that are all computed: `a @ b` as torch.matmul of equal ranks, and attention as
// torch.nn.functional.scaled_dot_product_attention on each head's columns.
#include "ops/layers/families.h"
#include "ops/layers/rules.h"

namespace d2nn::ops {
namespace {

ShapeResult matmul_shape(const Arguments&, Shapes inputs) {
  const Shape& left = inputs[0];
  const Shape& right = inputs[1];
  const std::string operands = "the operands of `@` are " + left.to_string() + " and " + right.to_string();
  if (left.rank() != right.rank() || left.rank() < 2) {
    return reject(ShapeFault::input, nullptr, operands + ", but must have as many dimensions, two or more",
                  "reshape one of them first");
  }
  const std::size_t leading = left.rank() - 2;
  if (left.dims[leading + 1] != right.dims[leading]) {
    return reject(ShapeFault::input, nullptr,
                  operands + ", but the last dimension of the left, " + std::to_string(left.dims[leading + 1]) +
                      ", is not the second last of the right, " + std::to_string(right.dims[leading]));
  }
  std::vector<std::int64_t> dims;
  for (std::size_t axis = 0; axis < leading; ++axis) {
    const std::int64_t size = left.dims[axis];
    const std::int64_t other = right.dims[axis];
    if (size != other && size != 1 && other != 1) {
      return reject(ShapeFault::input, nullptr,
                    operands + ", but dimensions before the last two must be equal or 1: " + std::to_string(size) +
                        " and " + std::to_string(other) + " are not");
    }
    dims.push_back(size == 1 ? other : size);
  }
  dims.push_back(left.dims[leading]);
  dims.push_back(right.dims[leading + 1]);
  return accept_if_representable(std::move(dims), "@");
}

std::optional<std::int64_t> matmul_cost(const Arguments&, Shapes inputs, const Shape& output) {
  return checked_product({output.elements(), inputs[0].dims.back()});
}

ShapeResult attention_shape(const Arguments& arguments, Shapes inputs) {
  const Shape& queries = inputs[0];
  const Shape& keys = inputs[1];
  const Shape& values = inputs[2];
  const std::string operands = "the queries, keys and values of `attention` are " + queries.to_string() + ", " +
                               keys.to_string() + " and " + values.to_string();
  if (queries.rank() != 2 || keys.rank() != 2 || values.rank() != 2) {
    return reject(ShapeFault::input, nullptr, operands + ", but must have two dimensions each, [places, columns]");
  }
  if (queries.dims[1] != keys.dims[1]) {
    return reject(ShapeFault::input, nullptr, operands + ", but queries and keys must have as many columns");
  }
  if (keys.dims[0] != values.dims[0]) {
    return reject(ShapeFault::input, nullptr, operands + ", but there must be as many values as keys");
  }
  const std::int64_t heads = arguments.integer("heads");
  for (const Shape* shape : {&queries, &values}) {
    if (shape->dims[1] % heads == 0) continue;
    return reject(ShapeFault::input, "heads",
                  "`heads: " + std::to_string(heads) + "` does not divide the " + std::to_string(shape->dims[1]) +
                      " columns of the " + (shape == &queries ? "queries " : "values ") + shape->to_string());
  }
  return accept_if_representable({queries.dims[0], values.dims[1]}, "attention");
}

/// Both products of every head, whatever `causal` leaves out.
std::optional<std::int64_t> attention_cost(const Arguments&, Shapes inputs, const Shape& output) {
  const std::int64_t columns = inputs[0].dims[1] + output.dims[1];  // each at most 2^31
  return checked_product({inputs[0].dims[0], inputs[1].dims[0], columns});
}

constexpr ParamInfo attention_params[] = {
    {"heads", ParamType::integer, nullptr, "groups of columns that attend separately; divides the columns", 1},
    {"causal", ParamType::boolean, "false", "whether query i sees keys 0 to i only"},
};

constexpr Layer family[] = {
    {.name = "matmul",
     .kernel = Kernel::matmul,
     .is_in_pipelines = false,
     .shape = matmul_shape,
     .cost = matmul_cost,
     .doc = "`a @ b`: matrix product over the last two dimensions, [.., m, k] and [.., k, n] to [.., m, n]; dimensions "
            "before them are equal or 1. It costs (matrices of the result) m k n multiplications."},
    {.name = "attention",
     .kernel = Kernel::attention,
     .is_in_pipelines = false,
     .called_with = 3,
     .params = attention_params,
     .shape = attention_shape,
     .cost = attention_cost,
     .doc = "`attention(heads, causal: false)(q, k, v)`: scaled dot-product attention of queries [Tq, D], keys [Tk, D] "
            "and values [Tk, Dv], softmax(q k^T / sqrt(D / heads)) v for each head's columns. It costs Tq Tk (D + Dv) "
            "multiplications, causal or not."},
};

}  // namespace

std::span<const Layer> products() {
  return family;
}

}  // namespace d2nn::ops
