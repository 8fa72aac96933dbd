// The table as a whole: spellings, defaults and signatures say the same thing once.
#include "ops/op_table.h"

#include <doctest/doctest.h>

#include <set>

#include "ops/attributes.h"
#include "ops/per_op.h"

using namespace d2nn::ops;

TEST_CASE("every row is found by its spelling if and only if a pipeline can name it") {
  std::set<std::string> spellings;
  for (const OpInfo& row : table()) {
    CHECK(spellings.insert(row.spelling).second);
    CHECK(find_layer(row.spelling) == (row.is_layer ? &row : nullptr));
    CHECK(&info(row.kind) == &row);
    CHECK(std::string(row.doc).back() == '.');
  }
  CHECK(find_layer("convolution") == nullptr);
  CHECK(find_layer("") == nullptr);
}

TEST_CASE("the defaults that signatures show are those that attributes hold") {
  for (const OpInfo& row : table()) {
    bool optional_seen = false;
    for (const ParamInfo& param : row.params) {
      CAPTURE(row.spelling);
      CAPTURE(param.name);
      OpAttrs defaults;
      const AttributePtr field = attribute(defaults, param.name);
      CHECK(field.index() == static_cast<std::size_t>(param.type));
      if (param.fallback == nullptr) {
        CHECK_FALSE(optional_seen);  // required parameters come first
        continue;
      }
      optional_seen = true;
      const std::string text = param.fallback;
      if (const auto* extent = std::get_if<Extent*>(&field); extent != nullptr && text != "kernel") {
        CHECK(**extent == Extent{std::stoll(text), std::stoll(text)});
      } else if (const auto* integer = std::get_if<std::int64_t*>(&field)) {
        CHECK(**integer == std::stoll(text));
      } else if (const auto* flag = std::get_if<bool*>(&field)) {
        CHECK(**flag == (text == "true"));
      } else if (const auto* number = std::get_if<double*>(&field)) {
        CHECK(**number == std::stod(text));
      }
    }
  }
}

TEST_CASE("arguments print as they would be written, defaults left out") {
  OpAttrs conv;
  conv.kernel = {3, 3};
  conv.filters = 8;
  CHECK(arguments_text(OpKind::conv, conv) == "3, 8");
  conv.kernel = {3, 5};
  conv.stride = {2, 2};
  conv.pad = {1, 2};
  conv.bias = false;
  CHECK(arguments_text(OpKind::conv, conv) == "3x5, 8, stride: 2, pad: 1x2, bias: false");
  OpAttrs pool;
  pool.kernel = {2, 2};
  pool.stride = {2, 2};
  CHECK(arguments_text(OpKind::max_pool, pool) == "2");
  pool.stride = {1, 1};
  CHECK(arguments_text(OpKind::max_pool, pool) == "2, stride: 1");
  OpAttrs other;
  other.dims = {1, 28, 28};
  other.mean = {0.5, 1};
  other.std = {0.25, 2};
  CHECK(arguments_text(OpKind::reshape, other) == "1x28x28");
  CHECK(arguments_text(OpKind::normalize, other) == "[0.5, 1.0], [0.25, 2.0]");
  CHECK(arguments_text(OpKind::relu, other).empty());
}

namespace {
constexpr auto kinds = per_op<OpKind>({{OpKind::conv, OpKind::conv},
                                       {OpKind::dense, OpKind::dense},
                                       {OpKind::max_pool, OpKind::max_pool},
                                       {OpKind::avg_pool, OpKind::avg_pool},
                                       {OpKind::global_avg_pool, OpKind::global_avg_pool},
                                       {OpKind::batch_norm, OpKind::batch_norm},
                                       {OpKind::relu, OpKind::relu},
                                       {OpKind::leaky_relu, OpKind::leaky_relu},
                                       {OpKind::sigmoid, OpKind::sigmoid},
                                       {OpKind::tanh, OpKind::tanh},
                                       {OpKind::gelu, OpKind::gelu},
                                       {OpKind::silu, OpKind::silu},
                                       {OpKind::softmax, OpKind::softmax},
                                       {OpKind::dropout, OpKind::dropout},
                                       {OpKind::flatten, OpKind::flatten},
                                       {OpKind::reshape, OpKind::reshape},
                                       {OpKind::normalize, OpKind::normalize},
                                       {OpKind::identity, OpKind::identity},
                                       {OpKind::pad_channels, OpKind::pad_channels},
                                       {OpKind::add, OpKind::add},
                                       {OpKind::multiply, OpKind::multiply},
                                       {OpKind::concat, OpKind::concat}});
}  // namespace

TEST_CASE("per_op puts each value at its kind, whatever the order of the rows") {
  for (const OpInfo& row : table()) CHECK(kinds[static_cast<std::size_t>(row.kind)] == row.kind);
}
