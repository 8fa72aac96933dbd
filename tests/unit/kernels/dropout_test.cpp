// Dropout: masks are functions of seed, step, sample and op, whatever the rows and threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "unit/kernels/one_op_module.h"

namespace d2nn::test {
namespace {

struct Drawn {
  std::vector<std::vector<float>> results, gradients;  // of each executed row
};

Drawn run(const Problem& problem, std::uint64_t seed, std::uint64_t step, const std::vector<std::uint64_t>& samples,
          std::size_t threads) {
  OneOpModule m(problem, 7);
  threads::ThreadPool pool(threads);
  auto ops = kernels::TrainOps::create(m.module(), problem.capacity, pool);
  REQUIRE(ops.ok());
  for (const std::int32_t row : problem.rows) std::fill_n(m.operand(0, row), operand_elements(problem, 0), 1.0F);
  kernels::TrainStep train_step;
  train_step.seed = seed;
  train_step.step = step;
  train_step.is_training = problem.is_training;
  train_step.sample_ids = samples.data();
  REQUIRE((*ops)->begin_step(m.memory(), train_step).ok());
  const auto count = static_cast<std::int64_t>(problem.rows.size());
  REQUIRE((*ops)->forward(0, problem.rows.data(), count) == D2NN_OK);
  for (const std::int32_t row : problem.rows) std::fill_n(m.result_gradient(row), result_elements(problem), 1.0F);
  REQUIRE((*ops)->backward(0, problem.rows.data(), count) == D2NN_OK);
  Drawn drawn;
  for (const std::int32_t row : problem.rows) {
    drawn.results.emplace_back(m.result(row), m.result(row) + result_elements(problem));
    drawn.gradients.emplace_back(m.operand_gradient(0, row), m.operand_gradient(0, row) + result_elements(problem));
  }
  return drawn;
}

const std::vector<std::uint64_t> sample_keys = {100, 101, 102, 103};

}  // namespace

TEST_CASE("dropout keeps a share of 1 - p, scaled, and its gradient has the same mask") {
  const Problem problem = parse_problem("dropout in 10x20x20 alpha 0.3 rows 0,2,3/4");
  const Drawn drawn = run(problem, 1, 1, sample_keys, 1);
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t r = 0; r < drawn.results.size(); ++r) {
    CHECK(drawn.results[r] == drawn.gradients[r]);
    for (const float v : drawn.results[r]) {
      const bool is_masked_one = v == 0.0F || v == doctest::Approx(1 / 0.7);
      REQUIRE(is_masked_one);
      sum += static_cast<double>(v);
      ++count;
    }
  }
  CHECK(sum / static_cast<double>(count) == doctest::Approx(1.0).epsilon(0.02));  // 12000 draws: a deviation of 0.006
  CHECK(drawn.results[0] != drawn.results[1]);
}

TEST_CASE("a dropout mask follows its sample, not its row, the other rows or the threads") {
  const Drawn all = run(parse_problem("dropout in 10x20x20 alpha 0.5 rows 0,1,2,3/4"), 1, 1, sample_keys, 1);
  const Drawn threaded = run(parse_problem("dropout in 10x20x20 alpha 0.5 rows 0,1,2,3/4"), 1, 1, sample_keys, 3);
  CHECK(all.results == threaded.results);
  const Drawn moved = run(parse_problem("dropout in 10x20x20 alpha 0.5 rows 1/4"), 1, 1, {0, 102, 0, 0}, 1);
  CHECK(moved.results[0] == all.results[2]);
  CHECK(run(parse_problem("dropout in 10x20x20 alpha 0.5 rows 0/4"), 2, 1, sample_keys, 1).results[0] !=
        all.results[0]);
  CHECK(run(parse_problem("dropout in 10x20x20 alpha 0.5 rows 0/4"), 1, 2, sample_keys, 1).results[0] !=
        all.results[0]);
}

TEST_CASE("dropout copies when it does not train, and drops everything at p = 1") {
  const Drawn copied = run(parse_problem("dropout in 50 alpha 0.5 rows 0/4 eval"), 1, 1, sample_keys, 1);
  CHECK(copied.results[0] == std::vector<float>(50, 1.0F));
  const Drawn none = run(parse_problem("dropout in 50 alpha 1 rows 0/4"), 1, 1, sample_keys, 1);
  CHECK(none.results[0] == std::vector<float>(50, 0.0F));
  const Drawn all = run(parse_problem("dropout in 50 alpha 0 rows 0/4"), 1, 1, sample_keys, 1);
  CHECK(all.results[0] == std::vector<float>(50, 1.0F));
}

}  // namespace d2nn::test
