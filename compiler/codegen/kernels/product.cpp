#include "codegen/kernels/product.h"

#include <llvm/IR/Function.h>
#include <llvm/IR/Module.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "codegen/kernels/dense.h"
#include "codegen/kernels/kernel_builder.h"
#include "codegen/kernels/math.h"
#include "d2nn/rounding.h"

namespace d2nn::codegen {

namespace {

/// Scores of this many floats stay in the first-level cache between their softmax and their use.
constexpr std::int64_t score_floats = 8 * 1024;
constexpr std::int64_t least_queries = 8;

std::int64_t aligned(std::int64_t floats) {
  return round_up(floats, alignment_floats);
}

/// A matrix in memory that takes the place of a dense layer's weights: element (input, unit) stands at
/// input * input_stride + unit * unit_stride; one of the strides is 1.
struct Matrix {
  std::int64_t inputs, units;
  std::int64_t input_stride, unit_stride;
};

/// Emits what lays the matrix out in scratch and multiplies by it.
class Product {
 public:
  Product(llvm::Module& module, const Matrix& matrix, const TargetInfo& target, const std::string& name,
          const PointwiseStages& pointwise = {})
      : matrix_(matrix) {
    KernelProblem problem = problem_of(matrix);
    problem.pointwise = pointwise;
    block_ = dense_block(problem, target);
    blocks_ = ceil_div(matrix.units, block_);
    function_ = emit_dense_kernel(module, problem, target, name);
  }

  static std::int64_t packed_floats(const Matrix& matrix, const TargetInfo& target) {
    return round_up(matrix.units, dense_block(problem_of(matrix), target)) * (matrix.inputs + 1);
  }

  /// Lays out the matrix at `from`; the bias is zero. Lanes beyond the last unit hold anything: they are not stored.
  void pack(KernelBuilder& k, llvm::Value* from, llvm::Value* packed) const {
    if (matrix_.unit_stride != 1) {
      pack_lines(k, from, packed);
    } else if (block_ == 1) {
      pack_columns(k, from, packed);
    } else {
      pack_panels(k, from, packed);
    }
    copy_line(k, nullptr, k.at(packed, blocks_ * block_ * matrix_.inputs), blocks_ * block_);
  }

  /// dst [rows, units] = src [rows, inputs] x the matrix; `further`: operands of the pointwise stages, laid out as dst.
  void multiply(KernelBuilder& k, llvm::Value* src, std::int64_t src_stride, llvm::Value* rows, llvm::Value* dst,
                std::int64_t dst_stride, llvm::Value* packed, const Values& further = {}) const {
    auto& ir = k.ir();
    Values arguments{
        src,   k.index(src_stride), llvm::ConstantPointerNull::get(ir.getPtrTy()), rows, dst, k.index(dst_stride),
        packed};
    for (llvm::Value* operand : further) arguments.append({operand, k.index(dst_stride)});
    ir.CreateCall(function_, arguments);
  }

 private:
  static KernelProblem problem_of(const Matrix& matrix) {
    KernelProblem problem;
    problem.kind = ops::Kernel::dense;
    problem.in_c = matrix.inputs;
    problem.out_c = matrix.units;
    return problem;
  }

  /// Copies floats that stand one behind the other; zeros where `from` is null.
  static void copy_line(KernelBuilder& k, llvm::Value* from, llvm::Value* to, std::int64_t count) {
    const int lanes = k.lanes();
    const auto move = [&](llvm::Value* offset, std::int64_t valid) {
      llvm::Value* x =
          from == nullptr ? k.splat(0.0F, lanes) : k.load_lanes(k.at(from, offset), lanes, {0, valid}, 0.0F);
      k.store_first(x, k.at(to, offset), valid);
    };
    k.loop(count / lanes, [&](llvm::Value* i) { move(k.multiply(i, lanes), lanes); });
    if (count % lanes != 0) move(k.index(count / lanes * lanes), count % lanes);
  }

  /// Units stand one behind the other in memory and in the panels.
  void pack_panels(KernelBuilder& k, llvm::Value* from, llvm::Value* packed) const {
    const auto panel = [&](llvm::Value* block, std::int64_t units) {
      llvm::Value* source = k.at(from, k.multiply(block, block_));
      llvm::Value* target = k.at(packed, k.multiply(block, block_ * matrix_.inputs));
      k.loop(matrix_.inputs, [&](llvm::Value* input) {
        copy_line(k, k.at(source, k.multiply(input, matrix_.input_stride)), k.at(target, k.multiply(input, block_)),
                  units);
      });
    };
    const std::int64_t full = matrix_.units / block_;
    k.loop(full, [&](llvm::Value* block) { panel(block, block_); });
    if (full != blocks_) panel(k.index(full), matrix_.units - full * block_);
  }

  /// Inputs stand one behind the other in memory; with a block of 1 in the layout, too.
  void pack_lines(KernelBuilder& k, llvm::Value* from, llvm::Value* packed) const {
    auto& ir = k.ir();
    k.loop(matrix_.units, [&](llvm::Value* unit) {
      llvm::Value* line = k.at(from, k.multiply(unit, matrix_.unit_stride));
      if (block_ == 1) return copy_line(k, line, k.at(packed, k.multiply(unit, matrix_.inputs)), matrix_.inputs);
      llvm::Value* block = ir.CreateUDiv(unit, k.index(block_));
      llvm::Value* lane = ir.CreateURem(unit, k.index(block_));
      llvm::Value* to = k.at(packed, k.add(k.multiply(block, block_ * matrix_.inputs), lane));
      k.loop(matrix_.inputs,
             [&](llvm::Value* input) { k.store(k.load(k.at(line, input), 1), k.at(to, k.multiply(input, block_))); });
    });
  }

  void pack_columns(KernelBuilder& k, llvm::Value* from, llvm::Value* packed) const {
    k.loop(matrix_.units, [&](llvm::Value* unit) {
      llvm::Value* to = k.at(packed, k.multiply(unit, matrix_.inputs));
      k.loop(matrix_.inputs, [&](llvm::Value* input) {
        k.store(k.load(k.at(from, k.add(k.multiply(input, matrix_.input_stride), unit)), 1), k.at(to, input));
      });
    });
  }

  Matrix matrix_;
  std::int64_t block_ = 1;
  std::int64_t blocks_ = 1;
  llvm::Function* function_ = nullptr;
};

llvm::FunctionType* row_type(llvm::Module& module, std::size_t pointers) {
  llvm::LLVMContext& context = module.getContext();
  const std::vector<llvm::Type*> parameters(pointers, llvm::PointerType::getUnqual(context));
  return llvm::FunctionType::get(llvm::Type::getVoidTy(context), parameters, false);
}

Matrix right_side(const MatmulProblem& problem) {
  return {problem.k, problem.n, problem.n, 1};
}

class MatmulEmitter {
 public:
  MatmulEmitter(KernelBuilder& kernel, const MatmulProblem& problem, const Product& product)
      : k_(kernel), problem_(problem), product_(product) {
    for (std::size_t i = 0; i < problem.leading.size(); ++i) {
      if (problem.leading[i].right != 0) pack_depth_ = i + 1;
    }
  }

  void emit() { emit_axis(0, k_.index(0), k_.index(0), k_.index(0)); }

 private:
  /// Everything below the first `depth` axes; the numbers of the matrices there.
  void emit_axis(std::size_t depth, llvm::Value* left, llvm::Value* right, llvm::Value* result) {
    const auto [m, k, n] = std::array{problem_.m, problem_.k, problem_.n};
    llvm::Value* scratch = k_.argument(3);
    // The right side stays the same along the axes that are left.
    if (depth == pack_depth_) product_.pack(k_, k_.at(k_.argument(1), k_.multiply(right, k * n)), scratch);
    if (depth == problem_.leading.size()) {
      const auto matrix = [&](unsigned argument) { return k_.at(k_.argument(argument), k_.multiply(result, m * n)); };
      Values further;
      for (unsigned i = 0; i < further_operands(problem_.pointwise); ++i) further.push_back(matrix(4 + i));
      product_.multiply(k_, k_.at(k_.argument(0), k_.multiply(left, m * k)), k, k_.index(m), matrix(2), n, scratch,
                        further);
      return;
    }
    const MatmulProblem::Axis& axis = problem_.leading[depth];
    k_.loop(axis.size, [&](llvm::Value* i) {
      emit_axis(depth + 1, k_.add(left, k_.multiply(i, axis.left)), k_.add(right, k_.multiply(i, axis.right)),
                k_.add(k_.multiply(result, axis.size), i));
    });
  }

  KernelBuilder& k_;
  const MatmulProblem& problem_;
  const Product& product_;
  std::size_t pack_depth_ = 0;
};

}  // namespace

std::int64_t scratch_floats(const MatmulProblem& problem, const TargetInfo& target) {
  return Product::packed_floats(right_side(problem), target);
}

llvm::Function* emit_matmul_kernel(llvm::Module& module, const MatmulProblem& problem, const TargetInfo& target,
                                   const std::string& name) {
  const Product product(module, right_side(problem), target, name + ".product", problem.pointwise);
  KernelBuilder kernel(module, name, row_type(module, 4 + further_operands(problem.pointwise)), target, false);
  MatmulEmitter(kernel, problem, product).emit();
  return kernel.finish();
}

namespace {

class AttentionEmitter {
 public:
  /// How a problem is cut and where its scratch lies.
  struct Layout {
    Matrix keys, values;              // of one head
    std::int64_t score_stride, rows;  // queries that are done at once
    std::int64_t packed_keys, packed_values;

    Layout(const AttentionProblem& p, const TargetInfo& target)
        : keys{p.width / p.heads, p.keys, 1, p.width},
          values{p.keys, p.value_width / p.heads, p.value_width, 1},
          score_stride(round_up(p.keys, target.vector_floats)),
          rows(std::min(std::max(score_floats / score_stride, least_queries), p.queries)),
          packed_keys(aligned(Product::packed_floats(keys, target))),
          packed_values(aligned(Product::packed_floats(values, target))) {}
    std::int64_t scratch() const { return packed_keys + packed_values + rows * score_stride; }
  };

  AttentionEmitter(KernelBuilder& kernel, const AttentionProblem& problem, const Layout& layout, const Product& scores,
                   const Product& sums)
      : k_(kernel), p_(problem), layout_(layout), scores_(scores), sums_(sums) {}

  void emit() {
    llvm::Value* packed_keys = k_.argument(4);
    llvm::Value* packed_values = k_.at(packed_keys, layout_.packed_keys);
    llvm::Value* scores = k_.at(packed_values, layout_.packed_values);
    const std::int64_t depth = p_.width / p_.heads;
    const std::int64_t value_depth = p_.value_width / p_.heads;
    k_.loop(p_.heads, [&](llvm::Value* head) {
      llvm::Value* column = k_.multiply(head, depth);
      llvm::Value* value_column = k_.multiply(head, value_depth);
      scores_.pack(k_, k_.at(k_.argument(1), column), packed_keys);
      sums_.pack(k_, k_.at(k_.argument(2), value_column), packed_values);
      k_.loop_between(k_.index(0), k_.index(p_.queries), layout_.rows, [&](llvm::Value* first) {
        llvm::Value* left = k_.ir().CreateNSWSub(k_.index(p_.queries), first);
        llvm::Value* few = k_.ir().CreateICmpSLT(left, k_.index(layout_.rows));
        llvm::Value* count = k_.ir().CreateSelect(few, left, k_.index(layout_.rows));
        scores_.multiply(k_, k_.at(k_.argument(0), k_.add(k_.multiply(first, p_.width), column)), p_.width, count,
                         scores, layout_.score_stride, packed_keys);
        k_.loop_between(k_.index(0), count, 1, [&](llvm::Value* row) {
          softmax(k_.at(scores, k_.multiply(row, layout_.score_stride)), k_.add(first, row));
        });
        sums_.multiply(k_, scores, layout_.score_stride, count,
                       k_.at(k_.argument(3), k_.add(k_.multiply(first, p_.value_width), value_column)), p_.value_width,
                       packed_values);
      });
    });
  }

 private:
  /// Whether the lanes from `first` on are keys that the query sees.
  llvm::Value* seen(llvm::Value* first, llvm::Value* limit) {
    auto& ir = k_.ir();
    const auto lanes = static_cast<unsigned>(k_.lanes());
    llvm::Type* integers = llvm::FixedVectorType::get(ir.getInt32Ty(), lanes);
    llvm::Value* left = ir.CreateTrunc(ir.CreateNSWSub(limit, first), ir.getInt32Ty());
    return ir.CreateICmpSLT(ir.CreateStepVector(integers), ir.CreateVectorSplat(lanes, left));
  }

  /// The vectors of a row that hold keys, with values that are carried from one to the next of each of the `chains`:
  /// body(first key, whether all lanes are seen, value). What the last chains carry is given back.
  using RowBody = llvm::function_ref<llvm::Value*(llvm::Value* first, bool is_whole, llvm::Value* value)>;
  Values for_each_vector(llvm::Value* initial, RowBody body) {
    const std::int64_t lanes = k_.lanes();
    const std::int64_t whole = p_.is_causal ? 0 : p_.keys / lanes;
    const std::int64_t vectors = layout_.score_stride / lanes;
    Values values(chains, initial);
    const auto step = [&](llvm::Value* vector, bool is_whole, llvm::Value*& value) {
      value = body(k_.multiply(vector, lanes), is_whole, value);
    };
    const auto group = [&](std::int64_t begin, std::int64_t end, bool is_whole) {
      const std::int64_t rounds = (end - begin) / chains;
      values = k_.loop(rounds, values, [&](llvm::Value* round, const Values& carried) {
        Values next = carried;
        for (std::int64_t i = 0; i < chains; ++i) {
          step(k_.add(k_.multiply(round, chains), begin + i), is_whole, next[static_cast<std::size_t>(i)]);
        }
        return next;
      });
      for (std::int64_t v = begin + rounds * chains; v < end; ++v) step(k_.index(v), is_whole, values[0]);
    };
    group(0, whole, true);
    group(whole, vectors, false);
    return values;
  }

  /// Scores of a query to their softmax, in place; 0 for keys that it does not see. A score of NaN is not the greatest,
  /// but makes the sum NaN.
  void softmax(llvm::Value* row, llvm::Value* query) {
    auto& ir = k_.ir();
    const int lanes = k_.lanes();
    llvm::Value* limit = k_.index(p_.keys);
    if (p_.is_causal) {
      llvm::Value* behind = k_.add(query, 1);
      limit = ir.CreateSelect(ir.CreateICmpSLT(behind, limit), behind, limit);
    }
    const double depth = static_cast<double>(p_.width / p_.heads);
    llvm::Value* scale = k_.splat(static_cast<float>(1.0 / std::sqrt(depth)), lanes);
    llvm::Value* nothing = k_.splat(-std::numeric_limits<float>::infinity(), lanes);
    llvm::Value* zero = k_.splat(0.0F, lanes);
    const auto greater = [&](llvm::Value* a, llvm::Value* b) { return ir.CreateSelect(ir.CreateFCmpOGT(a, b), a, b); };
    Values greatest = for_each_vector(nothing, [&](llvm::Value* first, bool is_whole, llvm::Value* value) {
      llvm::Value* x = k_.load(k_.at(row, first), lanes);
      return greater(is_whole ? x : ir.CreateSelect(seen(first, limit), x, nothing), value);
    });
    llvm::Value* top = greater(greater(greatest[0], greatest[1]), greater(greatest[2], greatest[3]));
    top = ir.CreateVectorSplat(static_cast<unsigned>(lanes), k_.max_lanes(top));
    const Values sums = for_each_vector(zero, [&](llvm::Value* first, bool is_whole, llvm::Value* value) {
      llvm::Value* at = k_.at(row, first);
      llvm::Value* x = ir.CreateFMul(ir.CreateFSub(k_.load(at, lanes), top), scale);
      llvm::Value* e = emit_exp_of_negative(k_, x);
      if (!is_whole) e = ir.CreateSelect(seen(first, limit), e, zero);
      k_.store(e, at);
      return ir.CreateFAdd(value, e);
    });
    llvm::Value* sum = ir.CreateFAdd(ir.CreateFAdd(sums[0], sums[1]), ir.CreateFAdd(sums[2], sums[3]));
    llvm::Value* one = llvm::ConstantFP::get(ir.getFloatTy(), 1.0);
    llvm::Value* share = ir.CreateVectorSplat(static_cast<unsigned>(lanes), ir.CreateFDiv(one, k_.sum_lanes(sum)));
    k_.loop(layout_.score_stride / lanes, [&](llvm::Value* v) {
      llvm::Value* at = k_.at(row, k_.multiply(v, lanes));
      k_.store(ir.CreateFMul(k_.load(at, lanes), share), at);
    });
  }

  static constexpr std::int64_t chains = 4;  // sums, and maxima, that do not wait for each other

  KernelBuilder& k_;
  const AttentionProblem& p_;
  const Layout& layout_;
  const Product& scores_;
  const Product& sums_;
};

}  // namespace

std::int64_t scratch_floats(const AttentionProblem& problem, const TargetInfo& target) {
  return AttentionEmitter::Layout(problem, target).scratch();
}

llvm::Function* emit_attention_kernel(llvm::Module& module, const AttentionProblem& problem, const TargetInfo& target,
                                      const std::string& name) {
  const AttentionEmitter::Layout layout(problem, target);
  const Product scores(module, layout.keys, target, name + ".scores");
  const Product sums(module, layout.values, target, name + ".sums");
  KernelBuilder kernel(module, name, row_type(module, 5), target, false);
  AttentionEmitter(kernel, problem, layout, scores, sums).emit();
  return kernel.finish();
}

}  // namespace d2nn::codegen
