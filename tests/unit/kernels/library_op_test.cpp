// Ops of the kernel library in inference, one row, against naive loops.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "kernels/isa/host_loops.h"
#include "kernels/plane_conv_op.h"
#include "kernels/winograd.h"
#include "storage/aligned_buffer.h"
#include "unit/kernels/naive.h"

namespace d2nn::test {
namespace {

using kernels::LibraryCall;
using kernels::LibraryOp;
using kernels::onednn::Algorithm;

void check(const Problem& problem, const LibraryOp& op, const NaiveInput& input) {
  CHECK(op.packed_bytes() >= static_cast<std::size_t>(parameter_elements(problem, 0)) * sizeof(float));
  auto call = LibraryCall::create(op);
  INFO(call.status().message());
  REQUIRE(call.ok());
  storage::AlignedFloats src(operand_elements(problem, 0));
  storage::AlignedFloats dst(result_elements(problem) + 16);
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

/// As a model makes it, by our own loops, and by the library's direct algorithm with its guard.
void check_problem(const char* text) {
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
  const auto made = LibraryOp::create(problem.op, weight.data(), bias_data);
  INFO(made.status().message());
  REQUIRE(made.ok());
  check(problem, **made, input);
  if (problem.op.kind != D2NN_OP_CONV) return;
  check(problem, *kernels::make_plane_conv(problem.op, weight.data(), bias_data), input);
  check(problem, *kernels::make_guarded_conv(problem.op, Algorithm::direct, weight.data(), bias_data), input);
}

/// What one output must be, and how far it may be off.
void check_value(float got, double want, double tolerance) {
  if (std::isnan(want)) {
    CHECK(std::isnan(got));
  } else if (std::abs(want) > static_cast<double>(std::numeric_limits<float>::max())) {
    CHECK(std::isinf(got));
    CHECK(std::signbit(got) == std::signbit(want));
  } else {
    CHECK(std::abs(static_cast<double>(got) - want) <= tolerance);
  }
}

/// One value of an otherwise ordinary row is `odd`: outputs that do not see it keep their precision, the others have
/// its class.
void check_odd_value(const Problem& problem, float odd) {
  CAPTURE(odd);
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  std::vector<float> x(static_cast<std::size_t>(operand_elements(problem, 0)));
  std::vector<float> weight(static_cast<std::size_t>(parameter_elements(problem, 0)));
  std::vector<float> bias(static_cast<std::size_t>(parameter_elements(problem, 1)));
  for (std::vector<float>* values : {&x, &weight, &bias})
    for (float& value : *values) value = normal(random) / 16;
  NaiveInput input;
  input.parameters = {Values(weight.begin(), weight.end()), Values(bias.begin(), bias.end()), {}, {}};
  const std::size_t at = x.size() / 2 + 5;
  x[at] = 0;
  input.operands = {{Values(x.begin(), x.end())}};
  const Values without = naive_forward(problem, input)[0];
  x[at] = odd;
  input.operands[0][0][at] = static_cast<double>(odd);
  const Values want = naive_forward(problem, input)[0];

  const auto op = LibraryOp::create(problem.op, weight.data(), bias.data());
  REQUIRE(op.ok());
  const auto call = LibraryCall::create(**op);
  REQUIRE(call.ok());
  storage::AlignedFloats src(static_cast<std::int64_t>(x.size()));
  storage::AlignedFloats dst(result_elements(problem));
  std::copy(x.begin(), x.end(), src.data());
  REQUIRE((*call)->run(src.data(), dst.data()) == D2NN_OK);
  std::size_t seeing = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const bool sees = want[i] != without[i];  // also where it is NaN
    seeing += sees;
    CAPTURE(i);
    check_value(dst.data()[i], want[i], sees ? 1e-5 * std::abs(want[i]) + 1e-3 : 1e-5);
  }
  CHECK(seeing > 0);
  CHECK(seeing < want.size());
}

}  // namespace

TEST_CASE("library convolutions agree with naive loops") {
  for (const char* text : {
           "conv in 3x23x21 out 8 k 3x3 s 2x2 p 1x1 relu",
           "conv in 1x9x9 out 1 k 3x3 p 1x1",
           "conv in 8x7x7 out 2 k 3x3 p 1x1 nobias",
           "conv in 4x13x12 out 5 k 3x2 d 3x2 s 2x2 p 1x2 relu",
           "conv in 6x8x8 out 9 k 3x3 p 1x1 g 3",
           "conv in 2x6x5 out 3 k 2x2 s 3x3",
           "conv in 3x17x4 out 13 k 4x4 nobias relu",
           "conv in 32x14x14 out 32 k 3x3 p 1x1 relu",
           "conv in 64x7x7 out 32 k 3x3 p 1x1 nobias",
       })
    check_problem(text);
}

TEST_CASE("transposed convolutions of inference agree with naive loops") {
  for (const char* text : {
           "conv_transpose in 3x5x4 out 8 k 3x3 s 2x2 p 1x1 op 1x1 relu",
           "conv_transpose in 8x7x6 out 5 k 4x4 s 2x2 p 1x1 nobias",
           "conv_transpose in 2x4x3 out 3 k 1x2 s 3x4 op 2x1",
           "conv_transpose in 6x5x6 out 6 k 3x2 s 1x2 d 3x2 op 2x1 g 3",
       })
    check_problem(text);
}

TEST_CASE("values at the end of the range and beyond change the outputs that see them, and no other") {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const char* text : {"conv in 32x14x14 out 32 k 3x3 p 1x1 relu", "conv in 64x7x9 out 33 k 3x3 p 1x1"}) {
    CAPTURE(std::string(text));
    for (const float odd : {inf, -inf, nan, 3e38F, -1e38F, 1e30F, 1e9F}) check_odd_value(parse_problem(text), odd);
  }
}

TEST_CASE("Winograd's algorithm takes no row that its transforms could drive out of the range") {
  const Problem problem = parse_problem("conv in 32x14x14 out 32 k 3x3 p 1x1");
  std::vector<float> weight(static_cast<std::size_t>(parameter_elements(problem, 0)), 0.05F);
  std::vector<float> bias(static_cast<std::size_t>(parameter_elements(problem, 1)), 0.5F);
  const float ordinary = kernels::greatest_winograd_value(problem.op, weight.data(), bias.data());
  CHECK(ordinary > 65536.0F);  // activations of networks stay below
  CHECK(ordinary == kernels::greatest_winograd_value(problem.op, weight.data(), nullptr));
  weight[7] = 1e28F;
  CHECK(kernels::greatest_winograd_value(problem.op, weight.data(), bias.data()) < 1e5F);
  weight[7] = 1e37F;
  CHECK(kernels::greatest_winograd_value(problem.op, weight.data(), bias.data()) == 0.0F);
  weight[7] = 0.0F;
  bias[3] = -3e38F;
  CHECK(kernels::greatest_winograd_value(problem.op, weight.data(), bias.data()) == 0.0F);
}

TEST_CASE("each row of a guarded convolution takes the loops that its own values ask for") {
  const Problem problem = parse_problem("conv in 32x14x14 out 32 k 3x3 p 1x1 relu");
  std::mt19937 random(6);
  std::normal_distribution<float> normal;
  const auto draw = [&](std::int64_t n) {
    std::vector<float> v(static_cast<std::size_t>(n));
    for (float& x : v) x = normal(random);
    return v;
  };
  const std::vector<float> weight = draw(parameter_elements(problem, 0));
  const std::vector<float> bias = draw(parameter_elements(problem, 1));
  std::vector<float> x = draw(operand_elements(problem, 0));
  const auto result = [&](const LibraryOp& op) {
    const auto call = LibraryCall::create(op);
    REQUIRE(call.ok());
    storage::AlignedFloats src(static_cast<std::int64_t>(x.size()));
    storage::AlignedFloats dst(result_elements(problem));
    std::copy(x.begin(), x.end(), src.data());
    REQUIRE((*call)->run(src.data(), dst.data()) == D2NN_OK);
    std::vector<std::uint32_t> bits;
    for (std::int64_t i = 0; i < dst.size(); ++i) bits.push_back(std::bit_cast<std::uint32_t>(dst.data()[i]));
    return bits;
  };
  const auto exact = kernels::make_plane_conv(problem.op, weight.data(), bias.data());
  const auto guarded = kernels::make_guarded_conv(problem.op, Algorithm::direct, weight.data(), bias.data());
  REQUIRE(result(*guarded) != result(*exact));  // so that bits tell which one ran
  const float bound = kernels::greatest_winograd_value(problem.op, weight.data(), bias.data());
  x.back() = -std::nextafter(bound, 0.0F);
  CHECK(result(*guarded) != result(*exact));
  for (const float odd :
       {bound, -bound, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    x.back() = odd;
    CHECK(result(*guarded) == result(*exact));
  }
}

TEST_CASE("the greatest magnitude of a row is found wherever it stands, on every instruction set") {
  for (const kernels::isa::Loops* loops : kernels::isa::supported_loops()) {
    CAPTURE(std::string(loops->name));
    for (const std::size_t size : {1, 3, 16, 63, 64, 65, 200}) {
      std::vector<float> row(size, -1.0F);
      for (std::size_t at = 0; at < size; ++at) {
        for (const float odd :
             {-2.0F, -std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::quiet_NaN()}) {
          row[at] = odd;
          const auto want = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(odd) & 0x7FFFFFFFU);
          REQUIRE(loops->greatest_magnitude(static_cast<std::int64_t>(size), row.data()) == want);
        }
        row[at] = -1.0F;
      }
    }
  }
}

TEST_CASE("an op that the library has not is refused by name") {
  Problem problem = parse_problem("dense in 5 out 3");
  problem.op.label = "N2.copy1";
  const auto op = LibraryOp::create(problem.op, nullptr, nullptr);
  REQUIRE_FALSE(op.ok());
  CHECK(op.status().code() == D2NN_INVALID_MODULE);
  CHECK(op.status().message().find("N2.copy1") != std::string::npos);
}

}  // namespace d2nn::test
