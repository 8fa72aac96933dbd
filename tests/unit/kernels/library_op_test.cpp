// Inference ops by every plan, one row, against naive loops.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "kernels/conv_plan.h"
#include "kernels/flat_conv.h"
#include "unit/kernels/naive.h"

namespace d2nn::test {
namespace {

using kernels::ConvPlan;
using kernels::LibraryCall;
using kernels::LibraryOp;

void check(const Problem& problem, const Result<std::unique_ptr<LibraryOp>>& op, const NaiveInput& input) {
  INFO(op.status().message());
  REQUIRE(op.ok());
  CHECK((*op)->packed_bytes() >= static_cast<std::size_t>(parameter_elements(problem, 0)) * sizeof(float));
  auto call = LibraryCall::create(**op);
  INFO(call.status().message());
  REQUIRE(call.ok());
  kernels::AlignedFloats src(operand_elements(problem, 0));
  kernels::AlignedFloats dst(result_elements(problem) + 16);
  std::copy(input.operands[0][0].begin(), input.operands[0][0].end(), src.data());
  const Values want = naive_forward(problem, input)[0];
  for (int repeat = 0; repeat < 2; ++repeat) {
    std::fill_n(dst.data(), dst.size(), -7777.0F);
    REQUIRE((*call)->run(src.data(), dst.data()) == D2NN_OK);
    double worst = 0;
    double scale = 1;
    for (std::size_t i = 0; i < want.size(); ++i) {
      scale = std::max(scale, std::abs(want[i]));
      const double error = std::abs(static_cast<double>(dst.data()[i]) - want[i]);
      if (!(error <= worst)) worst = error;
    }
    CHECK(worst <= 2e-5 * scale);
    CHECK(dst.data()[want.size()] == -7777.0F);
  }
}

void check_problem(const char* text, std::initializer_list<ConvPlan> plans) {
  CAPTURE(std::string(text));
  const Problem problem = parse_problem(text);
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  const auto draw = [&](std::int64_t n) {
    std::vector<float> v(static_cast<std::size_t>(n));
    for (float& x : v) x = normal(random);
    return v;
  };
  const std::vector<float> x = draw(operand_elements(problem, 0));
  const std::vector<float> weight = draw(parameter_elements(problem, 0));
  const std::vector<float> bias = draw(parameter_elements(problem, 1));
  const float* bias_data = problem.has_bias ? bias.data() : nullptr;
  NaiveInput input;
  input.operands = {{Values(x.begin(), x.end())}};
  input.parameters = {Values(weight.begin(), weight.end()), Values(bias.begin(), bias.end()), {}, {}};
  check(problem, LibraryOp::create(problem.op, weight.data(), bias_data), input);
  for (const ConvPlan plan : plans) {
    CAPTURE(static_cast<int>(plan));
    check(problem, create_library_op(problem.op, plan, weight.data(), bias_data), input);
  }
}

}  // namespace

TEST_CASE("library convolutions by every plan agree with naive loops") {
  const auto direct = {ConvPlan::flat, ConvPlan::planar_source, ConvPlan::blocked};
  for (const char* text : {
           "conv in 3x23x21 out 8 k 3x3 s 2x2 p 1x1 relu",
           "conv in 1x9x9 out 1 k 3x3 p 1x1",
           "conv in 8x14x14 out 16 k 3x3 p 1x1 relu",
           "conv in 8x7x7 out 2 k 3x3 p 1x1 nobias",
           "conv in 5x6x7 out 3 k 1x1 s 2x3",
           "conv in 4x13x12 out 5 k 3x2 d 3x2 s 2x2 p 1x2 relu",
           "conv in 6x8x8 out 9 k 3x3 p 1x1 g 3",
           "conv in 16x9x8 out 16 k 3x3 s 2x2 p 1x1 g 16 relu",
           "conv in 2x6x5 out 3 k 2x2 s 3x3",
           "conv in 3x17x4 out 13 k 4x4 nobias relu",
       })
    check_problem(text, direct);
  check_problem("conv in 32x14x14 out 32 k 3x3 p 1x1 relu",
                {ConvPlan::flat, ConvPlan::planar_source, ConvPlan::blocked, ConvPlan::winograd});
  check_problem("conv in 64x7x7 out 32 k 3x3 p 1x1 nobias", {ConvPlan::flat, ConvPlan::blocked, ConvPlan::winograd});
}

TEST_CASE("library dense layers agree with naive loops") {
  for (const char* text : {"dense in 8x5x5 out 33 relu", "dense in 300 out 7 nobias", "dense in 1 out 1"})
    check_problem(text, {});
}

TEST_CASE("an op that the library has not is refused by name") {
  Problem problem = parse_problem("copy in 5");
  problem.op.label = "N2.copy1";
  const auto op = LibraryOp::create(problem.op, nullptr, nullptr);
  REQUIRE_FALSE(op.ok());
  CHECK(op.status().code() == D2NN_INVALID_MODULE);
  CHECK(op.status().message().find("N2.copy1") != std::string::npos);
}

}  // namespace d2nn::test
