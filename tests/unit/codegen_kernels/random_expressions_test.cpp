// Random expressions against their naive meaning, and what the schedule makes of some that are known.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "codegen/expressions/schedule.h"
#include "expr/compose.h"
#include "expr/gradient.h"
#include "unit/codegen_kernels/expression_runs.h"

using namespace d2nn;
using namespace d2nn::expr;
using namespace d2nn::testing;

namespace {

/// Grows an expression term by term. Values stay of the order of 1, and comparisons are between leaves, so that
/// rounding decides nothing.
class RandomExpression {
 public:
  explicit RandomExpression(unsigned seed) : random_(seed) {}

  NamedExpression make(const std::string& name) {
    values_.push_back(leaf(random_dims()));
    for (int step = 0; step < 14; ++step) grow();
    std::vector<Term> results{values_.back()};
    for (int i = pick(2); i > 0; --i) results.push_back(any());
    return {name, builder_.finish(results)};
  }

 private:
  int pick(int count) { return std::uniform_int_distribution(0, count - 1)(random_); }
  Value any() {  // one of the latest
    const int recent = std::min(4, static_cast<int>(values_.size()));
    return values_[values_.size() - 1 - static_cast<std::size_t>(pick(recent))];
  }

  Dims random_dims() {
    constexpr std::int64_t sizes[] = {1, 2, 3, 4, 5, 8, 9, 17, 40};
    for (;;) {
      Dims dims(static_cast<std::size_t>(1 + pick(3)));
      for (std::int64_t& size : dims) size = sizes[pick(9)];
      if (elements(dims) <= 1000) return dims;
    }
  }

  Value leaf(const Dims& dims) {
    if (pick(2) == 0 || operands_ == 4) {
      if (weights_ < 3) return {builder_, builder_.weight(weights_++, dims)};
      return {builder_, builder_.broadcast(builder_.constant(0.5), dims)};
    }
    return {builder_, builder_.operand(operands_++, dims)};
  }

  std::vector<std::int64_t> random_axes(std::size_t rank) {
    std::vector<std::int64_t> axes;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      if (pick(2) == 0) axes.push_back(static_cast<std::int64_t>(axis));
    }
    return axes;
  }

  // A term that can be broadcast to these dims.
  Value beside(const Value& x) {
    const Dims dims = x.dims();
    for (const Value& value : values_) {
      if (value.dims() == dims && pick(3) == 0) return value;
    }
    if (pick(3) == 0) return mean(x, random_axes(dims.size()));
    if (pick(3) == 0) return max(x, random_axes(dims.size()));
    Dims part = dims;
    for (std::int64_t& size : part) size = pick(3) == 0 ? 1 : size;
    return leaf(part);
  }

  Value elementwise(const Value& x) {
    switch (pick(9)) {
      case 0:
        return tanh(x + 0.25);
      case 1:
        return exp(-abs(x));
      case 2:
        return erf(x) * 0.5;
      case 3:
        return sqrt(x * x + 0.5);
      case 4:
        return log(abs(x) + 1);
      case 5:
        return select(greater(leaf(x.dims()), 0.125), x, -x);
      case 6:
        return tanh(x * beside(x) - 0.5);
      case 7:
        return minimum(x, beside(x)) / 1.5;
      default:
        return (x - beside(x)) / (1 + abs(beside(x)));
    }
  }

  Value movement(const Value& x) {
    const Dims dims = x.dims();
    const auto rank = static_cast<int>(dims.size());
    const std::int64_t axis = pick(rank);
    const std::int64_t size = dims[static_cast<std::size_t>(axis)];
    switch (pick(5)) {
      case 0: {
        std::vector<std::int64_t> axes(dims.size());
        for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
        std::shuffle(axes.begin(), axes.end(), random_);
        return {builder_, builder_.permute(x, axes)};
      }
      case 1: {
        const std::int64_t from = pick(static_cast<int>(size));
        return {builder_, builder_.slice(x, axis, from, from + 1 + pick(static_cast<int>(size - from)))};
      }
      case 2:
        return {builder_, builder_.pad(x, axis, pick(3), pick(3), 0.25F)};
      case 3:
        return {builder_, builder_.repeat(x, axis, 1 + pick(3))};
      default: {
        Dims other = dims;
        if (pick(2) == 0 && rank > 1) {
          other.erase(other.begin());
          other[0] *= dims[0];
        } else if (size % 2 == 0) {
          other[static_cast<std::size_t>(axis)] /= 2;
          other.insert(other.begin() + axis, 2);
        }
        return {builder_, builder_.reshape(x, other)};
      }
    }
  }

  void grow() {
    const Value x = any();
    Value grown = x;
    switch (pick(5)) {
      case 0:
        grown = movement(x);
        break;
      case 1:
        grown = pick(2) == 0 ? mean(x, random_axes(x.dims().size())) : max(x, random_axes(x.dims().size()));
        break;
      default:
        grown = elementwise(x);
        break;
    }
    if (elements(grown.dims()) <= 3000) values_.push_back(grown);
  }

  std::mt19937 random_;
  Builder builder_;
  std::vector<Value> values_;
  std::uint32_t operands_ = 0, weights_ = 0;
};

codegen::Schedule schedule_of(const std::function<Value(Builder&)>& compose) {
  Builder builder;
  return codegen::schedule_expression(builder.finish({compose(builder)}), {8, 16});
}

}  // namespace

TEST_CASE("random expressions agree with their meaning") {
  const char* more = std::getenv("D2NN_RANDOM_EXPRESSIONS");  // how many, where the default is too few
  const unsigned count = more == nullptr ? 60 : static_cast<unsigned>(std::atoi(more));
  constexpr unsigned at_once = 20;
  for (unsigned first = 0; first < count; first += at_once) {
    std::vector<NamedExpression> expressions;
    for (unsigned seed = first; seed < first + at_once; ++seed) {
      expressions.push_back(RandomExpression(seed).make("seed " + std::to_string(seed)));
    }
    const std::vector<CpuLevel> levels = expression_levels();
    const CpuLevel& cpu = levels[first / at_once % levels.size()];
    const std::string found = compare_with_naive(expressions, cpu, first % (2 * at_once) == 0 ? 0 : 2);
    CHECK_MESSAGE(found.empty(), found);
  }
}

TEST_CASE("what random expressions found stays found") {
  std::vector<NamedExpression> all;
  const auto add = [&](const char* name, const std::function<Value(Builder&)>& compose) {
    Builder builder;
    all.push_back({name, builder.finish({compose(builder)})});
  };
  add("a sum in registers, read under a pad of its lanes",
      [](Builder& b) { return Value{b, b.pad(mean(Value{b, b.weight(0, {40, 5, 2})}, {0, 2}), 2, 1, 1, 0.25F)}; });
  add("passes of one nest with lanes along different axes", [](Builder& b) {
    const Value rows = sum(Value{b, b.slice(b.operand(0, {9, 4, 9}), 1, 0, 1)}, {2});
    return Value{b, b.pad(rows, 1, 2, 2, 0.25F)};
  });
  add("an axis of size 1 between one that is kept and one that is repeated", [](Builder& b) {
    const Value greatest = max(Value{b, b.operand(0, {8, 3, 8})}, {0, 1});
    return Value{b, b.broadcast(b.reshape(greatest, {8, 1, 1}), {8, 1, 3})};
  });
  for (const CpuLevel& cpu : expression_levels()) {
    const std::string found = compare_with_naive(all, cpu, 0);
    CHECK_MESSAGE(found.empty(), found);
  }
}

TEST_CASE("passes over a row share its loop and keep what they need in registers or one row of scratch") {
  const codegen::Schedule norm =
      schedule_of([](Builder& b) { return normalise({b, b.operand(0, {7, 20})}, {1}, 0.1); });
  REQUIRE(norm.nests.size() == 1);
  CHECK(norm.nests[0].passes.size() == 3);
  CHECK(norm.nests[0].shared_axes == std::vector<std::size_t>{0});
  CHECK(!norm.nests[0].has_shared_lanes);
  CHECK(norm.scratch_floats == 0);

  const codegen::Schedule rows = schedule_of([](Builder& b) { return softmax({b, b.operand(0, {3, 5, 20})}, {2}); });
  REQUIRE(rows.nests.size() == 1);
  CHECK(rows.nests[0].passes.size() == 3);  // exp is stored by the pass that adds it up
  CHECK(rows.scratch_floats == 20);
}

TEST_CASE("channels computed from groups of channels are split into them") {
  const codegen::Schedule norm = schedule_of([](Builder& b) {
    const Value x{b, b.reshape(normalise({b, b.operand(0, {3, 2 * 5 * 7})}, {1}, 0.1), {6, 5, 7})};
    return x * Value{b, b.weight(0, {6, 1, 1})};
  });
  REQUIRE(norm.nests.size() == 1);
  CHECK(norm.nests[0].passes.size() == 3);
  CHECK(norm.stages.back().domain == Dims{3, 2, 35});
  CHECK(norm.scratch_floats == 0);
}

TEST_CASE("a reduction over outer axes has its lanes along the innermost one") {
  const codegen::Schedule schedule =
      schedule_of([](Builder& b) { return softmax({b, b.operand(0, {6, 9, 11})}, {0}); });
  REQUIRE(schedule.nests.size() == 1);
  CHECK(schedule.nests[0].has_shared_lanes);
  CHECK(schedule.nests[0].lanes == 8);
  CHECK(schedule.nests[0].block_floats == 32);
  CHECK(schedule.expression[schedule.stages[0].term].dims == Dims{1, 99});
  CHECK(schedule.scratch_floats == 6 * 32);
}

TEST_CASE("a pointwise expression is one flat loop without scratch, however many readers exp has") {
  const codegen::Schedule schedule = schedule_of([](Builder& b) {
    const Value e = exp(Value{b, b.operand(0, {3, 4, 5})});
    return e / (e + 1);
  });
  REQUIRE(schedule.stages.size() == 1);
  CHECK(schedule.stages[0].domain == Dims{60});
  CHECK(schedule.scratch_floats == 0);
}
