// In which loops the terms of an expression are computed and where their values are kept meanwhile. No LLVM.
//
// A *stage* computes one term over its whole domain: a result, a reduction, or a term that is expensive to compute
// twice. Everything else is inlined into the stages that read it. Stages with the same domain that may run in one loop
// form a *pass*; consecutive passes that keep common axes form a *nest*, which has the loops over these axes once,
// outermost. Within one round of a nest a value is read in a register, or in a piece of scratch for that round alone.
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/kernels/kernels.h"
#include "expr/expression.h"

namespace d2nn::codegen {

/// Vectors that are computed side by side: enough to hide the latency of an addition.
inline constexpr std::int64_t vectors_in_flight = 4;

/// Where the value of a stage is kept for its readers.
enum class Storage : std::uint8_t {
  none,   ///< in registers: read in the same round of its nest, or not at all
  round,  ///< scratch for one round of the nest: the shared axes have no extent
  whole,  ///< scratch for all of it
};

struct Stage {
  expr::Term term;
  expr::Term source;             ///< what a reduction reduces; else the term itself
  expr::Dims domain;             ///< dims of source
  std::vector<char> is_reduced;  ///< by axis of the domain
  bool is_reduction = false;
  std::vector<std::uint32_t> results;  ///< the results that this term is
  Storage storage = Storage::none;
  std::int64_t scratch_offset = 0;    ///< floats; round and whole
  std::vector<std::int64_t> strides;  ///< of what is stored, by axis of the term; 0 for shared axes of a round
  std::size_t nest = 0, pass = 0;
};

struct Pass {
  std::vector<std::size_t> stages;
};

struct Nest {
  std::vector<Pass> passes;
  std::vector<std::size_t> shared_axes;  ///< ascending
  /// The last shared axis is the innermost of every stage: lanes run along it, and a round is a block of vectors.
  bool has_shared_lanes = false;
  int lanes = 1;                  ///< of a vector along the shared lane axis
  std::int64_t block_floats = 1;  ///< extent of a round along it
};

struct Schedule {
  expr::Expression expression;  ///< with collapsed axes
  std::vector<Stage> stages;
  std::vector<Nest> nests;
  std::vector<int> stage_of_term;  ///< -1: inlined
  std::int64_t scratch_floats = 0;
};

Schedule schedule_expression(const expr::Expression& expression, const TargetInfo& target);

}  // namespace d2nn::codegen
