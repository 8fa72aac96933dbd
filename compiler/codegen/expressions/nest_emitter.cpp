// See nest_emitter.h. Reductions keep several sums per result so that additions do not wait for each other: one per
// vector of the block, or, where lanes are reduced or blocks are small, one per step of the innermost loop.
#include "codegen/expressions/nest_emitter.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace d2nn::codegen {

namespace {

/// Floats of a cache line.
constexpr std::int64_t line_floats = 16;
/// Fewer neighbours than this are not worth transposing.
constexpr std::int64_t least_tile = 4;

float neutral(const expr::TermInfo& reduction) {
  return reduction.primitive == expr::Primitive::max ? -std::numeric_limits<float>::infinity() : 0.0F;
}

bool contains(const std::vector<std::size_t>& axes, std::size_t axis) {
  return std::find(axes.begin(), axes.end(), axis) != axes.end();
}

}  // namespace

NestEmitter::NestEmitter(KernelBuilder& kernel, const Schedule& schedule, Pointers pointers,
                         std::vector<llvm::Value*> results, const std::vector<ResultStore>& stores)
    : kernel_(kernel),
      schedule_(schedule),
      terms_(kernel, schedule, std::move(pointers)),
      results_(std::move(results)),
      stores_(stores) {
  std::size_t rank = 0;
  for (const Stage& stage : schedule.stages) rank = std::max(rank, stage.domain.size());
  position_.resize(rank);
}

void NestEmitter::emit(const Nest& nest) {
  if (const auto axis = axis_of_tiles(nest)) {
    emit_tiles(nest, *axis, 0);
  } else {
    emit_shared(nest, 0);
  }
}

NestEmitter::PassLoops NestEmitter::loops_of(const Nest& nest, const Pass& pass) const {
  PassLoops loops;
  loops.pass = &pass;
  loops.domain = &stage(pass.stages[0]).domain;
  std::vector<char> is_reduced(loops.domain->size(), 0);
  for (const std::size_t index : pass.stages) {
    if (!stage(index).is_reduction) continue;
    is_reduced = stage(index).is_reduced;
    loops.has_reductions = true;
  }
  std::size_t innermost = loops.domain->size();
  while (innermost > 0 && (*loops.domain)[innermost - 1] == 1) --innermost;
  if (nest.has_shared_lanes) {
    loops.lane_axis = static_cast<int>(nest.shared_axes.back());
    loops.lanes = nest.lanes;
  } else if (innermost > 0 && !contains(nest.shared_axes, innermost - 1)) {
    loops.lane_axis = static_cast<int>(innermost) - 1;
    loops.has_own_lanes = true;
    loops.reduces_lanes = is_reduced[innermost - 1] != 0;
    loops.lanes = lanes_for((*loops.domain)[innermost - 1], kernel_.lanes());
  }
  for (std::size_t axis = 0; axis < loops.domain->size(); ++axis) {
    if ((*loops.domain)[axis] == 1 || contains(nest.shared_axes, axis)) continue;
    if (is_reduced[axis] != 0) {
      loops.reduced.push_back(axis);
    } else if (static_cast<int>(axis) != loops.lane_axis) {
      loops.kept.push_back(axis);
    }
  }
  return loops;
}

Values NestEmitter::count(std::int64_t rounds, const Values& carried,
                          llvm::function_ref<Values(const Index& round, const Values& carried)> body) {
  if (rounds == 0) return carried;
  if (rounds == 1) return body(Index(), carried);
  const Variable counter = terms_.variables().counter(rounds);
  return kernel_.loop(rounds, carried, [&](llvm::Value* round, const Values& values) {
    terms_.open_scope();
    terms_.bind(counter, round);
    Values results = body(Index::of(counter), values);
    terms_.close_scope();
    return results;
  });
}

void NestEmitter::for_each_group(std::int64_t extent, int lanes, std::int64_t vectors,
                                 llvm::function_ref<void(const Index& base, Blocks blocks)> body) {
  const std::int64_t step = vectors * lanes;
  const std::int64_t rounds = extent / step;
  const auto group = [&](const Index& base, std::int64_t floats) {
    llvm::SmallVector<Block, 4> blocks;
    for (std::int64_t offset = 0; offset < floats; offset += lanes) {
      const std::int64_t rest = std::min<std::int64_t>(lanes, floats - offset);
      blocks.push_back({base + offset, {lanes_for(rest, lanes), rest}});
    }
    body(base, blocks);
  };
  count(rounds, {}, [&](const Index& round, const Values&) {
    group(round * step, step);
    return Values{};
  });
  if (extent > rounds * step) group(rounds * step, extent - rounds * step);
}

void NestEmitter::open(const PassLoops& loops, const Block& block) {
  terms_.set_shape(block.shape);
  if (loops.lane_axis >= 0 && !loops.reduces_lanes) {
    position_[static_cast<std::size_t>(loops.lane_axis)] = block.start + Index::of(lane_variable);
  }
}

void NestEmitter::hoist(const PassLoops& loops, const std::vector<std::size_t>& closed_axes, Blocks blocks) {
  const Block no_block{{}, full_shape()};
  for (const Block& block : blocks.empty() ? Blocks(no_block) : blocks) {
    const Place position = position_;
    open(loops, block);
    for (const std::size_t axis : closed_axes) {
      if ((*loops.domain)[axis] > 1) position_[axis] = Index::of(terms_.variables().counter((*loops.domain)[axis]));
    }
    for (const std::size_t index : loops.pass->stages) {
      const Stage& s = stage(index);
      if (s.is_reduction && schedule_.stage_of_term[s.source.index] >= 0) continue;
      terms_.hoist(reading_of(s));
    }
    position_ = position;
  }
}

void NestEmitter::emit_shared(const Nest& nest, std::size_t depth) {
  if (depth == nest.shared_axes.size()) {
    for (const Pass& pass : nest.passes) emit_kept(loops_of(nest, pass), 0, {});
    return;
  }
  for (const Pass& pass : nest.passes) {
    const PassLoops loops = loops_of(nest, pass);
    std::vector<std::size_t> closed(nest.shared_axes.begin() + static_cast<long>(depth), nest.shared_axes.end());
    for (std::size_t axis = 0; axis < loops.domain->size(); ++axis) {
      if (!contains(nest.shared_axes, axis)) closed.push_back(axis);
    }
    hoist(loops, closed, {});
  }
  const std::size_t axis = nest.shared_axes[depth];
  const std::int64_t extent = stage(nest.passes[0].stages[0]).domain[axis];
  if (nest.has_shared_lanes && depth + 1 == nest.shared_axes.size()) {
    for_each_group(extent, nest.lanes, vectors_in_flight, [&](const Index& base, Blocks blocks) {
      terms_.begin_block(base);
      for (const Pass& pass : nest.passes) emit_kept(loops_of(nest, pass), 0, blocks);
    });
  } else {
    count(extent, {}, [&](const Index& round, const Values&) {
      position_[axis] = round;
      emit_shared(nest, depth + 1);
      return Values{};
    });
  }
  position_[axis] = Index();
}

std::optional<std::size_t> NestEmitter::axis_of_tiles(const Nest& nest) {
  if (!nest.has_shared_lanes || nest.passes.size() != 1) return std::nullopt;
  const PassLoops loops = loops_of(nest, nest.passes[0]);
  if (loops.has_reductions || !loops.kept.empty()) return std::nullopt;
  const Place before = position_;
  std::vector<Variable> counters(loops.domain->size(), lane_variable);
  for (const std::size_t axis : nest.shared_axes) {
    counters[axis] = terms_.variables().counter((*loops.domain)[axis]);
    position_[axis] = Index::of(counters[axis]);
  }
  open(loops, {{}, {nest.lanes, nest.lanes}});
  std::optional<std::size_t> found;
  for (const std::size_t index : loops.pass->stages) {
    for (const Reading& leaf : terms_.scattered_leaves(reading_of(stage(index)))) {
      for (const auto& [variable, factor] : terms_.flat_index_of(leaf).parts) {
        const auto counter = std::find(counters.begin(), counters.end(), variable);
        if (factor != 1 || variable == lane_variable || counter == counters.end()) continue;
        const auto axis = static_cast<std::size_t>(counter - counters.begin());
        if ((*loops.domain)[axis] >= least_tile) found = axis;
      }
    }
  }
  position_ = before;
  return found;
}

void NestEmitter::emit_tiles(const Nest& nest, std::size_t tiled_axis, std::size_t depth) {
  const PassLoops loops = loops_of(nest, nest.passes[0]);
  const expr::Dims& domain = *loops.domain;
  const std::size_t lane_axis = nest.shared_axes.back();
  while (depth < nest.shared_axes.size() && nest.shared_axes[depth] == tiled_axis) ++depth;
  if (const std::size_t axis = nest.shared_axes[depth]; axis != lane_axis) {
    count(domain[axis], {}, [&](const Index& round, const Values&) {
      position_[axis] = round;
      emit_tiles(nest, tiled_axis, depth + 1);
      return Values{};
    });
    position_[axis] = Index();
    return;
  }
  // A whole cache line of what is read, for each lane.
  const std::int64_t vectors = std::max<std::int64_t>(1, line_floats / nest.lanes);
  for_each_group(domain[tiled_axis], nest.lanes, vectors, [&](const Index&, Blocks tiles) {
    for_each_group(domain[lane_axis], nest.lanes, 1, [&](const Index&, Blocks blocks) {
      for (const Block& tile : tiles) emit_tile(loops, tiled_axis, tile, blocks[0]);
    });
  });
  position_[tiled_axis] = position_[lane_axis] = Index();
}

void NestEmitter::emit_tile(const PassLoops& loops, std::size_t tiled_axis, const Block& tile, const Block& block) {
  open(loops, block);
  // Partial vectors of lanes are narrower than those of the tile.
  for (std::int64_t first = 0; first < tile.shape.count; first += block.shape.lanes) {
    const std::int64_t rows = std::min<std::int64_t>(block.shape.lanes, tile.shape.count - first);
    for (const std::size_t index : loops.pass->stages) {
      std::vector<std::vector<Reading>> leaves;  // by leaf and row
      for (std::int64_t row = 0; row < rows; ++row) {
        position_[tiled_axis] = tile.start + (first + row);
        const std::vector<Reading> of_row = terms_.scattered_leaves(reading_of(stage(index)));
        leaves.resize(of_row.size());
        for (std::size_t leaf = 0; leaf < of_row.size(); ++leaf) leaves[leaf].push_back(of_row[leaf]);
      }
      for (const std::vector<Reading>& leaf : leaves) terms_.load_transposed(leaf);
    }
    for (std::int64_t row = 0; row < rows; ++row) {
      position_[tiled_axis] = tile.start + (first + row);
      emit_pointwise(loops, block);
    }
  }
}

Reading NestEmitter::reading_of(const Stage& stage) const {
  return {stage.source, Place(position_.begin(), position_.begin() + static_cast<long>(stage.domain.size())), {}};
}

void NestEmitter::emit_kept(const PassLoops& loops, std::size_t depth, Blocks blocks) {
  const bool has_lane_loop = loops.has_own_lanes && !loops.reduces_lanes;
  if (depth == loops.kept.size() && !has_lane_loop) return emit_round(loops, blocks);
  std::vector<std::size_t> closed(loops.kept.begin() + static_cast<long>(depth), loops.kept.end());
  closed.insert(closed.end(), loops.reduced.begin(), loops.reduced.end());
  if (has_lane_loop) closed.push_back(static_cast<std::size_t>(loops.lane_axis));
  hoist(loops, closed, blocks);
  if (depth < loops.kept.size()) {
    const std::size_t axis = loops.kept[depth];
    count((*loops.domain)[axis], {}, [&](const Index& round, const Values&) {
      position_[axis] = round;
      emit_kept(loops, depth + 1, blocks);
      return Values{};
    });
    position_[axis] = Index();
    return;
  }
  const auto lane_axis = static_cast<std::size_t>(loops.lane_axis);
  for_each_group((*loops.domain)[lane_axis], loops.lanes, vectors_in_flight,
                 [&](const Index&, Blocks own_blocks) { emit_round(loops, own_blocks); });
  position_[lane_axis] = Index();
}

void NestEmitter::emit_round(const PassLoops& loops, Blocks blocks) {
  const Block no_block{{}, full_shape()};
  if (blocks.empty()) blocks = Blocks(no_block);
  if (loops.has_reductions) return emit_reductions(loops, blocks);
  emit_pointwise(loops, blocks);
}

void NestEmitter::emit_pointwise(const PassLoops& loops, Blocks blocks) {
  // All values first: a result may be the memory of an operand.
  Values values;
  for (const Block& block : blocks) {
    open(loops, block);
    for (const std::size_t index : loops.pass->stages) values.push_back(value_of(stage(index)));
  }
  auto value = values.begin();
  for (const Block& block : blocks) {
    open(loops, block);
    for (const std::size_t index : loops.pass->stages) store(stage(index), *value++);
  }
}

void NestEmitter::emit_reductions(const PassLoops& loops, Blocks blocks) {
  const auto block_count = static_cast<std::int64_t>(blocks.size());
  std::int64_t slots = loops.reduces_lanes ? vectors_in_flight : ceil_div(vectors_in_flight, block_count);
  const std::int64_t last_extent = loops.reduced.empty() ? 1 : (*loops.domain)[loops.reduced.back()];
  slots = std::clamp<std::int64_t>(loops.reduces_lanes ? last_extent / loops.lanes : last_extent, 1, slots);
  std::vector<const Stage*> reductions;
  Values sums;
  for (const std::size_t index : loops.pass->stages) {
    if (!stage(index).is_reduction) continue;
    reductions.push_back(&stage(index));
    for (const Block& block : blocks) {
      const int lanes = loops.reduces_lanes ? loops.lanes : block.shape.lanes;
      sums.append(static_cast<std::size_t>(slots),
                  kernel_.splat(neutral(schedule_.expression[stage(index).term]), lanes));
    }
  }
  sums = reduce(loops, 0, slots, blocks, std::move(sums));
  for (const std::size_t axis : loops.reduced) position_[axis] = Index();
  const auto* sum = sums.begin();
  for (const Stage* reduction : reductions) {
    for (const Block& block : blocks) {
      Values parts(sum, sum + slots);
      sum += slots;
      for (; parts.size() > 1; parts.resize((parts.size() + 1) / 2)) {
        const std::size_t half = (parts.size() + 1) / 2;
        for (std::size_t i = half; i < parts.size(); ++i) {
          parts[i - half] = combine(*reduction, parts[i - half], parts[i]);
        }
      }
      llvm::Value* result = loops.reduces_lanes ? combine_lanes(*reduction, parts[0]) : parts[0];
      open(loops, loops.reduces_lanes ? Block{{}, full_shape()} : block);
      terms_.remember(reduction->term, place_of(*reduction), result);
      store(*reduction, result);
    }
  }
}

Values NestEmitter::reduce(const PassLoops& loops, std::size_t depth, std::int64_t slots, Blocks blocks, Values sums) {
  if (loops.reduced.empty()) {
    accumulate(loops, 0, slots, blocks, sums);
    return sums;
  }
  const std::size_t axis = loops.reduced[depth];
  const std::int64_t extent = (*loops.domain)[axis];
  hoist(loops, {loops.reduced.begin() + static_cast<long>(depth), loops.reduced.end()}, blocks);
  if (depth + 1 < loops.reduced.size()) {
    return count(extent, sums, [&](const Index& round, const Values& carried) {
      position_[axis] = round;
      return reduce(loops, depth + 1, slots, blocks, carried);
    });
  }
  const std::int64_t width = loops.reduces_lanes ? loops.lanes : 1;
  const Index lane = loops.reduces_lanes ? Index::of(lane_variable) : Index();
  const VectorShape shape{loops.lanes, loops.lanes};
  const auto step = [&](const Index& start, std::int64_t slot, VectorShape step_shape, Values& carried) {
    position_[axis] = start + lane;
    const Block own{start, step_shape};
    accumulate(loops, slot, slots, loops.reduces_lanes ? Blocks(own) : blocks, carried);
  };
  const std::int64_t steps = extent / width;
  const std::int64_t rounds = steps / slots;
  sums = count(rounds, sums, [&](const Index& round, const Values& carried) {
    Values next = carried;
    for (std::int64_t slot = 0; slot < slots; ++slot) step(round * (slots * width) + slot * width, slot, shape, next);
    return next;
  });
  for (std::int64_t i = rounds * slots; i < steps; ++i) step(i * width, i - rounds * slots, shape, sums);
  if (const std::int64_t rest = extent - steps * width; rest > 0) {
    step(steps * width, (steps - rounds * slots) % slots, {loops.lanes, rest}, sums);
  }
  return sums;
}

void NestEmitter::accumulate(const PassLoops& loops, std::int64_t slot, std::int64_t slots, Blocks blocks,
                             Values& sums) {
  const auto block_count = static_cast<std::int64_t>(blocks.size());
  for (std::int64_t block = 0; block < block_count; ++block) {
    const VectorShape shape = blocks[static_cast<std::size_t>(block)].shape;
    open(loops, blocks[static_cast<std::size_t>(block)]);
    std::int64_t reduction = 0;
    for (const std::size_t index : loops.pass->stages) {
      if (!stage(index).is_reduction) {
        store(stage(index), value_of(stage(index)));
        continue;
      }
      llvm::Value*& sum = sums[static_cast<std::size_t>((reduction++ * block_count + block) * slots + slot)];
      sum = accumulate_one(stage(index), loops, shape, sum);
    }
  }
}

llvm::Value* NestEmitter::accumulate_one(const Stage& stage, const PassLoops& loops, VectorShape shape,
                                         llvm::Value* sum) {
  const Reading source = reading_of(stage);
  const bool is_partial = loops.reduces_lanes && shape.count < shape.lanes;
  const expr::TermInfo& info = schedule_.expression[stage.term];
  if (info.primitive == expr::Primitive::sum && !is_partial) return terms_.add_to(sum, source);
  llvm::Value* value = terms_.value(source);
  if (is_partial) {
    value = kernel_.ir().CreateSelect(terms_.existing_lanes(), value, kernel_.splat(neutral(info), shape.lanes));
  }
  return combine(stage, sum, value);
}

llvm::Value* NestEmitter::combine(const Stage& stage, llvm::Value* a, llvm::Value* b) {
  const bool is_max = schedule_.expression[stage.term].primitive == expr::Primitive::max;
  return is_max ? kernel_.maximum(a, b) : kernel_.ir().CreateFAdd(a, b);
}

llvm::Value* NestEmitter::combine_lanes(const Stage& stage, llvm::Value* vector) {
  const bool is_max = schedule_.expression[stage.term].primitive == expr::Primitive::max;
  llvm::Value* number = is_max ? kernel_.max_lanes(vector) : kernel_.sum_lanes(vector);
  return kernel_.ir().CreateVectorSplat(static_cast<unsigned>(kernel_.lanes()), number);
}

Place NestEmitter::place_of(const Stage& stage) const {
  Place place(position_.begin(), position_.begin() + static_cast<long>(stage.domain.size()));
  for (std::size_t axis = 0; axis < place.size(); ++axis) {
    if (stage.is_reduced[axis] != 0 || stage.domain[axis] == 1) place[axis] = Index();
  }
  return place;
}

llvm::Value* NestEmitter::value_of(const Stage& stage) {
  const Reading reading{stage.term, place_of(stage), {}};
  if (schedule_.stage_of_term[stage.term.index] < 0) return terms_.value(reading);
  llvm::Value* value = terms_.definition(reading);
  terms_.remember(stage.term, reading.place, value);
  return value;
}

void NestEmitter::store(const Stage& stage, llvm::Value* value) {
  const Place place = place_of(stage);
  terms_.store_in_scratch(stage, place, value);
  const Index flat = flat_index(place, strides_of(schedule_.expression[stage.term].dims));
  for (const std::uint32_t result : stage.results) {
    llvm::Value* stored = value;
    if (stores_[result] == ResultStore::add) {
      stored = kernel_.ir().CreateFAdd(terms_.load(results_[result], flat, {}), value);
    }
    terms_.store(stored, results_[result], flat);
  }
}

}  // namespace d2nn::codegen
