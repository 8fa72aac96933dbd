// Forward against naive loops over doubles, gradients against central differences of those loops, for every kind of op,
// over rows that do not stand together, on one to three threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "kernels/isa/host_loops.h"
#include "kernels/train/train_op.h"
#include "unit/kernels/one_op_module.h"

namespace d2nn::test {
namespace {

using kernels::TrainOps;

struct Run {
  std::vector<std::vector<float>> results;                         // [rows]
  std::vector<std::vector<std::vector<float>>> operand_gradients;  // [operands][rows]
  std::vector<std::vector<float>> parameter_gradients;             // [roles]
  std::vector<float> running_mean, running_variance;
  bool operator==(const Run&) const = default;
};

kernels::TrainStep step_of(const Problem& problem) {
  kernels::TrainStep step;
  step.is_training = problem.is_training;
  step.expected_rows = static_cast<double>(problem.capacity);
  return step;
}

std::vector<float> copy_of(const float* from, std::int64_t n) {
  return {from, from + n};
}

Run run(OneOpModule& m, const Problem& problem, std::size_t threads,
        const kernels::isa::Loops& loops = kernels::isa::host_loops()) {
  threads::ThreadPool pool(threads);
  auto ops = kernels::train::create_train_ops(m.module(), problem.capacity, pool, loops);
  INFO(ops.status().message());
  REQUIRE(ops.ok());
  REQUIRE((*ops)->begin_step(m.memory(), step_of(problem)).ok());
  const auto count = static_cast<std::int64_t>(problem.rows.size());
  REQUIRE((*ops)->forward(0, problem.rows.data(), count) == D2NN_OK);
  REQUIRE((*ops)->backward(0, problem.rows.data(), count) == D2NN_OK);
  Run r;
  for (const std::int32_t row : problem.rows) r.results.push_back(copy_of(m.result(row), result_elements(problem)));
  for (int i = 0; !problem.reads_input && i < problem.operands; ++i) {
    r.operand_gradients.emplace_back();
    for (const std::int32_t row : problem.rows)
      r.operand_gradients.back().push_back(copy_of(m.operand_gradient(i, row), operand_elements(problem, i)));
  }
  for (int role = 0; role < 2; ++role)
    r.parameter_gradients.push_back(copy_of(m.parameter_gradient(role), parameter_elements(problem, role)));
  r.running_mean = copy_of(m.parameter(2), parameter_elements(problem, 2));
  r.running_variance = copy_of(m.parameter(3), parameter_elements(problem, 3));
  return r;
}

/// Collects the largest difference and the largest wanted value; one check at the end.
class Compare {
 public:
  explicit Compare(const char* what) : what_(what) {}
  void add(double got, double want) {
    ++count_;
    scale_ = std::max(scale_, std::abs(want));
    if (!(std::abs(got - want) <= worst_)) worst_ = std::abs(got - want);
  }
  void check(double tolerance) const {
    INFO(std::string(what_) << ": worst difference " << worst_ << ", largest value " << scale_);
    CHECK(count_ > 0);
    CHECK(worst_ <= tolerance * std::max(scale_, 1.0));
  }

 private:
  const char* what_;
  std::int64_t count_ = 0;
  double scale_ = 0;
  double worst_ = 0;
};

/// The loss whose gradient of the result is the drawn one.
double loss(const Problem& problem, const NaiveInput& input, OneOpModule& m) {
  const std::vector<Values> y = naive_forward(problem, input);
  double sum = 0;
  for (std::size_t r = 0; r < y.size(); ++r)
    for (std::size_t i = 0; i < y[r].size(); ++i)
      sum += y[r][i] * static_cast<double>(m.result_gradient(problem.rows[r])[i]);
  return sum;
}

double difference(const Problem& problem, NaiveInput& input, OneOpModule& m, std::vector<double*> places) {
  constexpr double finite_step = 1e-5;
  std::vector<double> former;
  for (double* p : places) former.push_back(*p);
  for (std::size_t i = 0; i < places.size(); ++i) *places[i] = former[i] + finite_step;
  const double above = loss(problem, input, m);
  for (std::size_t i = 0; i < places.size(); ++i) *places[i] = former[i] - finite_step;
  const double below = loss(problem, input, m);
  for (std::size_t i = 0; i < places.size(); ++i) *places[i] = former[i];
  return (above - below) / (2 * finite_step);
}

/// At most 12 of n indices, the first and the last among them.
std::vector<std::size_t> sample(std::size_t n, std::mt19937& random) {
  std::set<std::size_t> picked;
  if (n > 0) picked = {0, n - 1};
  while (picked.size() < std::min<std::size_t>(n, 12)) picked.insert(random() % n);
  return {picked.begin(), picked.end()};
}

/// One element of a gradient and what it must be.
struct WantedGradient {
  std::size_t owner;  // operand or role
  std::size_t row;
  std::size_t index;
  double value;
};
struct WantedGradients {
  std::vector<WantedGradient> operands, parameters;
};

WantedGradients gradients_by_differences(const Problem& problem, OneOpModule& m, NaiveInput input) {
  std::mt19937 random(5);
  WantedGradients wanted;
  for (int o = 0; !problem.reads_input && o < problem.operands; ++o) {
    if (m.buffer_of(o) != o) continue;  // asked for with the first
    const auto owner = static_cast<std::size_t>(o);
    for (std::size_t r = 0; r < problem.rows.size(); ++r) {
      for (const std::size_t i : sample(input.operands[owner][r].size(), random)) {
        std::vector<double*> places;
        for (int other = 0; other < problem.operands; ++other)
          if (m.buffer_of(other) == o) places.push_back(&input.operands[static_cast<std::size_t>(other)][r][i]);
        wanted.operands.push_back({owner, r, i, difference(problem, input, m, places) + (problem.adds ? 0.25 : 0.0)});
      }
    }
  }
  for (std::size_t role = 0; role < 2; ++role)
    for (const std::size_t i : sample(input.parameters[role].size(), random))
      wanted.parameters.push_back({role, 0, i, difference(problem, input, m, {&input.parameters[role][i]}) + 0.5});
  return wanted;
}

void check_gradients(const WantedGradients& wanted, const Run& got) {
  Compare operands("gradients of the operands");
  for (const WantedGradient& w : wanted.operands)
    operands.add(static_cast<double>(got.operand_gradients[w.owner][w.row][w.index]), w.value);
  if (!wanted.operands.empty()) operands.check(2e-5);
  for (const std::size_t role : {0, 1}) {
    Compare parameters(role == 0 ? "gradient of the weight" : "gradient of the bias");
    bool has_any = false;
    for (const WantedGradient& w : wanted.parameters) {
      if (w.owner != role) continue;
      parameters.add(static_cast<double>(got.parameter_gradients[role][w.index]), w.value);
      has_any = true;
    }
    if (has_any) parameters.check(2e-5);
  }
}

void check_untouched(const Problem& problem, OneOpModule& m) {
  const std::set<std::int32_t> executed(problem.rows.begin(), problem.rows.end());
  bool is_untouched = true;
  for (std::int32_t row = 0; row < problem.capacity; ++row) {
    if (executed.count(row) != 0) continue;
    for (std::int64_t i = 0; i < result_elements(problem); ++i)
      is_untouched = is_untouched && m.result(row)[i] == OneOpModule::sentinel;
    for (int o = 0; !problem.reads_input && o < problem.operands; ++o)
      for (std::int64_t i = 0; i < operand_elements(problem, o); ++i)
        is_untouched = is_untouched && m.operand_gradient(o, row)[i] == OneOpModule::sentinel;
  }
  CHECK_MESSAGE(is_untouched, "a row that does not execute was written");
}

void check_problem(const std::string& text) {
  CAPTURE(text);
  const Problem problem = parse_problem(text);
  OneOpModule original(problem, 11);
  const NaiveInput input = original.naive_input();
  const std::vector<Values> want = naive_forward(problem, input);
  const WantedGradients wanted = gradients_by_differences(problem, original, input);
  CHECK(wanted.operands.size() + wanted.parameters.size() > 0);
  const auto check_run = [&](std::size_t threads, const kernels::isa::Loops& loops) {
    CAPTURE(threads);
    CAPTURE(std::string(loops.name));
    OneOpModule m(problem, 11);
    const Run got = run(m, problem, threads, loops);
    Compare compare("result");
    for (std::size_t r = 0; r < want.size(); ++r)
      for (std::size_t i = 0; i < want[r].size(); ++i) compare.add(static_cast<double>(got.results[r][i]), want[r][i]);
    compare.check(5e-6);
    check_gradients(wanted, got);
    check_untouched(problem, m);
    OneOpModule again(problem, 11);
    CHECK_MESSAGE(run(again, problem, threads, loops) == got, "the same run gave other bits");
  };
  for (const std::size_t threads : {1, 2, 3}) check_run(threads, kernels::isa::host_loops());
  for (const kernels::isa::Loops* loops : kernels::isa::supported_loops()) check_run(1, *loops);
}

void check_problems(std::initializer_list<const char*> texts) {
  for (const char* text : texts) check_problem(text);
}

}  // namespace

TEST_CASE("convolutions of every geometry agree with naive loops, forward and backward") {
  check_problems({
      "conv in 3x11x9 out 8 k 3x3 s 2x2 p 1x1 rows 0,2,3,6,7/8",
      "conv in 3x30x30 out 8 k 3x3 s 2x2 p 1x1 rows 0,1,3,4,5/6 input",
      "conv in 8x9x9 out 16 k 3x3 p 1x1 rows 1,2,4/5 add",
      "conv in 8x7x7 out 2 k 3x3 p 1x1 rows 0,1,2/3 nobias",
      "conv in 1x5x6 out 1 k 1x1 rows 0,3/4",
      "conv in 5x6x7 out 3 k 1x1 s 2x3 rows 0,1,2,5/6",
      "conv in 4x12x10 out 6 k 5x3 s 3x2 p 2x1 rows 0,2/3",
      "conv in 4x13x11 out 5 k 3x3 d 2x3 p 2x3 rows 0,2/3",
      "conv in 4x13x12 out 5 k 3x2 d 3x2 s 2x2 p 1x2 rows 0,2/3",
      "conv in 6x8x8 out 9 k 3x3 p 1x1 g 3 rows 0,1,2/4",
      "conv in 7x9x8 out 7 k 3x3 s 2x2 p 1x1 g 7 rows 0,1,3/4 add",
      "conv in 7x9x8 out 14 k 5x5 p 2x2 g 7 rows 0,1,3/4",
      "conv in 2x6x5 out 3 k 2x2 s 3x3 rows 0,1/2",
      "conv in 3x4x4 out 13 k 4x4 rows 0,1,3/4",
      "conv in 2x3x3 out 11 k 3x3 p 3x4 rows 0,1/2",
      "conv in 2x1x17 out 4 k 1x5 p 0x2 rows 0,1/2",
      "conv in 33x7x7 out 20 k 3x3 p 1x1 rows 0,1,2,3,4,5,6,8/9",
  });
}

TEST_CASE("transposed convolutions agree with naive loops, forward and backward") {
  check_problems({
      "conv_transpose in 3x5x4 out 8 k 3x3 s 2x2 p 1x1 op 1x1 rows 0,2,3/5",
      "conv_transpose in 8x7x7 out 5 k 3x3 p 1x1 rows 1,2,4/5 add",
      "conv_transpose in 4x6x5 out 6 k 2x2 s 2x2 rows 0,1/2 nobias",
      "conv_transpose in 2x4x3 out 3 k 1x2 s 3x4 op 2x1 rows 0,2/3 input",
      "conv_transpose in 4x5x6 out 6 k 3x2 s 1x2 d 3x2 op 2x1 g 2 rows 0,1,2/4",
      "conv_transpose in 6x4x4 out 6 k 4x4 s 2x2 p 1x1 g 6 rows 0,1/2 add",
      "conv_transpose in 2x7x9 out 3 k 3x3 p 3x2 rows 0,1/2",
      "conv_transpose in 5x1x1 out 7 k 4x4 rows 0,1,2/3",
  });
}

TEST_CASE("dense layers agree with naive loops, forward and backward") {
  check_problems({
      "dense in 3x5x4 out 7 rows 0,2,3,6/8",
      "dense in 40 out 33 rows 0,1,2,3/4 add",
      "dense in 40 out 33 rows 0,2,3/4 add",
      "dense in 1 out 1 rows 1/2",
      "dense in 200 out 64 rows 0,1,3,4,5,6,7,8,9,11,12,13,15/16 nobias",
      "dense in 17x3x3 out 5 rows 0,1,2/3 input",
      "dense in 6x5 out 7x5 rows 0,2,3/5",
      "dense in 6x5 out 7x5 rows 1,2,3/4 add nobias",
      "dense in 40x9 out 33x9 rows 0,2,3,5,6,7/8 add",
  });
}

TEST_CASE("matrix products agree with naive loops, forward and backward") {
  check_problems({
      "matmul in 1x3x4 out 1x3x5 operands 2 rows 0,2,3/5",
      "matmul in 1x4x4 out 1x4x4 operands 2 rows 0,2/3 twice",
      "matmul in 2x3x4 out 2x3x5 axes 2x1x1 operands 2 rows 0,2/3 add",
      "matmul in 1x3x4 out 3x3x2 axes 3x0x1 operands 2 rows 0,1/3",
      "matmul in 6x2x3 out 6x2x4 axes 2x3x0,3x1x0 operands 2 rows 0,2/3",
      "matmul in 1x33x70 out 1x33x20 operands 2 rows 0,1,2,3,4,6/8",
  });
}

TEST_CASE("attention agrees with naive loops, forward and backward") {
  check_problems({
      "attention in 1x4x6 out 1x4x6 keys 4 g 2 operands 3 rows 0,2,3/5",
      "attention in 1x4x6 out 1x4x6 keys 4 g 2 operands 3 rows 0,2/3 causal twice",
      "attention in 1x3x6 out 1x3x9 keys 7 g 3 operands 3 rows 0,2/3 add",
      "attention in 1x5x2 out 1x5x3 keys 3 g 1 operands 3 rows 0,1/2 causal",
      "attention in 1x40x16 out 1x40x16 keys 40 g 4 operands 3 rows 0,1,2,4/5",
  });
}

TEST_CASE("pooling agrees with naive loops, forward and backward") {
  check_problems({
      "max_pool in 3x9x8 k 3x3 s 2x2 p 1x1 rows 0,2,3/5",
      "max_pool in 8x28x28 k 3x3 s 2x2 p 1x1 rows 0,1,2/3 add",
      "max_pool in 2x7x6 k 2x3 s 1x1 rows 0,2/3",
      "max_pool in 2x12x11 k 2x2 s 2x2 d 3x2 p 1x1 rows 0,2/3",
      "max_pool in 1x40x40 k 17x17 s 5x5 p 8x8 rows 0,2/3",
      "avg_pool in 3x9x8 k 3x3 s 2x2 p 1x1 rows 0,2,3/5",
      "avg_pool in 3x8x8 k 2x2 s 2x2 rows 0,2,3/5 add",
  });
}

TEST_CASE("the greatest values of a vector agree with naive loops, forward and backward") {
  check_problems({
      "top in 9 out 3 rows 0,2,3/5",
      "top in 40 out 40 rows 0,1/2 add",
      "top in 1 out 1 rows 1/2",
      "top in 300 out 7 rows 0,2/3",
  });
}

TEST_CASE("NaN comes first among the greatest values, and of equal ones the first takes the gradient") {
  const Problem problem = parse_problem("top in 5 out 3 rows 0/1");
  OneOpModule m(problem, 1);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float values[] = {2, 1, nan, 2, 2};
  std::copy(std::begin(values), std::end(values), m.operand(0, 0));
  const Run got = run(m, problem, 1);
  CHECK(std::isnan(got.results[0][0]));
  CHECK(got.results[0][1] == 2.0F);
  CHECK(got.results[0][2] == 2.0F);
  const float* dy = m.result_gradient(0);
  CHECK(got.operand_gradients[0][0] == std::vector<float>{dy[1], 0, dy[0], dy[2], 0});
}

TEST_CASE("norms agree with naive loops, forward and backward") {
  check_problems({
      "batch_norm in 5x4x3 alpha 1e-5 momentum 0.1 rows 0,2,3,6/8",
      "batch_norm in 5x4x3 alpha 1e-5 momentum 0.1 rows 0,2,3,6/8 add eval",
      "batch_norm in 9 alpha 1e-3 momentum 0.1 rows 0,1,2,4,5/8",
      "batch_norm in 9 alpha 1e-3 momentum 0.1 rows 5/8",
      "batch_norm in 16x20x20 alpha 1e-5 momentum 0.1 rows 0,1,2,4,5/8 input",
      "normalize in 3x4x5 rows 0,2/3",
      "normalize in 3x4x5 rows 0,2/3 add",
  });
}

TEST_CASE("ops on whole tensors agree with naive loops, forward and backward") {
  check_problems({
      "copy in 5x7x3 rows 0,2,3/5",
      "copy in 5x7x3 out 105 rows 0,2,3/5 add",
      "copy in 5x7x3 out 7x5x3 rows 0,2,3/5",
      "concat in 3x4x5 operands 3 rows 0,2,3/5",
      "concat in 3x4x5 operands 3 rows 0,2,3/5 twice",
      "concat in 3x4x5 operands 2 rows 0,2,3/5 add",
  });
}

TEST_CASE("batch norm moves its running statistics by momentum times the share of rows, with the unbiased variance") {
  const Problem problem = parse_problem("batch_norm in 2x1x1 alpha 1e-5 momentum 0.1 rows 0,2/8");
  OneOpModule m(problem, 3);
  const double mean_before = static_cast<double>(m.parameter(2)[0]);
  const double variance_before = static_cast<double>(m.parameter(3)[0]);
  const double a = static_cast<double>(m.operand(0, 0)[0]);
  const double b = static_cast<double>(m.operand(0, 2)[0]);
  const Run got = run(m, problem, 1);
  const double momentum = 0.1 * 2 / 8;
  const double mean = (a + b) / 2;
  const double variance = (a - mean) * (a - mean) + (b - mean) * (b - mean);
  CHECK(static_cast<double>(got.running_mean[0]) ==
        doctest::Approx((1 - momentum) * mean_before + momentum * mean).epsilon(1e-6));
  CHECK(static_cast<double>(got.running_variance[0]) ==
        doctest::Approx((1 - momentum) * variance_before + momentum * variance).epsilon(1e-6));

  const Problem alone = parse_problem("batch_norm in 2x1x1 alpha 1e-5 momentum 0.1 rows 5/8");
  OneOpModule one(alone, 3);
  const float before = one.parameter(2)[1];
  CHECK(run(one, alone, 1).running_mean[1] == before);
}

TEST_CASE("NaN passes through max pooling, and its gradient goes where PyTorch sends it") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Problem pool = parse_problem("max_pool in 1x4x4 k 2x2 s 2x2 rows 0/1");
  OneOpModule p(pool, 1);
  p.operand(0, 0)[1] = nan;  // window 0: taps 1 and 2 are NaN, the last one wins
  p.operand(0, 0)[4] = nan;
  for (const int i : {10, 11, 14, 15}) p.operand(0, 0)[i] = -std::numeric_limits<float>::infinity();
  const Run q = run(p, pool, 1);
  CHECK(std::isnan(q.results[0][0]));
  CHECK_FALSE(std::isnan(q.results[0][1]));
  CHECK(q.operand_gradients[0][0][4] == p.result_gradient(0)[0]);
  CHECK(q.operand_gradients[0][0][1] == 0.0F);
  CHECK(q.results[0][3] == -std::numeric_limits<float>::infinity());
  CHECK(q.operand_gradients[0][0][10] == p.result_gradient(0)[3]);
}

TEST_CASE("an infinite value of a convolution's operand reaches the gradients of the taps that read it, and no other") {
  const float inf = std::numeric_limits<float>::infinity();
  for (const char* text :
       {"conv in 2x6x6 out 3 k 3x3 p 1x1 rows 0,1/2", "conv in 4x7x5 out 4 k 3x3 s 2x2 p 1x1 g 2 rows 0,1/2"}) {
    CAPTURE(std::string(text));
    const Problem problem = parse_problem(text);
    for (const kernels::isa::Loops* loops : kernels::isa::supported_loops()) {
      OneOpModule ordinary(problem, 1);
      const std::vector<float> want = run(ordinary, problem, 1, *loops).parameter_gradients[0];
      OneOpModule m(problem, 1);
      m.operand(0, 1)[0] = inf;  // the first corner: only the taps of the lower right quarter of the kernel see it
      const std::vector<float> got = run(m, problem, 1, *loops).parameter_gradients[0];
      const auto taps_of_group = static_cast<std::size_t>(problem.op.in_c / problem.op.groups * 9);
      std::size_t reached = 0;
      for (std::size_t i = 0; i < got.size(); ++i) {
        CAPTURE(i);
        const bool is_first_group = i / taps_of_group < static_cast<std::size_t>(problem.op.out_c / problem.op.groups);
        const std::size_t tap = i % taps_of_group;
        if (is_first_group && tap < 9 && !std::isfinite(got[i])) {
          ++reached;
          CHECK(tap / 3 <= 1);
          CHECK(tap % 3 <= 1);
        } else {
          CHECK(got[i] == doctest::Approx(want[i]).epsilon(1e-4));
        }
      }
      CHECK(reached > 0);
    }
  }
}

TEST_CASE("a damaged training table is refused with the op and the reason") {
  threads::ThreadPool pool(1);
  const auto refusal = [&](const std::string& text, auto damage) {
    Problem problem = parse_problem(text);
    damage(problem.op);
    OneOpModule m(problem, 1);
    const auto ops = TrainOps::create(m.module(), problem.capacity, pool);
    REQUIRE_FALSE(ops.ok());
    CHECK(ops.status().code() == D2NN_INVALID_MODULE);
    return ops.status().message();
  };
  CHECK(refusal("conv in 4x5x5 out 4 k 3x3 p 1x1", [](d2nn_op& op) { op.groups = 3; }).find("groups do not divide") !=
        std::string::npos);
  CHECK(refusal("conv in 4x5x5 out 4 k 3x3 p 1x1", [](d2nn_op& op) { op.stride_h = 2; }).find("window") !=
        std::string::npos);
  CHECK(refusal("max_pool in 4x5x5 k 2x2 s 2x2", [](d2nn_op& op) { op.pad_h = 2, op.out_h = 4; }).find("padding") !=
        std::string::npos);
  CHECK(refusal("expression in 4x5x5", [](d2nn_op&) {}).find("no code") != std::string::npos);
}

TEST_CASE("the softmax of a row and its way back agree with plain loops, on every instruction set") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float scale = 0.25F;
  for (const kernels::isa::Loops* loops : kernels::isa::supported_loops()) {
    CAPTURE(std::string(loops->name));
    for (const std::size_t size : {1, 3, 8, 16, 21, 64, 197}) {
      CAPTURE(size);
      const auto n = static_cast<std::int64_t>(size);
      std::vector<float> x(size), dy(size);
      for (std::size_t i = 0; i < size; ++i) {
        x[i] = static_cast<float>((i * 37) % 101) - 70.0F;
        dy[i] = static_cast<float>((i * 53) % 23) * 0.1F - 1.0F;
      }
      if (size > 2) x[1] = -infinity;
      if (size > 3) x[2] = -1000.0F;
      std::vector<double> shares;
      double sum = 0;
      const double top = *std::ranges::max_element(x);
      for (const float value : x) sum += shares.emplace_back(std::exp((value - top) * scale));
      double product = 0;
      for (std::size_t i = 0; i < size; ++i) product += (shares[i] /= sum) * dy[i];
      std::vector<float> y = x;
      loops->softmax(n, scale, y.data());
      std::vector<float> dx = dy;
      loops->softmax_gradient(n, scale, y.data(), dx.data());
      for (std::size_t i = 0; i < size; ++i) {
        CHECK(std::abs(y[i] - shares[i]) <= 1e-6);
        CHECK(std::abs(dx[i] - shares[i] * (dy[i] - product) * scale) <= 1e-6);
      }
      for (const float odd : {infinity, std::numeric_limits<float>::quiet_NaN()}) {
        for (const std::size_t at : {std::size_t{0}, size - 1}) {
          y = x;
          y[at] = odd;
          loops->softmax(n, scale, y.data());
          CHECK(std::ranges::all_of(y, [](float share) { return std::isnan(share); }));
        }
      }
    }
  }
}

}  // namespace d2nn::test
