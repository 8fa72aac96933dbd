#include "unit/codegen_kernels/expression_runs.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <utility>

#include "codegen/expressions/emit_expression.h"
#include "unit/codegen_kernels/guarded_row.h"
#include "unit/expr/evaluate.h"

namespace d2nn::testing {

using codegen::ResultStore;
using expr::Expression;
using expr::Primitive;
using expr::test::Elements;

namespace {

constexpr std::size_t most_pointers = 12;

template <std::size_t... I>
void call_unpacked(void* kernel, const std::vector<float*>& pointers, std::index_sequence<I...>) {
  reinterpret_cast<void (*)(decltype(static_cast<void>(I), static_cast<float*>(nullptr))...)>(kernel)(pointers[I]...);
}

template <std::size_t Count>
void call_if_count(void* kernel, const std::vector<float*>& pointers) {
  if (pointers.size() == Count) return call_unpacked(kernel, pointers, std::make_index_sequence<Count>());
  if constexpr (Count < most_pointers) return call_if_count<Count + 1>(kernel, pointers);
  throw std::logic_error("more pointers than this test calls with");
}

// Leaves with numbers that f32 has, by kind and number.
expr::test::Leaves random_leaves(const NamedExpression& named, std::mt19937& random) {
  const Expression& expression = named.expression;
  expr::test::Leaves leaves;
  leaves.operands.resize(expression.operand_count());
  leaves.weights.resize(expression.weight_count());
  for (const expr::TermInfo& info : expression.terms) {
    if (info.primitive != Primitive::operand && info.primitive != Primitive::weight) continue;
    Elements& leaf = (info.primitive == Primitive::operand ? leaves.operands : leaves.weights)[info.index];
    if (!leaf.empty()) continue;
    leaf = expr::test::random_elements(info.dims, random, named.least, named.greatest);
    for (double& x : leaf) x = static_cast<float>(x);
  }
  return leaves;
}

using Rows = std::vector<std::unique_ptr<GuardedRow>>;

void add_rows(Rows& rows, const std::vector<Elements>& tensors, GuardedRow::Side side) {
  for (const Elements& tensor : tensors) {
    rows.push_back(std::make_unique<GuardedRow>(std::vector<float>(tensor.begin(), tensor.end()), side));
  }
}

std::string difference(const std::vector<float>& got, const Elements& want, double before) {
  double scale = 1;
  for (const double x : want) scale = std::max(scale, std::isfinite(x) ? std::abs(x) : 0);
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double expected = want[i] + before;
    const bool is_same = std::isfinite(expected) ? std::abs(got[i] - expected) <= 1e-5 * scale
                                                 : got[i] == expected || (std::isnan(expected) && std::isnan(got[i]));
    if (!is_same) {
      return "element " + std::to_string(i) + " is " + std::to_string(got[i]) + ", expected " + std::to_string(expected);
    }
  }
  return "";
}

std::string run(const NamedExpression& named, void* kernel, std::int64_t scratch_floats, ResultStore store,
                GuardedRow::Side side) {
  std::mt19937 random(1);
  const expr::test::Leaves leaves = random_leaves(named, random);
  const std::vector<Elements> wanted = expr::test::evaluate(named.expression, leaves);
  constexpr double before = 3;
  Rows rows;
  add_rows(rows, leaves.operands, side);
  add_rows(rows, leaves.weights, side);
  const std::size_t first_result = rows.size();
  for (const Elements& want : wanted) {
    rows.push_back(std::make_unique<GuardedRow>(want.size(), side));
    if (store == ResultStore::add) std::fill_n(rows.back()->data(), want.size(), static_cast<float>(before));
  }
  rows.push_back(std::make_unique<GuardedRow>(static_cast<std::size_t>(scratch_floats), side));
  std::vector<float*> pointers;
  for (const auto& row : rows) pointers.push_back(row->data());
  call_with_pointers(kernel, pointers);
  for (std::size_t result = 0; result < wanted.size(); ++result) {
    const std::string found =
        difference(rows[first_result + result]->values(), wanted[result], store == ResultStore::add ? before : 0);
    if (!found.empty()) return named.name + ", result " + std::to_string(result) + ": " + found;
  }
  return "";
}

}  // namespace

void call_with_pointers(void* kernel, const std::vector<float*>& pointers) {
  call_if_count<1>(kernel, pointers);
}

std::vector<CpuLevel> expression_levels() {
  std::vector<CpuLevel> levels = runnable_levels();
  if (levels[0].target.vector_floats < 16) levels.push_back({"native", {16, 32}});
  return levels;
}

std::string compare_with_naive(const std::vector<NamedExpression>& expressions, const CpuLevel& cpu, int level) {
  std::vector<EmitKernel> emitters;
  std::vector<std::int64_t> scratch;
  for (const NamedExpression& named : expressions) {
    if (const std::string wrong = expr::verify(named.expression); !wrong.empty()) return named.name + ": " + wrong;
    scratch.push_back(codegen::expression_scratch_floats(named.expression, cpu.target));
    for (const ResultStore store : {ResultStore::overwrite, ResultStore::add}) {
      emitters.emplace_back([&named, &cpu, store](llvm::Module& module, const std::string& name) {
        const std::vector<ResultStore> stores(named.expression.results.size(), store);
        return codegen::emit_expression(module, named.expression, stores, cpu.target, name).function;
      });
    }
  }
  const CompiledKernels kernels(emitters, cpu, level);
  for (std::size_t i = 0; i < emitters.size(); ++i) {
    for (const GuardedRow::Side side : {GuardedRow::Side::begin, GuardedRow::Side::end}) {
      const ResultStore store = i % 2 == 0 ? ResultStore::overwrite : ResultStore::add;
      const std::string found = run(expressions[i / 2], kernels.address(i), scratch[i / 2], store, side);
      if (!found.empty()) {
        return found + " on " + cpu.cpu + " with " + std::to_string(cpu.target.vector_floats) + " lanes at O" +
               std::to_string(level);
      }
    }
  }
  return "";
}

}  // namespace d2nn::testing
