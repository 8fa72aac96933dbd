// What a layer is: one definition for each, with its name, arguments, shape rule, cost rule, weights, way of computing
// and documentation. sema, cost, docs/ops.md, the language server, packing, training and the emitters read it; nothing
// else says these things again.
//
// The definitions stand by families in layers/; layers/families.h lists these. A new layer is one definition. One that
// is computed by a kernel of its own has a row in each table over Kernel, too (per_kernel.h); those do not compile
// without.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expr/value.h"
#include "ops/arguments.h"
#include "ops/kernel.h"
#include "ops/shape.h"

namespace d2nn::ops {

using Shapes = std::span<const Shape>;

/// What kind of mistake a shape rule found: an argument that is wrong whatever the input (E0304), an input that the
/// layer does not take (E0301), or a tensor or parameter beyond max_elements (E0308).
enum class ShapeFault : std::uint8_t { argument, input, size };

/// Why a layer does not fit its input: the sentence for E03xx, and the parameter to blame (nullptr: the input itself).
struct ShapeError {
  std::string message;
  const char* param = nullptr;
  std::string fix;  // imperative, or empty
  ShapeFault fault = ShapeFault::input;
};
struct ShapeResult {
  std::optional<Shape> shape;
  ShapeError error;
};

/// One tensor of weights of a layer, with PyTorch's name and shape.
struct Weight {
  const char* name;  ///< the last step of the parameter's name: "weight", "running_mean"; "": the label is all of it
  Shape shape;
  Start start = Start::zeros;
  bool is_trained = true;    ///< false: a running statistic
  bool decays = false;       ///< weight decay applies
  bool is_variance = false;  ///< no value is below 0
  /// Values per element of the result that the layer sums over (PyTorch's fan_in); for Start::fan_in.
  std::int64_t fan_in = 1;
  double deviation = 1;  ///< of Start::normal
};

// The rules that most layers share; a definition that says nothing else has these.
ShapeResult same_shape(const Arguments& arguments, Shapes inputs);
std::optional<std::int64_t> no_cost(const Arguments& arguments, Shapes inputs, const Shape& output);
std::vector<Weight> no_weights(const Arguments& arguments, Shapes inputs, const Shape& output);

/// What the meaning of a layer is composed from: its operands and weights.
class Composition {
 public:
  /// `numbers`: under which number each input is an operand of the expression; two inputs that are one tensor have one.
  Composition(expr::Builder& builder, Shapes inputs, std::span<const std::uint32_t> numbers)
      : builder_(builder), inputs_(inputs), numbers_(numbers) {}

  std::size_t inputs() const { return inputs_.size(); }
  const Shape& shape(std::size_t input = 0) const { return inputs_[input]; }
  /// An input, under its own dims or viewed under others.
  expr::Value operand(std::size_t input = 0) { return operand(input, inputs_[input].dims); }
  expr::Value operand(std::size_t input, expr::Dims dims) {
    return {builder_, builder_.operand(numbers_[input], std::move(dims))};
  }
  /// Weight number `index` of Layer::weights, viewed under `dims`.
  expr::Value weight(std::uint32_t index, expr::Dims dims) {
    return {builder_, builder_.weight(index, std::move(dims))};
  }
  expr::Builder& builder() { return builder_; }

 private:
  expr::Builder& builder_;
  Shapes inputs_;
  std::span<const std::uint32_t> numbers_;
};

/// A definition. Arguments that reach its rules are complete and within the ranges of `params`; their number of inputs
/// is right.
struct Layer {
  const char* name;
  Kernel kernel = Kernel::expression;
  /// False for what operators and `concat(a, b)` of bodies mean: no pipeline can name it.
  bool is_in_pipelines = true;
  /// Other than 1: no pipeline goes through it, a body calls it with so many tensors behind its arguments, as in
  /// `attention(8)(q, k, v)`; of 0 the call is a value of its own, as in `x + parameter(8)`.
  std::uint8_t called_with = 1;
  std::span<const ParamInfo> params = {};
  /// Of the result for one sample. Never overflows: too large is an error.
  ShapeResult (*shape)(const Arguments&, Shapes inputs) = same_shape;
  /// Multiplications of one sample, exact; nullopt when the count exceeds int64 (E0308). Bias adds none.
  std::optional<std::int64_t> (*cost)(const Arguments&, Shapes inputs, const Shape& output) = no_cost;
  /// Of Kernel::expression: the result, under any dims with its elements in its order.
  expr::Value (*meaning)(Composition&, const Arguments&) = nullptr;
  /// In PyTorch's order.
  std::vector<Weight> (*weights)(const Arguments&, Shapes inputs, const Shape& output) = no_weights;
  const char* doc;
};

/// All layers, families together.
std::span<const Layer* const> layers();
/// The layer of that name that a pipeline can name, or nullptr.
const Layer* find_layer(std::string_view name);
/// The layer of that name that a body can call, in a pipeline or not, or nullptr.
const Layer* find_called_layer(std::string_view name);
/// The layer of that name, operators too. There must be one (std::logic_error): for the compiler's own use.
const Layer& layer(std::string_view name);

/// Whether the arguments lie in their ranges and the inputs suit the layer, and the shape of its result. Complete
/// arguments; any values.
ShapeResult infer_shape(const Layer& layer, const Arguments& arguments, Shapes inputs);

/// The meaning of a layer that is an expression, its one result. `numbers` as for Composition.
expr::Expression meaning(const Layer& layer, const Arguments& arguments, Shapes inputs,
                         std::span<const std::uint32_t> numbers);

}  // namespace d2nn::ops
