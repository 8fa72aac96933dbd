// See term_emitter.h. Memory is in addresses.cpp.
#include "codegen/expressions/term_emitter.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "diag/internal_error.h"

namespace d2nn::codegen {

using expr::Primitive;
using expr::Term;
using expr::TermInfo;

namespace {

std::vector<char> stored_flags(const Schedule& schedule) {
  std::vector<char> flags;
  for (const int stage : schedule.stage_of_term) flags.push_back(stage >= 0 ? 1 : 0);
  return flags;
}

}  // namespace

TermEmitter::TermEmitter(KernelBuilder& kernel, const Schedule& schedule, Pointers pointers)
    : kernel_(kernel),
      schedule_(schedule),
      pointers_(std::move(pointers)),
      arithmetic_(kernel, schedule.expression, stored_flags(schedule)),
      shape_{kernel.lanes(), kernel.lanes()} {
  scopes_.emplace_back();
}

void TermEmitter::open_scope() {
  scopes_.emplace_back();
}

void TermEmitter::close_scope() {
  for (const Variable counter : scopes_.back().counters) counters_.erase(counter);
  scopes_.pop_back();
}

void TermEmitter::bind(Variable counter, llvm::Value* value) {
  counters_[counter] = value;
  scopes_.back().counters.push_back(counter);
}

void TermEmitter::set_shape(VectorShape shape) {
  shape_ = shape;
  variables_.narrow_lane(shape.count);
}

bool TermEmitter::is_open(const Index& index) const {
  return std::all_of(index.parts.begin(), index.parts.end(), [&](const auto& part) {
    if (part.first == lane_variable) return true;
    const Variables::Info& info = variables_[part.first];
    return info.divisor != 0 ? is_open(info.numerator) : counters_.count(part.first) != 0;
  });
}

bool TermEmitter::is_open(const Reading& reading) const {
  return std::all_of(reading.place.begin(), reading.place.end(), [&](const Index& index) { return is_open(index); }) &&
         std::all_of(reading.conditions.begin(), reading.conditions.end(),
                     [&](const Condition& condition) { return is_open(condition.index); });
}

bool TermEmitter::is_uniform(const Reading& reading) const {
  return std::none_of(reading.place.begin(), reading.place.end(),
                      [&](const Index& index) { return variables_.depends_on_lane(index); }) &&
         std::none_of(reading.conditions.begin(), reading.conditions.end(),
                      [&](const Condition& condition) { return variables_.depends_on_lane(condition.index); });
}

llvm::Value* TermEmitter::find(const Key& key) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->values.find(key);
    if (found != scope->values.end()) return found->second;
  }
  return nullptr;
}

llvm::Value* TermEmitter::with_lanes(llvm::Value* vector, int lanes) {
  const auto width = static_cast<int>(llvm::cast<llvm::FixedVectorType>(vector->getType())->getNumElements());
  if (width == lanes) return vector;
  llvm::SmallVector<int, 16> low(static_cast<std::size_t>(lanes));
  std::iota(low.begin(), low.end(), 0);
  return kernel_.ir().CreateShuffleVector(vector, low);
}

llvm::Value* TermEmitter::value(const Reading& reading) {
  if (const auto number = number_of(schedule_.expression, reading.term)) return kernel_.splat(*number, shape_.lanes);
  // What is the same for all lanes is made once, as wide as vectors are.
  const bool uniform = is_uniform(reading);
  Key key{reading, uniform ? kernel_.lanes() : shape_.lanes};
  if (llvm::Value* known = find(key)) return with_lanes(known, shape_.lanes);
  if (!reading.conditions.empty()) {  // what is known everywhere is known where the conditions hold
    const Reading anywhere{reading.term, reading.place, {}};
    llvm::Value* known = find({anywhere, is_uniform(anywhere) ? kernel_.lanes() : shape_.lanes});
    if (known != nullptr) return with_lanes(known, shape_.lanes);
  }
  const VectorShape shape = shape_;
  if (uniform) shape_ = {kernel_.lanes(), kernel_.lanes()};
  llvm::Value* result = emit_value(reading);
  shape_ = shape;
  scopes_.back().values[std::move(key)] = result;
  return with_lanes(result, shape_.lanes);
}

llvm::Value* TermEmitter::emit_value(const Reading& reading) {
  const TermInfo& info = schedule_.expression[reading.term];
  if (info.primitive == Primitive::operand || info.primitive == Primitive::weight) {
    return load(leaf_base(reading), flat_index_of(reading), reading.conditions);
  }
  const int stage = schedule_.stage_of_term[reading.term.index];
  if (stage >= 0) return load_stage(schedule_.stages[static_cast<std::size_t>(stage)], reading);
  return definition(reading);
}

llvm::Value* TermEmitter::definition(const Reading& reading) {
  const TermInfo& info = schedule_.expression[reading.term];
  const expr::Family family = expr::family(info.primitive);
  if (family == expr::Family::leaf) return value(reading);
  if (info.primitive == Primitive::pad) return padded(reading);
  if (family == expr::Family::movement) return value(operands_of(schedule_.expression, reading, variables_)[0]);
  return arithmetic_.emit(reading.term, shape_.lanes,
                          [&](Term term) { return value({term, reading.place, reading.conditions}); });
}

llvm::Value* TermEmitter::padded(const Reading& reading) {
  const Reading inner = operands_of(schedule_.expression, reading, variables_)[0];
  if (inner.conditions == reading.conditions) return value(inner);
  llvm::Value* padding = kernel_.splat(schedule_.expression[reading.term].number, shape_.lanes);
  return kernel_.ir().CreateSelect(mask_of(inner.conditions), value(inner), padding);
}

llvm::Value* TermEmitter::add_to(llvm::Value* sum, const Reading& reading) {
  if (is_uniform(reading)) return kernel_.ir().CreateFAdd(sum, value(reading));
  return arithmetic_.add_to(sum, reading.term,
                            [&](Term term) { return value({term, reading.place, reading.conditions}); });
}

void TermEmitter::remember(Term term, const Place& place, llvm::Value* value) {
  const Reading reading{term, place, {}};
  const bool uniform = is_uniform(reading);
  scopes_.back().values[{reading, uniform ? kernel_.lanes() : shape_.lanes}] = value;
}

void TermEmitter::hoist(const Reading& reading) {
  std::set<Reading> seen;
  hoist_operands(reading, seen);
}

void TermEmitter::hoist_operands(const Reading& reading, std::set<Reading>& seen) {
  for (const Reading& operand : operands_of(schedule_.expression, reading, variables_)) {
    if (number_of(schedule_.expression, operand.term) || !seen.insert(operand).second) continue;
    if (is_open(operand)) {
      value(operand);
    } else if (schedule_.stage_of_term[operand.term.index] < 0) {
      hoist_operands(operand, seen);
    }
  }
}

llvm::Value* TermEmitter::leaf_base(const Reading& leaf) const {
  const TermInfo& info = schedule_.expression[leaf.term];
  return (info.primitive == Primitive::operand ? pointers_.operands : pointers_.weights)[info.index];
}

Index TermEmitter::flat_index_of(const Reading& leaf) const {
  return flat_index(leaf.place, strides_of(schedule_.expression[leaf.term].dims));
}

std::vector<Reading> TermEmitter::scattered_leaves(const Reading& reading) {
  std::set<Reading> seen;
  std::vector<Reading> leaves;
  collect_scattered(reading, seen, leaves);
  return leaves;
}

void TermEmitter::collect_scattered(const Reading& reading, std::set<Reading>& seen, std::vector<Reading>& leaves) {
  if (!seen.insert(reading).second) return;
  const Primitive primitive = schedule_.expression[reading.term].primitive;
  if (primitive == Primitive::operand || primitive == Primitive::weight) {
    if (reading.conditions.empty() && is_scattered(flat_index_of(reading))) leaves.push_back(reading);
    return;
  }
  for (const Reading& operand : operands_of(schedule_.expression, reading, variables_)) {
    if (schedule_.stage_of_term[operand.term.index] < 0) collect_scattered(operand, seen, leaves);
  }
}

llvm::Value* TermEmitter::load_stage(const Stage& stage, const Reading& reading) {
  if (stage.storage == Storage::none) {
    throw diag::InternalError("emit_expression: term %" + std::to_string(stage.term.index) +
                              " is read where it was not computed");
  }
  return load(kernel_.at(pointers_.scratch, stage.scratch_offset), stored_index(stage, reading.place),
              reading.conditions);
}

void TermEmitter::store_in_scratch(const Stage& stage, const Place& place, llvm::Value* value) {
  if (stage.storage == Storage::none) return;
  store(value, kernel_.at(pointers_.scratch, stage.scratch_offset), stored_index(stage, place));
}

Index TermEmitter::stored_index(const Stage& stage, const Place& place) const {
  Index flat = flat_index(place, stage.strides);
  const Nest& nest = schedule_.nests[stage.nest];
  if (stage.storage == Storage::round && nest.has_shared_lanes) {
    flat = flat - block_base_ * stage.strides[nest.shared_axes.back()];
  }
  return flat;
}

}  // namespace d2nn::codegen
