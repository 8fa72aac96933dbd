#include "exec/join.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "exec/frame_state.h"

namespace d2nn::exec {
namespace {

void copy(const EdgeValue& edge, std::int64_t elements, float* out) {
  if (edge.broadcast) {
    std::fill_n(out, elements, edge.values[0]);
  } else if (edge.values != out) {  // a choice may stand where its sources stand (passes/plan_memory.cpp)
    std::copy_n(edge.values, elements, out);
  }
}

void add(const EdgeValue& edge, std::int64_t elements, float* out) {
  if (edge.broadcast) {
    for (std::int64_t i = 0; i < elements; ++i) out[i] += edge.values[0];
  } else {
    for (std::int64_t i = 0; i < elements; ++i) out[i] += edge.values[i];
  }
}

/// The larger one, or NaN when either is.
float larger(float a, float b) {
  return a > b || std::isnan(a) ? a : b;
}

void raise(const EdgeValue& edge, std::int64_t elements, float* out) {
  if (edge.broadcast) {
    for (std::int64_t i = 0; i < elements; ++i) out[i] = larger(out[i], edge.values[0]);
  } else {
    for (std::int64_t i = 0; i < elements; ++i) out[i] = larger(out[i], edge.values[i]);
  }
}

/// The first edge in direction `step` that is not null.
EdgeValue first_value(const d2nn_frame& frame, const d2nn_buffer* buffers, const d2nn_join& join, std::int64_t row) {
  for (std::uint32_t i = 0; i < join.edge_count; ++i) {
    const std::uint32_t edge = join.kind == D2NN_JOIN_LAST ? join.edge_count - 1 - i : i;
    const EdgeValue value = edge_value(frame, buffers, join.edges[edge], row);
    if (value.values != nullptr) return value;
  }
  return {};
}

}  // namespace

EdgeValue edge_value(const d2nn_frame& frame, const d2nn_buffer* buffers, const d2nn_join_edge& edge,
                     std::int64_t row) {
  if (edge.source_flag != D2NN_NO_INDEX && frame.executed[edge.source_flag * frame.capacity + row] == 0) {
    return {edge.fallback, edge.fallback_elements == 1};
  }
  if (edge.source == D2NN_NO_INDEX) return {edge.constant, false};
  if (edge.source >= D2NN_INPUT_OPERAND) {
    return {frame.inputs[edge.source - D2NN_INPUT_OPERAND] + row * edge.elements, false};
  }
  const d2nn_buffer& buffer = buffers[edge.source];
  return {static_cast<const float*>(d2nn_buffer_row(frame.arena, &buffer, frame.capacity, row)), false};
}

bool join_row(const d2nn_frame& frame, const d2nn_buffer* buffers, const d2nn_join& join, std::int64_t row,
              float* out) {
  if (join.kind == D2NN_JOIN_NONE || join.kind == D2NN_JOIN_FIRST || join.kind == D2NN_JOIN_LAST) {
    const EdgeValue value = first_value(frame, buffers, join, row);
    if (value.values == nullptr) return false;
    copy(value, join.elements, out);
    return true;
  }
  for (std::uint32_t i = 0; i < join.edge_count; ++i) {
    if (edge_value(frame, buffers, join.edges[i], row).values == nullptr) return false;
  }
  for (std::uint32_t i = 0; i < join.edge_count; ++i) {
    const d2nn_join_edge& edge = join.edges[i];
    const EdgeValue value = edge_value(frame, buffers, edge, row);
    if (join.kind == D2NN_JOIN_CONCAT) {
      copy(value, edge.elements, out);
      out += edge.elements;
    } else if (i == 0) {
      copy(value, join.elements, out);
    } else if (join.kind == D2NN_JOIN_MAX) {
      raise(value, join.elements, out);
    } else {
      add(value, join.elements, out);
    }
  }
  if (join.kind == D2NN_JOIN_MEAN) {
    const float edges = static_cast<float>(join.edge_count);
    for (std::int64_t i = 0; i < join.elements; ++i) out[i] /= edges;
  }
  return true;
}

void join_rows(const d2nn_frame& frame, const d2nn_buffer* buffers, const d2nn_join& join, const std::int32_t* rows,
               std::int64_t count) {
  const d2nn_buffer& target = buffers[join.target];
  for (std::int64_t i = 0; i < count; ++i) {
    join_row(frame, buffers, join, rows[i],
             static_cast<float*>(d2nn_buffer_row(frame.arena, &target, frame.capacity, rows[i])));
  }
}

void join_output(const d2nn_frame& frame, const d2nn_buffer* buffers, const d2nn_join& join, std::int64_t rows) {
  float* out = frame.outputs[join.target];
  std::uint8_t* valid = frame.valid[join.target];
  for (std::int64_t row = 0; row < rows; ++row, out += join.elements) {
    const bool has_value = join_row(frame, buffers, join, row, out);
    valid[row] = has_value ? 1 : 0;
    if (!has_value) std::fill_n(out, join.elements, std::numeric_limits<float>::quiet_NaN());
  }
}

}  // namespace d2nn::exec

extern "C" {

void d2nn_rt_join(d2nn_frame* frame, uint32_t join, const int32_t* rows, int64_t count) {
  const d2nn_module& module = *frame->state->module;
  d2nn::exec::join_rows(*frame, module.buffers, module.joins[join], rows, count);
}

void d2nn_rt_output(d2nn_frame* frame, uint32_t join, int64_t rows) {
  const d2nn_module& module = *frame->state->module;
  d2nn::exec::join_output(*frame, module.buffers, module.joins[join], rows);
}

}  // extern "C"
