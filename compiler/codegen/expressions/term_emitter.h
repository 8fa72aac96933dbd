// Values of terms at places, pulled from the leaves: a term inlined at its reader's place, with what is computed twice
// in one round of a loop emitted once. Which loops are open, NestEmitter decides.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "codegen/expressions/index.h"
#include "codegen/expressions/schedule.h"
#include "codegen/kernels/arithmetic.h"
#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

/// Vectors of `lanes` floats of which `count` exist; lanes behind hold anything.
struct VectorShape {
  int lanes = 4;
  std::int64_t count = 4;
};

/// The arguments of the function.
struct Pointers {
  std::vector<llvm::Value*> operands;
  std::vector<llvm::Value*> weights;
  llvm::Value* scratch = nullptr;
};

class TermEmitter {
 public:
  TermEmitter(KernelBuilder& kernel, const Schedule& schedule, Pointers pointers);

  Variables& variables() { return variables_; }

  // ---- what is open
  /// Values made from here on are forgotten by close_scope: the body of a loop.
  void open_scope();
  void close_scope();
  /// The counter of the loop whose body was opened last.
  void bind(Variable counter, llvm::Value* value);
  /// Of the vectors from here on.
  void set_shape(VectorShape shape);
  /// Where the block of the round begins along the shared lane axis (Storage::round).
  void begin_block(Index base) { block_base_ = std::move(base); }

  // ---- values, of as many lanes as the shape has
  /// As readers see it: from its storage, or computed.
  llvm::Value* value(const Reading& reading);
  /// Computed, though it may be stored.
  llvm::Value* definition(const Reading& reading);
  /// sum + value(reading), fused where that can be.
  llvm::Value* add_to(llvm::Value* sum, const Reading& reading);
  /// What the term is at the place, for all readers until the scope closes.
  void remember(expr::Term term, const Place& place, llvm::Value* value);
  /// Emits everything that the definition of the reading needs and that depends on open loops alone.
  void hoist(const Reading& reading);

  // ---- tiles: leaves whose lanes stand far apart, but whose neighbours along another axis side by side
  /// The leaves that computing the reading loads with lanes so far apart that each would be loaded by itself. Equal
  /// readings at other places give theirs in the same order.
  std::vector<Reading> scattered_leaves(const Reading& reading);
  Index flat_index_of(const Reading& leaf) const;
  /// One leaf at places that follow each other in memory, at most as many as lanes: loads vectors along these places
  /// and transposes them, for all readers until the scope closes. Nothing where the places do not follow each other.
  void load_transposed(const std::vector<Reading>& places);

  // ---- memory
  /// The mask of the lanes that exist.
  llvm::Value* existing_lanes();
  llvm::Value* load(llvm::Value* base, const Index& flat, const std::vector<Condition>& conditions);
  /// A vector, its existing lanes side by side, or one float where no lane is in the index.
  void store(llvm::Value* value, llvm::Value* base, const Index& flat);
  /// Into the storage of the stage, if it has one.
  void store_in_scratch(const Stage& stage, const Place& place, llvm::Value* value);

 private:
  struct Key {
    Reading reading;
    int lanes;
    friend bool operator<(const Key& a, const Key& b) {
      return a.lanes != b.lanes ? a.lanes < b.lanes : a.reading < b.reading;
    }
  };
  struct Scope {
    std::map<Key, llvm::Value*> values;
    std::map<Index, llvm::Value*> indices;
    std::vector<Variable> counters;
  };

  bool is_open(const Index& index) const;
  bool is_open(const Reading& reading) const;
  bool is_uniform(const Reading& reading) const;
  llvm::Value* find(const Key& key) const;
  llvm::Value* with_lanes(llvm::Value* vector, int lanes);
  llvm::Value* emit_value(const Reading& reading);
  llvm::Value* padded(const Reading& reading);
  llvm::Value* load_stage(const Stage& stage, const Reading& reading);
  void hoist_operands(const Reading& reading, std::set<Reading>& seen);
  void collect_scattered(const Reading& reading, std::set<Reading>& seen, std::vector<Reading>& leaves);
  llvm::Value* leaf_base(const Reading& leaf) const;
  bool is_scattered(const Index& flat) const;
  void transpose(std::vector<llvm::Value*>& rows);

  llvm::Value* scalar(const Index& index);
  llvm::Value* by_lane(const Index& index);
  llvm::Value* address(llvm::Value* base, const Index& flat);
  llvm::Value* mask_of(const std::vector<Condition>& conditions);
  llvm::Value* gather(llvm::Value* base, const Index& flat, const std::vector<Condition>& conditions);
  llvm::Value* load_near(llvm::Value* base, const llvm::SmallVectorImpl<std::int64_t>& offsets);
  Index stored_index(const Stage& stage, const Place& place) const;

  KernelBuilder& kernel_;
  const Schedule& schedule_;
  Pointers pointers_;
  Variables variables_;
  Arithmetic arithmetic_;
  std::vector<Scope> scopes_;
  std::map<Variable, llvm::Value*> counters_;
  VectorShape shape_;
  Index block_base_;
};

}  // namespace d2nn::codegen
