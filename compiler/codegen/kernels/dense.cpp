// Dense layers for a list of rows, in two shapes. With many units a vector holds neighbouring units, inputs are
// broadcast and each sum runs over the inputs in order. With few units a vector holds neighbouring inputs of one unit,
// and its lanes are added at the end. In both, rows times units are blocked in registers, and how a sum is made does
// not depend on how many rows are done together, so that a row gets the same bits in every group.
#include "codegen/kernels/dense.h"

#include <algorithm>

#include "codegen/kernels/epilogue.h"

namespace d2nn::codegen {

namespace {

// Inputs whose weights are reused by all row groups before the next are taken, so that they stay in cache.
constexpr std::int64_t max_inputs_per_pass = 1024;
// The same where one call has many lines: what they share then stays in the first-level cache.
constexpr std::int64_t max_inputs_per_pass_of_many = 256;
constexpr std::int64_t many_places = 32;
constexpr std::int64_t max_block_vectors = 4;
constexpr std::int64_t max_rows = 8;
// Vectors of a dot product that are spelled out rather than looped over, times rows and units.
constexpr std::int64_t max_unrolled_products = 128;
// Weights beyond this do not stay in the second-level cache between two groups of rows: they are asked for ahead,
// across the end of a panel into the next, since panels follow each other. With many places they do not leave it.
constexpr std::int64_t streamed_floats = 64 * 1024;
constexpr std::int64_t floats_ahead = 2048;

/// Inputs of one unit; each of the out_h places has its own.
std::int64_t dense_inputs(const KernelProblem& problem) {
  return problem.in_c * problem.in_h * problem.in_w / problem.out_h;
}

class DenseEmitter {
 public:
  DenseEmitter(KernelBuilder& kernel, const KernelProblem& problem)
      : k_(kernel),
        problem_(problem),
        epilogue_(kernel, problem.pointwise),
        inputs_(dense_inputs(problem)),
        units_(problem.out_c),
        block_(dense_block(problem, kernel.target())),
        blocks_(ceil_div(units_, block_)),
        packed_(kernel.argument(6)),
        bias_(kernel.at(packed_, blocks_ * block_ * inputs_)) {
    rows_ = k_.argument(2);
    has_no_list_ = k_.ir().CreateIsNull(rows_);
    stand_in_ = k_.index_table("stand_in", llvm::SmallVector<std::int64_t, 1>{0});
  }

  void emit() {
    if (block_ == 1) {
      emit_dot_products();
    } else {
      emit_unit_vectors();
    }
  }

 private:
  struct Row {
    llvm::Value* src;
    llvm::Value* dst;
    llvm::SmallVector<llvm::Value*, 2> further;  // operands of the pointwise stages
  };

  // The row at a position of the list, without a branch: a missing list is replaced by one readable word.
  llvm::Value* row_number(llvm::Value* position) {
    auto& ir = k_.ir();
    llvm::Value* entry = ir.CreateGEP(ir.getInt32Ty(), rows_, position);
    llvm::Value* listed = ir.CreateLoad(ir.getInt32Ty(), ir.CreateSelect(has_no_list_, stand_in_, entry));
    return ir.CreateSelect(has_no_list_, position, ir.CreateSExt(listed, ir.getInt64Ty()));
  }
  Row row_at(llvm::Value* position) {
    llvm::Value* number = row_number(position);
    // An address and the stride behind it, among the arguments.
    const auto address = [&](unsigned base) {
      return k_.at(k_.argument(base), k_.ir().CreateNSWMul(number, k_.argument(base + 1)));
    };
    Row row{address(0), address(4), {}};
    for (unsigned i = 0; i < further_operands(problem_.pointwise); ++i) row.further.push_back(address(7 + 2 * i));
    return row;
  }

  using RowsBody = llvm::function_ref<void(const llvm::SmallVectorImpl<Row>&)>;

  // All rows in as few groups of at most `most` as there can be, sizes that differ by one at most: a small group reads
  // as many weights as a large one, so that seven rows cost less as 4 + 3 than as 6 + 1. The larger groups come first.
  void for_each_row_group(std::int64_t most, RowsBody body) {
    auto& ir = k_.ir();
    llvm::Value* count = k_.argument(3);
    llvm::Value* none = k_.index(0);
    llvm::Value* groups = ir.CreateUDiv(k_.add(count, most - 1), k_.index(most));
    groups = ir.CreateSelect(ir.CreateICmpEQ(groups, none), k_.index(1), groups);
    llvm::Value* least = ir.CreateUDiv(count, groups);
    llvm::Value* larger_rows = ir.CreateNSWMul(ir.CreateURem(count, groups), k_.add(least, 1));
    for (std::int64_t size = most; size >= 1; --size) {
      llvm::Value* is_least = ir.CreateICmpEQ(least, k_.index(size));
      llvm::Value* is_larger = ir.CreateICmpEQ(least, k_.index(size - 1));
      llvm::Value* begin = ir.CreateSelect(is_least, larger_rows, none);
      llvm::Value* end = ir.CreateSelect(is_least, count, ir.CreateSelect(is_larger, larger_rows, none));
      k_.loop_between(begin, end, size, [&](llvm::Value* first) {
        llvm::SmallVector<Row, 8> rows;
        for (std::int64_t i = 0; i < size; ++i) {
          rows.push_back(row_at(k_.add(first, i)));
        }
        body(rows);
      });
    }
  }

  // ---- vectors of units

  bool has_many_places() const { return problem_.out_h >= many_places; }
  bool streams_weights() const { return inputs_ * units_ > streamed_floats && !has_many_places(); }

  void emit_unit_vectors() {
    const std::int64_t vectors = block_ / k_.lanes();
    std::int64_t most = 1;
    while (most < max_rows && (most + 1) * vectors + std::min(most + 1, vectors) + 1 <= k_.target().vector_registers) {
      ++most;
    }
    // Equal passes, the last one longer by what does not divide.
    const std::int64_t passes =
        ceil_div(inputs_, has_many_places() ? max_inputs_per_pass_of_many : max_inputs_per_pass);
    const std::int64_t pass_inputs = inputs_ / passes;
    k_.loop(blocks_, [&](llvm::Value* block) {
      llvm::Value* weights = k_.at(packed_, k_.multiply(block, inputs_ * block_));
      // The sums of a pass wait in dst for the next one; the first begins with the bias, the last applies the
      // pointwise stages.
      const auto run_pass = [&](llvm::Value* pass, std::int64_t count, bool is_last) {
        for_each_row_group(most, [&](const llvm::SmallVectorImpl<Row>& rows) {
          emit_unit_group(rows, block, weights, {pass, k_.multiply(pass, pass_inputs), count, is_last, passes == 1});
        });
      };
      k_.loop(passes - 1, [&](llvm::Value* pass) { run_pass(pass, pass_inputs, false); });
      run_pass(k_.index(passes - 1), inputs_ - (passes - 1) * pass_inputs, true);
      if (epilogue_.is_cheap()) return;
      k_.loop_between(k_.index(0), k_.argument(3), 1, [&](llvm::Value* position) {
        const Row row = row_at(position);
        llvm::SmallVector<Part, 16> parts;
        for (std::int64_t v = 0; v < vectors; ++v) {
          llvm::Value* unit = k_.add(k_.multiply(block, block_), v * k_.lanes());
          parts.push_back({finish_units(load_units(row.dst, unit, v), row, unit, v), k_.at(row.dst, unit), v});
        }
        store_parts(parts, block);
      });
    });
  }

  // Some neighbouring inputs.
  struct Pass {
    llvm::Value* number;
    llvm::Value* first_input;
    std::int64_t count;
    bool is_last;
    bool is_only;
  };

  void emit_unit_group(const llvm::SmallVectorImpl<Row>& rows, llvm::Value* block, llvm::Value* weights,
                       const Pass& pass) {
    const int lanes = k_.lanes();
    const std::int64_t vectors = block_ / lanes;
    llvm::Value* first_unit = k_.multiply(block, block_);
    Values sums;
    for (const Row& row : rows) {
      for (std::int64_t v = 0; v < vectors; ++v) {
        llvm::Value* unit = k_.add(first_unit, v * lanes);
        llvm::Value* sum = k_.load(k_.at(bias_, unit), lanes);
        if (!pass.is_only) {
          llvm::Value* is_first = k_.ir().CreateICmpEQ(pass.number, k_.index(0));
          sum = k_.ir().CreateSelect(is_first, sum, load_units(row.dst, unit, v));
        }
        sums.push_back(sum);
      }
    }
    const auto step = [&](llvm::Value* input, Values& current) {
      llvm::Value* line = k_.at(weights, k_.multiply(input, block_));
      if (streams_weights()) k_.prefetch(k_.at(line, floats_ahead), block_);
      // What there is less of waits in registers: the sums leave room for that and one more.
      const auto weight_at = [&](std::int64_t v) { return k_.load(k_.at(line, v * lanes), lanes); };
      const auto input_of = [&](const Row& row) { return k_.load_splat(k_.at(row.src, input), lanes); };
      const auto add = [&](std::size_t row, std::int64_t v, llvm::Value* x, llvm::Value* weight) {
        llvm::Value*& sum = current[row * static_cast<std::size_t>(vectors) + static_cast<std::size_t>(v)];
        sum = k_.multiply_add(x, weight, sum);
      };
      Values held;
      if (static_cast<std::int64_t>(rows.size()) < vectors) {
        for (const Row& row : rows) held.push_back(input_of(row));
        for (std::int64_t v = 0; v < vectors; ++v) {
          llvm::Value* weight = weight_at(v);
          for (std::size_t row = 0; row < rows.size(); ++row) add(row, v, held[row], weight);
        }
      } else {
        for (std::int64_t v = 0; v < vectors; ++v) held.push_back(weight_at(v));
        for (std::size_t row = 0; row < rows.size(); ++row) {
          llvm::Value* x = input_of(rows[row]);
          for (std::int64_t v = 0; v < vectors; ++v) add(row, v, x, held[static_cast<std::size_t>(v)]);
        }
      }
    };
    // Few rows: several inputs per round, to spread the cost of the loop.
    const std::int64_t unroll = std::clamp<std::int64_t>(16 / static_cast<std::int64_t>(sums.size()), 1, 4);
    const std::int64_t rounds = pass.count / unroll;
    sums = k_.loop(rounds, sums, [&](llvm::Value* round, const Values& carried) {
      Values next = carried;
      for (std::int64_t i = 0; i < unroll; ++i) {
        step(k_.add(k_.add(pass.first_input, k_.multiply(round, unroll)), i), next);
      }
      return next;
    });
    for (std::int64_t i = rounds * unroll; i < pass.count; ++i) step(k_.add(pass.first_input, i), sums);
    llvm::SmallVector<Part, 16> parts;
    for (const Row& row : rows) {
      for (std::int64_t v = 0; v < vectors; ++v) {
        llvm::Value* unit = k_.add(first_unit, v * lanes);
        llvm::Value* sum = sums[parts.size()];
        if (pass.is_last && epilogue_.is_cheap()) sum = finish_units(sum, row, unit, v);
        parts.push_back({sum, k_.at(row.dst, unit), v});
      }
    }
    store_parts(parts, block);
  }

  llvm::Value* finish_units(llvm::Value* sums, const Row& row, llvm::Value* unit, std::int64_t v) {
    return epilogue_.apply(sums, [&](std::size_t operand, int) { return load_units(row.further[operand], unit, v); });
  }

  // Units of vector v of a block that exist: in the last block and in every other.
  std::int64_t last_count(std::int64_t v) const {
    return std::clamp<std::int64_t>(units_ - (blocks_ - 1) * block_ - v * k_.lanes(), 0, k_.lanes());
  }

  // Vectors that are cut or missing in the last block are told apart by a mask computed from the first unit.
  llvm::Value* units_mask(llvm::Value* first_unit) {
    auto& ir = k_.ir();
    const auto lanes = static_cast<unsigned>(k_.lanes());
    llvm::Type* integers = llvm::FixedVectorType::get(ir.getInt32Ty(), lanes);
    llvm::Value* steps = ir.CreateStepVector(integers);
    llvm::Value* limit = ir.CreateTrunc(ir.CreateNSWSub(k_.index(units_), first_unit), ir.getInt32Ty());
    return ir.CreateICmpSLT(steps, ir.CreateVectorSplat(lanes, limit));
  }

  llvm::Value* load_units(llvm::Value* row, llvm::Value* unit, std::int64_t v) {
    const int lanes = k_.lanes();
    if (last_count(v) == lanes) return k_.load(k_.at(row, unit), lanes);
    if (blocks_ == 1) return k_.load_lanes(k_.at(row, unit), lanes, {0, last_count(v)}, 0.0F);
    return k_.ir().CreateMaskedLoad(k_.vector_type(lanes), k_.at(row, unit), llvm::Align(4), units_mask(unit),
                                    k_.splat(0.0F, lanes));
  }

  /// Vector v of a block, and where it goes.
  struct Part {
    llvm::Value* value;
    llvm::Value* to;
    std::int64_t v;
  };

  // Vectors that are cut in the last block alone are whole everywhere else, and are told apart by a branch: masked
  // stores take tens of cycles on some processors.
  void store_parts(llvm::ArrayRef<Part> parts, llvm::Value* block) {
    const auto is_cut = [&](const Part& part) { return last_count(part.v) < k_.lanes(); };
    const auto store_cut = [&](bool is_last) {
      for (const Part& part : parts) {
        if (is_cut(part)) k_.store_first(part.value, part.to, is_last ? last_count(part.v) : k_.lanes());
      }
    };
    for (const Part& part : parts) {
      if (!is_cut(part)) k_.store(part.value, part.to);
    }
    if (llvm::none_of(parts, is_cut)) return;
    if (blocks_ == 1) return store_cut(true);
    k_.if_then(k_.ir().CreateICmpNE(block, k_.index(blocks_ - 1)), [&] { store_cut(false); });
    k_.if_then(k_.ir().CreateICmpEQ(block, k_.index(blocks_ - 1)), [&] { store_cut(true); });
  }

  // ---- dot products

  void emit_dot_products() {
    const std::int64_t vectors = ceil_div(inputs_, k_.lanes());
    const std::int64_t registers = k_.target().vector_registers;
    const std::int64_t budget = registers >= 32 ? 24 : 10;
    // Enough sums in flight for one row: units side by side, and for very few units several sums each.
    const std::int64_t tile = std::min<std::int64_t>(units_, registers >= 32 ? 8 : 4);
    const std::int64_t chains = std::clamp<std::int64_t>(8 / tile, 1, std::min<std::int64_t>(4, vectors));
    const std::int64_t most = std::clamp<std::int64_t>(budget / (tile * chains), 1, 4);
    for_each_row_group(most, [&](const llvm::SmallVectorImpl<Row>& rows) {
      k_.loop(units_ / tile, [&](llvm::Value* i) { emit_dot_group(rows, k_.multiply(i, tile), tile, chains); });
      if (units_ % tile != 0) emit_dot_group(rows, k_.index(units_ / tile * tile), units_ % tile, chains);
    });
    if (epilogue_.is_cheap()) return;
    k_.loop_between(k_.index(0), k_.argument(3), 1, [&](llvm::Value* position) {
      const Row row = row_at(position);
      for (std::int64_t unit = 0; unit < units_; unit += k_.lanes()) {
        const std::int64_t count = std::min<std::int64_t>(k_.lanes(), units_ - unit);
        const auto load = [&](llvm::Value* from, int lanes) {
          return k_.load_lanes(k_.at(from, unit), lanes, {0, count}, 0.0F);
        };
        llvm::Value* result =
            epilogue_.apply(load(row.dst, lanes_for(count, k_.lanes())),
                            [&](std::size_t operand, int lanes) { return load(row.further[operand], lanes); });
        k_.store_first(result, k_.at(row.dst, unit), count);
      }
    });
  }

  void emit_dot_group(const llvm::SmallVectorImpl<Row>& rows, llvm::Value* first_unit, std::int64_t units,
                      std::int64_t chains) {
    const int lanes = k_.lanes();
    const std::int64_t full = inputs_ / lanes;
    const auto row_count = static_cast<std::int64_t>(rows.size());
    llvm::Value* weights = k_.at(packed_, k_.multiply(first_unit, inputs_));
    const auto sum_at = [&](std::int64_t row, std::int64_t unit, std::int64_t chain) {
      return static_cast<std::size_t>((row * units + unit) * chains + chain);
    };
    Values sums(static_cast<std::size_t>(row_count * units * chains), k_.splat(0.0F, lanes));
    const auto step = [&](llvm::Value* input, std::int64_t chain, LaneRange valid, Values& current) {
      Values inputs;
      for (const Row& row : rows) inputs.push_back(k_.load_lanes(k_.at(row.src, input), lanes, valid, 0.0F));
      for (std::int64_t unit = 0; unit < units; ++unit) {
        llvm::Value* from = k_.at(weights, k_.add(input, unit * inputs_));
        llvm::Value* weight = k_.load_lanes(from, lanes, valid, 0.0F);
        for (std::int64_t row = 0; row < row_count; ++row) {
          llvm::Value*& sum = current[sum_at(row, unit, chain)];
          sum = k_.multiply_add(inputs[static_cast<std::size_t>(row)], weight, sum);
        }
      }
    };
    const LaneRange whole{0, lanes};
    std::int64_t done = 0;
    if (full * row_count * units > max_unrolled_products) {
      sums = k_.loop(full / chains, sums, [&](llvm::Value* round, const Values& carried) {
        Values next = carried;
        llvm::Value* base = k_.multiply(round, chains * lanes);
        for (std::int64_t chain = 0; chain < chains; ++chain) step(k_.add(base, chain * lanes), chain, whole, next);
        return next;
      });
      done = full / chains * chains;
    }
    for (; done < full; ++done) step(k_.index(done * lanes), done % chains, whole, sums);
    if (inputs_ % lanes != 0) step(k_.index(full * lanes), full % chains, {0, inputs_ % lanes}, sums);

    for (std::int64_t row = 0; row < row_count; ++row) {
      for (std::int64_t unit = 0; unit < units; ++unit) {
        llvm::Value* sum = sums[sum_at(row, unit, 0)];
        for (std::int64_t chain = 1; chain < chains; ++chain) {
          sum = k_.ir().CreateFAdd(sum, sums[sum_at(row, unit, chain)]);
        }
        llvm::Value* place = k_.add(first_unit, unit);
        llvm::Value* result =
            k_.ir().CreateFAdd(k_.sum_lanes(sum), k_.ir().CreateLoad(k_.ir().getFloatTy(), k_.at(bias_, place)));
        result = k_.ir().CreateVectorSplat(1, result);
        const Row& to = rows[static_cast<std::size_t>(row)];
        if (epilogue_.is_cheap()) {
          result = epilogue_.apply(
              result, [&](std::size_t operand, int) { return k_.load(k_.at(to.further[operand], place), 1); });
        }
        k_.store(result, k_.at(to.dst, place));
      }
    }
  }

  KernelBuilder& k_;
  const KernelProblem& problem_;
  Epilogue epilogue_;
  std::int64_t inputs_;
  std::int64_t units_;
  std::int64_t block_;
  std::int64_t blocks_;
  llvm::Value* packed_;
  llvm::Value* bias_;
  llvm::Value* rows_ = nullptr;
  llvm::Value* has_no_list_ = nullptr;
  llvm::Value* stand_in_ = nullptr;
};

}  // namespace

std::int64_t dense_block(const KernelProblem& problem, const TargetInfo& target) {
  const std::int64_t lanes = target.vector_floats;
  const std::int64_t inputs = dense_inputs(problem);
  const std::int64_t vectors = ceil_div(problem.out_c, lanes);
  if (problem.out_c < max_block_vectors * lanes && inputs >= 2 * lanes) return 1;
  // As wide as possible, among those the one that pads least.
  std::int64_t best = std::min(vectors, max_block_vectors);
  for (std::int64_t width = best; width >= 2; --width) {
    if (round_up(vectors, width) < round_up(vectors, best)) best = width;
  }
  return best * lanes;
}

void emit_dense(KernelBuilder& kernel, const KernelProblem& problem) {
  DenseEmitter(kernel, problem).emit();
}

}  // namespace d2nn::codegen
