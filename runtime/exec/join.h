// Joins of data edges: what an input of a node or an output receives (docs/language.md, "Semantics, per sample", rules
// 2 and 4). Used for the joins of inference and, with the tables of training, by the trainer.
#pragma once

#include <cstdint>

#include "d2nn/module.h"

namespace d2nn::exec {

/// What an edge carries for one row: `values` is NULL when that is null. broadcast: values[0] stands for every element.
struct EdgeValue {
  const float* values = nullptr;
  bool broadcast = false;
};

/// `buffers`: the table that `edge.source` indexes. Reads the frame's arena, inputs and executed flags.
EdgeValue edge_value(const d2nn_frame& frame, const d2nn_buffer* buffers, const d2nn_join_edge& edge, std::int64_t row);

/// Writes the join's value for one row to out [join.elements] and returns true; false when it is null (out is
/// untouched). NaN passes through max, as in PyTorch. Sums run in order of declaration.
bool join_row(const d2nn_frame& frame, const d2nn_buffer* buffers, const d2nn_join& join, std::int64_t row, float* out);

/// Joins into the target buffer for the listed rows; rows whose join is null are left as they are.
void join_rows(const d2nn_frame& frame, const d2nn_buffer* buffers, const d2nn_join& join, const std::int32_t* rows,
               std::int64_t count);

/// Writes rows 0 .. rows-1 of the output that the join names, and their validity: the value and 1, or NaN and 0.
void join_output(const d2nn_frame& frame, const d2nn_buffer* buffers, const d2nn_join& join, std::int64_t rows);

}  // namespace d2nn::exec
