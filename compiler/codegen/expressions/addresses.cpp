// TermEmitter: indices as instructions, and what loads and stores become by how their lanes lie: one splat, one vector,
// a vector and a shuffle, or a gather. Lanes that do not exist or whose conditions do not hold are never touched.
#include <algorithm>

#include "codegen/expressions/term_emitter.h"

namespace d2nn::codegen {

namespace {

const llvm::Align float_alignment(4);

}  // namespace

llvm::Value* TermEmitter::scalar(const Index& index) {
  if (index.is_constant()) return kernel_.index(index.offset);
  if (index.offset != 0) {
    Index sum = index;
    sum.offset = 0;
    return kernel_.add(scalar(sum), index.offset);
  }
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->indices.find(index);
    if (found != scope->indices.end()) return found->second;
  }
  llvm::Value* sum = nullptr;
  for (const auto& [variable, factor] : index.parts) {
    const Variables::Info& info = variables_[variable];
    llvm::Value* value = nullptr;
    if (info.divisor == 0) {
      value = counters_.at(variable);
    } else {
      llvm::Value* divisor = kernel_.index(info.divisor);
      llvm::Value* numerator = scalar(info.numerator);
      const bool is_negative = variables_.range(info.numerator).first < 0;  // below a pad: the value does not matter
      value = is_negative ? kernel_.ir().CreateSDiv(numerator, divisor) : kernel_.ir().CreateUDiv(numerator, divisor);
    }
    if (factor != 1) value = kernel_.multiply(value, factor);
    sum = sum == nullptr ? value : kernel_.add(sum, value);
  }
  scopes_.back().indices[index] = sum;
  return sum;
}

llvm::Value* TermEmitter::by_lane(const Index& index) {
  auto& ir = kernel_.ir();
  const auto lanes = static_cast<unsigned>(shape_.lanes);
  Index common(index.offset);
  llvm::Value* sum = nullptr;
  const auto add = [&](llvm::Value* value) { sum = sum == nullptr ? value : ir.CreateAdd(sum, value); };
  const auto splat = [&](std::int64_t value) { return ir.CreateVectorSplat(lanes, kernel_.index(value)); };
  for (const auto& [variable, factor] : index.parts) {
    if (!variables_.depends_on_lane(Index::of(variable))) {
      common = common + Index::of(variable, factor);
    } else if (variables_.is_of_lane_alone(variable)) {
      llvm::SmallVector<llvm::Constant*, 16> values;
      for (int lane = 0; lane < shape_.lanes; ++lane) {
        values.push_back(
            llvm::cast<llvm::Constant>(kernel_.index(variables_.value_in_lane(Index::of(variable, factor), lane))));
      }
      add(llvm::ConstantVector::get(values));
    } else {
      const Variables::Info& info = variables_[variable];
      llvm::Value* quotient = ir.CreateSDiv(by_lane(info.numerator), splat(info.divisor));
      add(ir.CreateMul(quotient, splat(factor)));
    }
  }
  if (sum == nullptr || !(common == Index())) add(ir.CreateVectorSplat(lanes, scalar(common)));
  return sum;
}

llvm::Value* TermEmitter::address(llvm::Value* base, const Index& flat) {
  Index sum = flat;
  sum.offset = 0;
  if (!sum.is_constant()) base = kernel_.at(base, scalar(sum));
  return kernel_.at(base, flat.offset);
}

llvm::Value* TermEmitter::existing_lanes() {
  llvm::SmallVector<llvm::Constant*, 16> mask;
  for (int lane = 0; lane < shape_.lanes; ++lane) mask.push_back(kernel_.ir().getInt1(lane < shape_.count));
  return llvm::ConstantVector::get(mask);
}

llvm::Value* TermEmitter::mask_of(const std::vector<Condition>& conditions) {
  auto& ir = kernel_.ir();
  const auto lanes = static_cast<unsigned>(shape_.lanes);
  llvm::Value* mask = nullptr;
  for (const Condition& condition : conditions) {
    // Below 0 is beyond any size as an unsigned number.
    llvm::Value* size = kernel_.index(condition.size);
    llvm::Value* holds = nullptr;
    if (variables_.depends_on_lane(condition.index)) {
      holds = ir.CreateICmpULT(by_lane(condition.index), ir.CreateVectorSplat(lanes, size));
    } else {
      holds = ir.CreateVectorSplat(lanes, ir.CreateICmpULT(scalar(condition.index), size));
    }
    mask = mask == nullptr ? holds : ir.CreateAnd(mask, holds);
  }
  return mask;
}

llvm::Value* TermEmitter::gather(llvm::Value* base, const Index& flat, const std::vector<Condition>& conditions) {
  auto& ir = kernel_.ir();
  llvm::Value* pointers = ir.CreateGEP(ir.getFloatTy(), base, by_lane(flat));
  llvm::Value* mask = existing_lanes();
  if (!conditions.empty()) mask = ir.CreateAnd(mask, mask_of(conditions));
  return ir.CreateMaskedGather(kernel_.vector_type(shape_.lanes), pointers, float_alignment, mask,
                               kernel_.splat(0.0F, shape_.lanes));
}

// Lane i is the float at base + offsets[i]; all of them are within two vectors.
llvm::Value* TermEmitter::load_near(llvm::Value* base, const llvm::SmallVectorImpl<std::int64_t>& offsets) {
  const auto [least, greatest] = std::minmax_element(offsets.begin(), offsets.end());
  const std::int64_t extent = *greatest - *least + 1;
  const int lanes = shape_.lanes;
  base = kernel_.at(base, *least);
  llvm::Value* low = kernel_.load_lanes(base, lanes, {0, extent}, 0.0F);
  llvm::Value* high = low;
  if (extent > lanes) high = kernel_.load_lanes(kernel_.at(base, lanes), lanes, {0, extent - lanes}, 0.0F);
  llvm::SmallVector<int, 16> places;
  for (const std::int64_t offset : offsets) places.push_back(static_cast<int>(offset - *least));
  places.resize(static_cast<std::size_t>(lanes), -1);
  return kernel_.ir().CreateShuffleVector(low, high, places);
}

// Whether load() would gather although lanes stand at equal distances.
bool TermEmitter::is_scattered(const Index& flat) const {
  std::int64_t distance = 0;
  for (const auto& [variable, factor] : flat.parts) {
    if (variable == lane_variable) {
      distance = factor;
    } else if (variables_.depends_on_lane(Index::of(variable))) {
      return false;
    }
  }
  return distance * (shape_.lanes - 1) >= 2 * shape_.lanes;
}

void TermEmitter::load_transposed(const std::vector<Reading>& places) {
  const Index first = flat_index_of(places[0]);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!(flat_index_of(places[i]) == first + static_cast<std::int64_t>(i))) return;
  }
  std::int64_t distance = 0;
  for (const auto& [variable, factor] : first.parts) {
    if (variable == lane_variable) distance = factor;
  }
  const Index common = first - Index::of(lane_variable, distance);
  llvm::Value* base = leaf_base(places[0]);
  const int lanes = shape_.lanes;
  std::vector<llvm::Value*> rows(static_cast<std::size_t>(lanes), llvm::PoisonValue::get(kernel_.vector_type(lanes)));
  for (std::int64_t lane = 0; lane < shape_.count; ++lane) {
    rows[static_cast<std::size_t>(lane)] = kernel_.load_lanes(address(base, common + lane * distance), lanes,
                                                              {0, static_cast<std::int64_t>(places.size())}, 0.0F);
  }
  transpose(rows);
  for (std::size_t i = 0; i < places.size(); ++i) scopes_.back().values[{places[i], lanes}] = rows[i];
}

// As many vectors as they have lanes. In each step, blocks of `size` lanes beside the diagonal change places, for
// blocks of 1, 2, 4 ...: Eklundh, A Fast Computer Method for Matrix Transposing.
void TermEmitter::transpose(std::vector<llvm::Value*>& rows) {
  const std::size_t lanes = rows.size();
  for (std::size_t size = 1; size < lanes; size *= 2) {
    llvm::SmallVector<int, 16> upper, lower;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const bool is_second = (lane & size) != 0;
      upper.push_back(static_cast<int>(is_second ? lanes + lane - size : lane));
      lower.push_back(static_cast<int>(is_second ? lanes + lane : lane + size));
    }
    for (std::size_t row = 0; row < lanes; ++row) {
      if ((row & size) != 0) continue;
      llvm::Value* a = rows[row];
      llvm::Value* b = rows[row + size];
      rows[row] = kernel_.ir().CreateShuffleVector(a, b, upper);
      rows[row + size] = kernel_.ir().CreateShuffleVector(a, b, lower);
    }
  }
}

llvm::Value* TermEmitter::load(llvm::Value* base, const Index& flat, const std::vector<Condition>& conditions) {
  auto& ir = kernel_.ir();
  const int lanes = shape_.lanes;
  Index common(flat.offset);
  Index of_lane;
  for (const auto& [variable, factor] : flat.parts) {
    if (!variables_.depends_on_lane(Index::of(variable))) {
      common = common + Index::of(variable, factor);
    } else if (variables_.is_of_lane_alone(variable)) {
      of_lane = of_lane + Index::of(variable, factor);
    } else {
      return gather(base, flat, conditions);
    }
  }
  if (of_lane.is_constant()) {
    return conditions.empty() ? kernel_.load_splat(address(base, flat), lanes) : gather(base, flat, conditions);
  }
  llvm::SmallVector<std::int64_t, 16> offsets;
  bool is_contiguous = true;
  for (std::int64_t lane = 0; lane < shape_.count; ++lane) {
    offsets.push_back(variables_.value_in_lane(of_lane, lane));
    is_contiguous &= offsets.back() == lane;
  }
  if (is_contiguous && conditions.empty()) {
    return kernel_.load_lanes(address(base, common), lanes, {0, shape_.count}, 0.0F);
  }
  if (is_contiguous) {
    llvm::Value* mask = ir.CreateAnd(existing_lanes(), mask_of(conditions));
    return ir.CreateMaskedLoad(kernel_.vector_type(lanes), address(base, common), float_alignment, mask,
                               kernel_.splat(0.0F, lanes));
  }
  const auto [least, greatest] = std::minmax_element(offsets.begin(), offsets.end());
  if (conditions.empty() && *greatest - *least < 2 * lanes) return load_near(address(base, common), offsets);
  return gather(base, flat, conditions);
}

void TermEmitter::store(llvm::Value* value, llvm::Value* base, const Index& flat) {
  Index common = flat;
  const bool has_lanes = variables_.depends_on_lane(flat);
  if (!has_lanes) {
    llvm::Value* number = kernel_.ir().CreateExtractElement(value, std::uint64_t{0});
    kernel_.ir().CreateAlignedStore(number, address(base, common), float_alignment);
    return;
  }
  common = common - Index::of(lane_variable);
  kernel_.store_first(with_lanes(value, shape_.lanes), address(base, common), shape_.count);
}

}  // namespace d2nn::codegen
