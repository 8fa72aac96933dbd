// The one table of layers: spelling, parameters and defaults, shape rule, cost rule, weights and documentation of each.
// Shape inference, cost, hover texts, docs/ops.md, packing and the tests read it; nothing else says these things again.
// What needs heavy headers (LLVM emitters, reference loops) is an array by OpKind in its own room, made with per_op()
// (ops/per_op.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ops/shape.h"

namespace d2nn::ops {

/// Enumerators are spelled as in the language. `add`, `multiply` and `concat` come from `+`, `*` and `concat(a, b)` in
/// bodies; they are not layers that a pipeline can name, all others are.
enum class OpKind : std::uint8_t {
  conv,
  dense,
  max_pool,
  avg_pool,
  global_avg_pool,
  batch_norm,
  relu,
  leaky_relu,
  sigmoid,
  tanh,
  gelu,
  silu,
  softmax,
  dropout,
  flatten,
  reshape,
  normalize,
  pad_channels,
  identity,
  add,
  multiply,
  concat,
};
inline constexpr std::size_t op_count = static_cast<std::size_t>(OpKind::concat) + 1;

/// Height and width, in that order (`pad: 1x2`).
struct Extent {
  std::int64_t h = 1;
  std::int64_t w = 1;
  friend bool operator==(const Extent&, const Extent&) = default;
};

/// The arguments of a layer, all evaluated and defaulted. A layer reads only the fields its table row lists.
struct OpAttrs {
  Extent kernel;
  Extent stride;
  Extent pad{0, 0};
  Extent dilation;
  std::int64_t filters = 0;
  std::int64_t units = 0;
  std::int64_t groups = 1;
  bool bias = true;
  double eps = 1e-5;
  double momentum = 0.1;
  double slope = 0.01;
  double p = 0.5;
  std::vector<std::int64_t> dims;  // reshape
  std::vector<double> mean;        // normalize, one per channel
  std::vector<double> std;
  std::int64_t before = 0;  // pad_channels
  std::int64_t after = 0;
};

enum class ParamType { extent, integer, boolean, number, dims, numbers };

/// One parameter of a layer, in positional order. `fallback` is its default as written in the language ("0", "true",
/// "kernel" for "the value of that parameter"); null when it is required.
struct ParamInfo {
  const char* name;
  ParamType type;
  const char* fallback;
  const char* doc;
};

/// One tensor of weights of a layer with PyTorch's name and shape.
enum class WeightRole : std::uint8_t { weight, bias, running_mean, running_var };
struct WeightInfo {
  WeightRole role;
  Shape shape;
  bool is_trained;  // false for running statistics
};
std::string_view spelling(WeightRole role);  // "weight", "running_mean", ...

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

/// One row of the table.
struct OpInfo {
  OpKind kind;
  const char* spelling;
  bool is_layer;  // may stand in a pipeline
  std::span<const ParamInfo> params;
  /// Output shape for one sample; inputs: the operands' shapes (one for layers). Never overflows: too large is an
  /// error.
  ShapeResult (*shape)(const OpAttrs&, std::span<const Shape> inputs);
  /// Multiplications of one sample, exact; nullopt when the count exceeds int64 (E0308). Shapes must be checked
  /// already. conv: out_c * out_h * out_w * (in_c / groups) * kernel_h * kernel_w; dense: in * units; all others 0;
  /// bias adds none.
  std::optional<std::int64_t> (*cost)(const OpAttrs&, std::span<const Shape> inputs, const Shape& output);
  /// Weights in PyTorch's order; empty for layers without.
  std::vector<WeightInfo> (*weights)(const OpAttrs&, std::span<const Shape> inputs, const Shape& output);
  const char* doc;
};

/// The row of a kind.
const OpInfo& info(OpKind kind);
/// All rows in OpKind order.
std::span<const OpInfo> table();
/// The layer with this spelling, or nullptr.
const OpInfo* find_layer(std::string_view spelling);

}  // namespace d2nn::ops
