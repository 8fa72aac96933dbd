// Joins of data edges, kind by kind: values, defaults, nulls, where the rows stand.
#include "exec/join.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "unit/f32_tables.h"

using d2nn::exec::join_output;
using d2nn::exec::join_row;
using d2nn::exec::join_rows;

namespace {

constexpr std::int64_t capacity = 3;
constexpr std::int64_t stride = 16;
const float nan_value = std::numeric_limits<float>::quiet_NaN();

/// Two nodes with values of two elements in buffers 0 and 1, a target buffer 2, one network input, one output.
struct Joins {
  Joins() {
    frame.arena = arena.data();
    frame.inputs = inputs.data();
    frame.outputs = outputs.data();
    frame.valid = valid.data();
    frame.executed = executed.data();
    frame.capacity = capacity;
    for (std::int64_t row = 0; row < capacity; ++row) {
      set(0, row, {1.0f + static_cast<float>(row), 10});
      set(1, row, {-2, 20.0f + static_cast<float>(row)});
    }
  }
  void set(std::int64_t buffer, std::int64_t row, std::vector<float> values) {
    std::copy(values.begin(), values.end(),
              d2nn::tests::row_of(arena.data(), buffers[static_cast<std::size_t>(buffer)], capacity, row));
  }
  std::vector<float> target(std::int64_t row, std::int64_t elements) const {
    const float* values = arena.data() + 2 * stride * capacity + row * stride;
    return {values, values + elements};
  }
  d2nn_join join(d2nn_join_kind kind, std::int64_t elements) const {
    return {static_cast<std::uint32_t>(kind), 0, 2, static_cast<std::uint32_t>(edges.size()), edges.data(), elements};
  }
  /// The value for row 0; empty when null.
  std::vector<float> row_0(d2nn_join_kind kind, std::int64_t elements = 2) const {
    std::vector<float> out(static_cast<std::size_t>(elements), -99);
    const bool has_value = join_row(frame, buffers.data(), join(kind, elements), 0, out.data());
    if (!has_value) {
      CHECK(out == std::vector<float>(static_cast<std::size_t>(elements), -99));  // untouched
      out.clear();
    }
    return out;
  }

  std::vector<d2nn_buffer> buffers{d2nn::tests::f32_buffer(0, stride, -1, 0),
                                   d2nn::tests::f32_buffer(16, stride, -1, 0),
                                   d2nn::tests::f32_buffer(32, stride, -1, 0)};
  std::vector<float> arena = std::vector<float>(3 * stride * capacity, -99);
  std::vector<float> input{7, 8, 70, 80, 700, 800};
  std::vector<const float*> inputs{input.data()};
  std::vector<float> output = std::vector<float>(6, -99);
  std::vector<float*> outputs{output.data()};
  std::vector<std::uint8_t> output_valid = std::vector<std::uint8_t>(3, 9);
  std::vector<std::uint8_t*> valid{output_valid.data()};
  std::vector<std::uint8_t> executed = std::vector<std::uint8_t>(2 * capacity, 1);
  std::vector<float> constant{5, 6}, broadcast{0.5f}, full{3, 4};
  d2nn_frame frame{};
  std::vector<d2nn_join_edge> edges{{0, 0, nullptr, 2, nullptr, 0}, {1, 1, nullptr, 2, nullptr, 0}};
};

using Values = std::vector<float>;

}  // namespace

TEST_CASE("sum, mean, max and concat of two executed nodes") {
  const Joins j;
  CHECK(j.row_0(D2NN_JOIN_SUM) == Values{-1, 30});
  CHECK(j.row_0(D2NN_JOIN_MEAN) == Values{-0.5f, 15});
  CHECK(j.row_0(D2NN_JOIN_MAX) == Values{1, 20});
  CHECK(j.row_0(D2NN_JOIN_CONCAT, 4) == Values{1, 10, -2, 20});
}

TEST_CASE("sum, mean, max and concat are null when any edge is null") {
  Joins j;
  j.executed[capacity] = 0;  // node 1, row 0
  for (const d2nn_join_kind kind : {D2NN_JOIN_SUM, D2NN_JOIN_MEAN, D2NN_JOIN_MAX}) CHECK(j.row_0(kind).empty());
  CHECK(j.row_0(D2NN_JOIN_CONCAT, 4).empty());
}

TEST_CASE("first and last take the first and last edge that is not null, and are null when all are") {
  Joins j;
  CHECK(j.row_0(D2NN_JOIN_FIRST) == Values{1, 10});
  CHECK(j.row_0(D2NN_JOIN_LAST) == Values{-2, 20});
  j.executed[capacity] = 0;
  CHECK(j.row_0(D2NN_JOIN_LAST) == Values{1, 10});
  j.executed[0] = 0;
  CHECK(j.row_0(D2NN_JOIN_FIRST).empty());
  CHECK(j.row_0(D2NN_JOIN_LAST).empty());
  j.executed[capacity] = 1;
  CHECK(j.row_0(D2NN_JOIN_FIRST) == Values{-2, 20});
}

TEST_CASE("the default value of a skipped source stands in, one number for all elements or one for each") {
  Joins j;
  j.executed[capacity] = 0;
  j.edges[1].fallback = j.broadcast.data();
  j.edges[1].fallback_elements = 1;
  CHECK(j.row_0(D2NN_JOIN_SUM) == Values{1.5f, 10.5f});
  CHECK(j.row_0(D2NN_JOIN_MEAN) == Values{0.75f, 5.25f});
  CHECK(j.row_0(D2NN_JOIN_MAX) == Values{1, 10});
  CHECK(j.row_0(D2NN_JOIN_CONCAT, 4) == Values{1, 10, 0.5f, 0.5f});
  CHECK(j.row_0(D2NN_JOIN_LAST) == Values{0.5f, 0.5f});
  j.edges[1].fallback = j.full.data();
  j.edges[1].fallback_elements = 2;
  CHECK(j.row_0(D2NN_JOIN_SUM) == Values{4, 14});
  CHECK(j.row_0(D2NN_JOIN_MAX) == Values{3, 10});
  CHECK(j.row_0(D2NN_JOIN_LAST) == Values{3, 4});
  j.executed[capacity] = 1;
  CHECK(j.row_0(D2NN_JOIN_LAST) == Values{-2, 20});
}

TEST_CASE("edges come from network inputs and from dummies too; a dummy that an action skipped is null") {
  Joins j;
  j.edges[0] = {D2NN_INPUT_OPERAND, D2NN_NO_INDEX, nullptr, 2, nullptr, 0};
  j.edges[1] = {D2NN_NO_INDEX, D2NN_NO_INDEX, j.constant.data(), 2, nullptr, 0};
  CHECK(j.row_0(D2NN_JOIN_SUM) == Values{12, 14});
  j.edges[1].source_flag = 1;
  CHECK(j.row_0(D2NN_JOIN_LAST) == Values{5, 6});
  j.executed[capacity] = 0;
  CHECK(j.row_0(D2NN_JOIN_LAST) == Values{7, 8});
  CHECK(j.row_0(D2NN_JOIN_SUM).empty());
}

TEST_CASE("NaN passes through max from either side") {
  Joins j;
  j.set(0, 0, {nan_value, 1});
  j.set(1, 0, {1, nan_value});
  const Values found = j.row_0(D2NN_JOIN_MAX);
  CHECK(std::isnan(found[0]));
  CHECK(std::isnan(found[1]));
}

TEST_CASE("only the listed rows of the target buffer are written, each from its own sources") {
  Joins j;
  j.edges[1] = {D2NN_INPUT_OPERAND, D2NN_NO_INDEX, nullptr, 2, nullptr, 0};
  const std::vector<std::int32_t> rows{0, 2};
  join_rows(j.frame, j.buffers.data(), j.join(D2NN_JOIN_SUM, 2), rows.data(), 2);
  CHECK(j.target(0, 3) == Values{8, 18, -99});
  CHECK(j.target(1, 3) == Values{-99, -99, -99});
  CHECK(j.target(2, 3) == Values{703, 810, -99});
}

TEST_CASE("an output gets values and 1, or NaN and 0, row by row, and nothing beyond the rows of the tile") {
  Joins j;
  j.edges.pop_back();
  j.executed[1] = 0;
  d2nn_join join = j.join(D2NN_JOIN_NONE, 2);
  join.is_output = 1;
  join.target = 0;
  join_output(j.frame, j.buffers.data(), join, 2);
  CHECK(j.output[0] == 1);
  CHECK(j.output[1] == 10);
  CHECK(std::isnan(j.output[2]));
  CHECK(std::isnan(j.output[3]));
  CHECK(j.output[4] == -99);
  CHECK(j.output_valid == std::vector<std::uint8_t>{1, 0, 9});
}
