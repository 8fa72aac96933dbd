// The loops of a schedule: nests, passes, reductions and stores.
#pragma once

#include <llvm/ADT/ArrayRef.h>

#include <optional>
#include <vector>

#include "codegen/expressions/emit_expression.h"
#include "codegen/expressions/term_emitter.h"

namespace d2nn::codegen {

class NestEmitter {
 public:
  NestEmitter(KernelBuilder& kernel, const Schedule& schedule, Pointers pointers, std::vector<llvm::Value*> results,
              const std::vector<ResultStore>& stores);

  void emit(const Nest& nest);

 private:
  /// A vector along the lane axis of a pass.
  struct Block {
    Index start;
    VectorShape shape;
  };
  using Blocks = llvm::ArrayRef<Block>;

  /// How the axes that the nest does not share are gone through.
  struct PassLoops {
    const Pass* pass = nullptr;
    const expr::Dims* domain = nullptr;
    std::vector<std::size_t> kept;     ///< outermost first, without the lane axis
    std::vector<std::size_t> reduced;  ///< outermost first, with the lane axis
    int lane_axis = -1;                ///< -1: none
    bool has_reductions = false;
    bool reduces_lanes = false;
    bool has_own_lanes = false;  ///< the lane axis is none that the nest shares
    int lanes = 1;               ///< of a vector along it
  };

  PassLoops loops_of(const Nest& nest, const Pass& pass) const;
  void emit_shared(const Nest& nest, std::size_t depth);
  /// The shared axis along which something stands side by side that is far apart along the lanes.
  std::optional<std::size_t> axis_of_tiles(const Nest& nest);
  void emit_tiles(const Nest& nest, std::size_t tiled_axis, std::size_t depth);
  void emit_tile(const PassLoops& loops, std::size_t tiled_axis, const Block& tile, const Block& block);
  Reading reading_of(const Stage& stage) const;
  void emit_kept(const PassLoops& loops, std::size_t depth, Blocks blocks);
  void emit_round(const PassLoops& loops, Blocks blocks);
  void emit_pointwise(const PassLoops& loops, Blocks blocks);
  void emit_reductions(const PassLoops& loops, Blocks blocks);
  /// `sums`: by reduction, block and slot.
  Values reduce(const PassLoops& loops, std::size_t depth, std::int64_t slots, Blocks blocks, Values sums);
  void accumulate(const PassLoops& loops, std::int64_t slot, std::int64_t slots, Blocks blocks, Values& sums);
  llvm::Value* accumulate_one(const Stage& stage, const PassLoops& loops, VectorShape shape, llvm::Value* sum);
  llvm::Value* combine(const Stage& stage, llvm::Value* a, llvm::Value* b);
  llvm::Value* combine_lanes(const Stage& stage, llvm::Value* vector);

  /// Groups of up to `vectors` vectors over [0, extent), the last possibly partial.
  void for_each_group(std::int64_t extent, int lanes, std::int64_t vectors,
                      llvm::function_ref<void(const Index& base, Blocks blocks)> body);
  Values count(std::int64_t rounds, const Values& carried,
               llvm::function_ref<Values(const Index& round, const Values& carried)> body);
  void open(const PassLoops& loops, const Block& block);
  /// Emits what no loop over the closed axes changes.
  void hoist(const PassLoops& loops, const std::vector<std::size_t>& closed_axes, Blocks blocks);
  Place place_of(const Stage& stage) const;
  llvm::Value* value_of(const Stage& stage);
  void store(const Stage& stage, llvm::Value* value);
  VectorShape full_shape() const { return {kernel_.lanes(), kernel_.lanes()}; }

  const Stage& stage(std::size_t index) const { return schedule_.stages[index]; }

  KernelBuilder& kernel_;
  const Schedule& schedule_;
  TermEmitter terms_;
  std::vector<llvm::Value*> results_;
  std::vector<ResultStore> stores_;
  Place position_;  // by axis of a domain; loops that are not open: 0
};

}  // namespace d2nn::codegen
