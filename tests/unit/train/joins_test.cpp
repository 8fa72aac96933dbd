// Gradients through joins, edge by edge, against what each kind of join means (docs/training.md, "The losses").
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

#include "train/train_joins.h"
#include "unit/f32_tables.h"

using namespace d2nn::train;

namespace {

/// Two sources of two values and a join of both into an output, for two rows; source 1 can be skipped.
struct Joined {
  std::array<d2nn_buffer, 2> buffers{d2nn::tests::f32_buffer(0, 2, 0, 1), d2nn::tests::f32_buffer(2, 2, 2, 1)};
  std::vector<float> arena = {1, 5, 3, 4, 2, 1, 7, 8};  // source 0: rows {1, 5}, {3, 4}; source 1: {2, 1}, {7, 8}
  std::vector<float> gradients = std::vector<float>(8, 0.0F);
  std::vector<float> output_gradient;
  std::vector<std::uint8_t> executed = {1, 1, 1, 1};  // [nodes][rows]
  std::array<d2nn_join_edge, 2> edges{{{0, 0, nullptr, 2, nullptr, 0}, {1, 1, nullptr, 2, nullptr, 0}}};
  d2nn_join join{};
  d2nn_train_code code{};
  d2nn_frame frame{};
  StepState state;
  d2nn::threads::ThreadPool pool{1};
  float* output_gradients = nullptr;

  explicit Joined(d2nn_join_kind kind) {
    join = {static_cast<std::uint32_t>(kind), 1, 0, 2, edges.data(), kind == D2NN_JOIN_CONCAT ? 4 : 2};
    output_gradient.resize(static_cast<std::size_t>(2 * join.elements));
    for (std::size_t i = 0; i < output_gradient.size(); ++i) output_gradient[i] = static_cast<float>(10 * (i + 1));
    code.buffers = buffers.data();
    code.buffer_count = 2;
    code.joins = &join;
    frame.arena = arena.data();
    frame.executed = executed.data();
    frame.capacity = 2;
    output_gradients = output_gradient.data();
    state = {&code, nullptr, &pool, gradients.data(), &output_gradients};
  }

  std::vector<float> run() {
    const std::array<std::int32_t, 2> rows = {0, 1};
    join_backward(frame, state, 0, rows.data(), 2);
    return gradients;
  }
};

}  // namespace

TEST_CASE("sum gives every edge the whole gradient and mean its share") {
  CHECK(Joined(D2NN_JOIN_SUM).run() == std::vector<float>{10, 20, 30, 40, 10, 20, 30, 40});
  CHECK(Joined(D2NN_JOIN_MEAN).run() == std::vector<float>{5, 10, 15, 20, 5, 10, 15, 20});
}

TEST_CASE("concat gives every edge its part") {
  CHECK(Joined(D2NN_JOIN_CONCAT).run() == std::vector<float>{10, 20, 50, 60, 30, 40, 70, 80});
}

TEST_CASE("max gives each element's gradient to the edge that holds the greatest value") {
  CHECK(Joined(D2NN_JOIN_MAX).run() == std::vector<float>{0, 20, 0, 0, 10, 0, 30, 40});
  Joined tied(D2NN_JOIN_MAX);
  tied.arena = {1, 1, 1, 1, 1, 1, 1, 1};
  CHECK(tied.run() == std::vector<float>{10, 20, 30, 40, 0, 0, 0, 0});
  Joined nan(D2NN_JOIN_MAX);
  nan.arena[4] = std::nanf("");
  nan.arena[5] = std::nanf("");
  CHECK(nan.run() == std::vector<float>{0, 0, 0, 0, 10, 20, 30, 40});
}

TEST_CASE("first and last give the gradient to the edge taken in each row") {
  CHECK(Joined(D2NN_JOIN_FIRST).run() == std::vector<float>{10, 20, 30, 40, 0, 0, 0, 0});
  CHECK(Joined(D2NN_JOIN_LAST).run() == std::vector<float>{0, 0, 0, 0, 10, 20, 30, 40});
  Joined skipped(D2NN_JOIN_LAST);
  skipped.executed = {1, 1, 1, 0};  // node 1 is skipped in row 1
  CHECK(skipped.run() == std::vector<float>{0, 0, 30, 40, 10, 20, 0, 0});
}

TEST_CASE("a default value is a constant: it is taken and gets no gradient") {
  const float fallback = 9;
  Joined last(D2NN_JOIN_LAST);
  last.executed = {1, 1, 1, 0};
  last.edges[1].fallback = &fallback;
  last.edges[1].fallback_elements = 1;
  CHECK(last.run() == std::vector<float>{0, 0, 0, 0, 10, 20, 0, 0});
  Joined greatest(D2NN_JOIN_MAX);
  greatest.executed = {1, 1, 1, 0};
  greatest.edges[1].fallback = &fallback;
  greatest.edges[1].fallback_elements = 1;
  CHECK(greatest.run() == std::vector<float>{0, 20, 0, 0, 10, 0, 0, 0});  // 9 is greater than row 1 of source 0
}

TEST_CASE("a null join passes no gradient") {
  Joined sum(D2NN_JOIN_SUM);
  sum.executed = {1, 1, 1, 0};
  CHECK(sum.run() == std::vector<float>{10, 20, 0, 0, 10, 20, 0, 0});
}

TEST_CASE("a source without gradient is left out") {
  Joined sum(D2NN_JOIN_SUM);
  sum.buffers[0].gradient_offset_bytes = -1;
  CHECK(sum.run() == std::vector<float>{0, 0, 0, 0, 10, 20, 30, 40});
}
