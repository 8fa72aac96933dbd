/* network fork, by hand: the tables and the two functions that the compiler would emit for the program in
 * docs/c-api.md.
 *
 *   x -> N1 -> Q ~> high: N2, low: N3        N2, N3 -> scores (join last)
 *   y -> N3, R ~> more: N4, stop: none       N4 -> extra; N4 default 0.5, y -> filled (join sum)
 *   N1, one -> N4 (join concat)              one: dummy */
#include "fake_module.h"

#include "d2nn/module.h"

enum { N1, Q, N2, N3, R, N4, NODES }; /* nodes, flags and ops alike: one dense layer each */
enum { B_N1, B_Q, B_N2, B_N3, B_R, B_N4_IN, B_N4, BUFFERS };
enum { J_N4, J_SCORES, J_EXTRA, J_FILLED, JOINS };
enum { STRIDE = 16, TILE = 4 };

static const int64_t dims_2[] = {2};
static const int64_t dims_2_2[] = {2, 2};
static const int64_t dims_2_3[] = {2, 3};
static const int64_t dims_2_4[] = {2, 4};
static const int64_t dims_3[] = {3};
static const int64_t dims_3_4[] = {3, 4};
static const int64_t dims_4[] = {4};

#define TENSOR(name, doc, rank, dims, elements) \
  {name, doc, rank, dims, elements, (elements) * (int64_t)sizeof(float), D2NN_ELEMENT_F32}
static const d2nn_tensor_info inputs[] = {TENSOR("x", "what Q sees", 1, dims_4, 4), TENSOR("y", "", 1, dims_2, 2)};
static const d2nn_tensor_info outputs[] = {TENSOR("scores", "always there", 1, dims_2, 2),
                                           TENSOR("extra", "null unless R says more", 1, dims_2, 2),
                                           TENSOR("filled", "", 1, dims_2, 2)};

static const d2nn_node nodes[] = {{"N1", "the stem", D2NN_NODE_REGULAR, 12}, {"Q", "", D2NN_NODE_CONTROL, 6},
                                  {"N2", "", D2NN_NODE_REGULAR, 6},          {"N3", "", D2NN_NODE_REGULAR, 4},
                                  {"R", "", D2NN_NODE_CONTROL, 4},           {"N4", "", D2NN_NODE_REGULAR, 8}};

static const uint32_t to_n2[] = {N2}, to_n3[] = {N3}, to_n4[] = {N4};
static const d2nn_action q_actions[] = {{"high", 1, to_n2}, {"low", 1, to_n3}};
static const d2nn_action r_actions[] = {{"more", 1, to_n4}, {"stop", 0, 0}};
static const d2nn_control controls[] = {{Q, 2, q_actions}, {R, 2, r_actions}};

#define PARAMETER(info, is_weight, owner, summed, place) \
  {.tensor = info,                                       \
   .is_trained = 1,                                      \
   .decays = is_weight,                                  \
   .start = D2NN_START_FAN_IN,                           \
   .fan_in = summed,                                     \
   .node = owner,                                        \
   .offset = place}
static const d2nn_parameter parameters[] = {
    PARAMETER(TENSOR("N1.dense1.weight", "", 2, dims_3_4, 12), 1, 0, 4, 0),
    PARAMETER(TENSOR("N1.dense1.bias", "", 1, dims_3, 3), 0, 0, 4, 12),
    PARAMETER(TENSOR("Q.dense1.weight", "", 2, dims_2_3, 6), 1, 1, 3, 15),
    PARAMETER(TENSOR("Q.dense1.bias", "", 1, dims_2, 2), 0, 1, 3, 21),
    PARAMETER(TENSOR("N2.dense1.weight", "", 2, dims_2_3, 6), 1, 2, 3, 23),
    PARAMETER(TENSOR("N2.dense1.bias", "", 1, dims_2, 2), 0, 2, 3, 29),
    PARAMETER(TENSOR("N3.dense1.weight", "", 2, dims_2_2, 4), 1, 3, 2, 31),
    PARAMETER(TENSOR("R.dense1.weight", "", 2, dims_2_2, 4), 1, 4, 2, 35),
    PARAMETER(TENSOR("R.dense1.bias", "", 1, dims_2, 2), 0, 4, 2, 39),
    PARAMETER(TENSOR("N4.dense1.weight", "", 2, dims_2_4, 8), 1, 5, 4, 41),
    PARAMETER(TENSOR("N4.dense1.bias", "", 1, dims_2, 2), 0, 5, 4, 49),
};

#define NONE4 {D2NN_NO_INDEX, D2NN_NO_INDEX, D2NN_NO_INDEX, D2NN_NO_INDEX}
#define DENSE(n, text, in, units, weight, bias)            \
  {.kind = D2NN_OP_DENSE,                                  \
   .node = n,                                              \
   .label = text,                                          \
   .in_c = in,                                             \
   .in_h = 1,                                              \
   .in_w = 1,                                              \
   .out_c = units,                                         \
   .out_h = 1,                                             \
   .out_w = 1,                                             \
   .kernel_h = 1,                                          \
   .kernel_w = 1,                                          \
   .stride_h = 1,                                          \
   .stride_w = 1,                                          \
   .dilation_h = 1,                                        \
   .dilation_w = 1,                                        \
   .groups = 1,                                            \
   .params = {weight, bias, D2NN_NO_INDEX, D2NN_NO_INDEX}, \
   .fold_params = NONE4,                                   \
   .pack = D2NN_PACK_PLAIN,                                \
   .cost = (int64_t)(in) * (units),                        \
   .state = D2NN_NO_INDEX}
static const d2nn_op ops[] = {
    DENSE(0, "N1.dense1", 4, 3, 0, 1), DENSE(1, "Q.dense1", 3, 2, 2, 3),
    DENSE(2, "N2.dense1", 3, 2, 4, 5), DENSE(3, "N3.dense1", 2, 2, 6, D2NN_NO_INDEX),
    DENSE(4, "R.dense1", 2, 2, 7, 8),  DENSE(5, "N4.dense1", 4, 2, 9, 10),
};

#define BUFFER(index, elements) \
  {(int64_t)(index) * STRIDE * (int64_t)sizeof(float), STRIDE * sizeof(float), elements, -1, D2NN_ELEMENT_F32, 0}
static const d2nn_buffer buffers[BUFFERS] = {BUFFER(B_N1, 3), BUFFER(B_Q, 2),     BUFFER(B_N2, 2), BUFFER(B_N3, 2),
                                             BUFFER(B_R, 2),  BUFFER(B_N4_IN, 4), BUFFER(B_N4, 2)};

static const float one[] = {1.0f}, half[] = {0.5f};
static const d2nn_join_edge n4_edges[] = {{B_N1, N1, 0, 3, 0, 0}, {D2NN_NO_INDEX, D2NN_NO_INDEX, one, 1, 0, 0}};
static const d2nn_join_edge scores_edges[] = {{B_N2, N2, 0, 2, 0, 0}, {B_N3, N3, 0, 2, 0, 0}};
static const d2nn_join_edge extra_edges[] = {{B_N4, N4, 0, 2, 0, 0}};
static const d2nn_join_edge filled_edges[] = {{B_N4, N4, 0, 2, half, 1},
                                              {D2NN_INPUT_OPERAND + 1, D2NN_NO_INDEX, 0, 2, 0, 0}};
static const d2nn_join joins[JOINS] = {{D2NN_JOIN_CONCAT, 0, B_N4_IN, 2, n4_edges, 4},
                                       {D2NN_JOIN_LAST, 1, 0, 2, scores_edges, 2},
                                       {D2NN_JOIN_NONE, 1, 1, 1, extra_edges, 2},
                                       {D2NN_JOIN_SUM, 1, 2, 2, filled_edges, 2}};

/* A safetensors file: the length of its header, the header (padded with spaces to a multiple of 8), the values. */
#define HEADER                                                                           \
  "{\"N1.dense1.weight\":{\"dtype\":\"F32\",\"shape\":[3,4],\"data_offsets\":[0,48]},"   \
  "\"N1.dense1.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[48,60]},"       \
  "\"Q.dense1.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[60,84]},"    \
  "\"Q.dense1.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[84,92]},"        \
  "\"N2.dense1.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[92,116]},"  \
  "\"N2.dense1.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[116,124]},"     \
  "\"N3.dense1.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[124,140]}," \
  "\"R.dense1.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[140,156]},"  \
  "\"R.dense1.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[156,164]},"      \
  "\"N4.dense1.weight\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[164,196]}," \
  "\"N4.dense1.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[196,204]}}   "
/* clang-format off: one tensor a line */
#define WEIGHTS                  \
  {/* N1.dense1.weight */ 0.5f,  \
   -0.25f,                       \
   1.0f,                         \
   0.125f,                       \
   -1.0f,                        \
   0.75f,                        \
   0.5f,                         \
   0.25f,                        \
   0.3f,                         \
   0.6f,                         \
   -0.9f,                        \
   1.2f,                         \
   /* N1.dense1.bias   */ 0.1f,  \
   0.2f,                         \
   -0.1f,                        \
   /* Q.dense1.weight  */ 1.0f,  \
   -1.0f,                        \
   0.5f,                         \
   -0.5f,                        \
   1.0f,                         \
   -0.25f,                       \
   /* Q.dense1.bias    */ 0.05f, \
   0.0f,                         \
   /* N2.dense1.weight */ 2.0f,  \
   -1.0f,                        \
   0.5f,                         \
   0.25f,                        \
   1.5f,                         \
   -0.75f,                       \
   /* N2.dense1.bias   */ 1.0f,  \
   -1.0f,                        \
   /* N3.dense1.weight */ 1.5f,  \
   -0.5f,                        \
   0.5f,                         \
   2.5f,                         \
   /* R.dense1.weight  */ 1.0f,  \
   0.5f,                         \
   -1.0f,                        \
   0.75f,                        \
   /* R.dense1.bias    */ 0.0f,  \
   0.1f,                         \
   /* N4.dense1.weight */ 0.5f,  \
   0.25f,                        \
   -0.5f,                        \
   1.0f,                         \
   -1.0f,                        \
   0.4f,                         \
   0.8f,                         \
   -0.6f,                        \
   /* N4.dense1.bias   */ 0.3f,  \
   -0.2f}
/* clang-format on */
const float fork_weights[FORK_WEIGHTS] = WEIGHTS;
static const struct {
  uint64_t header_bytes;
  char header[sizeof(HEADER) - 1];
  float values[FORK_WEIGHTS];
} embedded = {sizeof(HEADER) - 1, HEADER, WEIGHTS};
_Static_assert((sizeof(HEADER) - 1) % 8 == 0, "the header must be padded");

/* ---- the emitted code
 * --------------------------------------------------------------------------------------------------- */

static float* at(const d2nn_frame* frame, int buffer, int64_t row) {
  return d2nn_buffer_row(frame->arena, &buffers[buffer], TILE, row);
}

static void dense(const d2nn_frame* frame, uint32_t op, const float* in, float* out) {
  const float* weight = frame->packed[op];
  const int64_t width = ops[op].in_c, units = ops[op].out_c;
  for (int64_t u = 0; u < units; ++u) {
    float sum = ops[op].params[1] == D2NN_NO_INDEX ? 0.0f : weight[units * width + u];
    for (int64_t i = 0; i < width; ++i) sum += weight[u * width + i] * in[i];
    out[u] = sum;
  }
}

static void run_node(const d2nn_frame* frame, uint32_t node, int64_t row) {
  static const int result[NODES] = {B_N1, B_Q, B_N2, B_N3, B_R, B_N4};
  const float* in = node == N1                ? frame->inputs[0] + row * 4
                    : node == N3 || node == R ? frame->inputs[1] + row * 2
                    : node == N4              ? at(frame, B_N4_IN, row)
                                              : at(frame, B_N1, row);
  float* out = at(frame, result[node], row);
  dense(frame, node, in, out);
  if (node == N1) {
    for (int i = 0; i < 3; ++i) out[i] = out[i] < 0.0f ? 0.0f : out[i];
  }
  frame->executed[node * TILE + row] = 1;
}

static void run_group(const d2nn_frame* frame, uint32_t node, int64_t count) {
  for (int64_t i = 0; i < count; ++i) run_node(frame, node, frame->row_lists[node * TILE + i]);
}

/* Lists the rows that took an action of a control node, in ascending order; action -1: every row. */
static int64_t list(const d2nn_frame* frame, uint32_t node, int64_t rows, uint32_t control, int32_t action) {
  int64_t count = 0;
  for (int64_t row = 0; row < rows; ++row) {
    if (action < 0 || frame->actions[control * TILE + row] == action)
      frame->row_lists[node * TILE + count++] = (int32_t)row;
  }
  return count;
}

static int32_t forward_tile(d2nn_frame* frame, int64_t rows) {
  int32_t status = 0;
  run_group(frame, N1, list(frame, N1, rows, 0, -1));
  run_group(frame, Q, list(frame, Q, rows, 0, -1));
  status = frame->calls->decide(frame, 0, at(frame, B_Q, 0), STRIDE, frame->row_lists + Q * TILE, rows);
  if (status != 0) return status;
  run_group(frame, N2, list(frame, N2, rows, 0, 0));
  run_group(frame, N3, list(frame, N3, rows, 0, 1));
  run_group(frame, R, list(frame, R, rows, 0, -1));
  status = frame->calls->decide(frame, 1, at(frame, B_R, 0), STRIDE, frame->row_lists + R * TILE, rows);
  if (status != 0) return status;
  const int64_t more = list(frame, N4, rows, 1, 0);
  if (more != 0) {
    frame->calls->join(frame, J_N4, frame->row_lists + N4 * TILE, more);
    run_group(frame, N4, more);
  }
  frame->calls->output(frame, J_SCORES, rows);
  frame->calls->output(frame, J_EXTRA, rows);
  frame->calls->output(frame, J_FILLED, rows);
  return 0;
}

static int32_t forward_one(d2nn_frame* frame) {
  static const int32_t row = 0;
  int32_t action = 0;
  run_node(frame, N1, 0);
  run_node(frame, Q, 0);
  action = frame->calls->decide_one(frame, 0, at(frame, B_Q, 0));
  if (action < 0) return -1 - action;
  switch (action) {
    case 0:
      run_node(frame, N2, 0);
      break;
    default:
      run_node(frame, N3, 0);
      break;
  }
  run_node(frame, R, 0);
  action = frame->calls->decide_one(frame, 1, at(frame, B_R, 0));
  if (action < 0) return -1 - action;
  if (action == 0) {
    frame->calls->join(frame, J_N4, &row, 1);
    run_node(frame, N4, 0);
  }
  frame->calls->output(frame, J_SCORES, 1);
  frame->calls->output(frame, J_EXTRA, 1);
  frame->calls->output(frame, J_FILLED, 1);
  return 0;
}

static const d2nn_module module = {
    .layout = D2NN_MODULE_LAYOUT,
    .abi_version = D2NN_ABI_VERSION,
    .name = "fork",
    .doc = "Two decisions: Q chooses a branch, R whether there is more to say.",
    .compiler_version = "by hand",
    .target_cpu = "any",
    .target_features = "",
    .path_count = "4",
    .least_cost = 26,
    .greatest_cost = 36,
    .manifest = "{\"name\": \"fork\"}",
    .input_count = 2,
    .inputs = inputs,
    .output_count = 3,
    .outputs = outputs,
    .node_count = NODES,
    .nodes = nodes,
    .flag_count = NODES,
    .control_count = 2,
    .controls = controls,
    .parameter_count = sizeof(parameters) / sizeof(*parameters),
    .parameters = parameters,
    .parameter_floats = FORK_WEIGHTS,
    .op_count = NODES,
    .ops = ops,
    .buffer_count = BUFFERS,
    .buffers = buffers,
    .join_count = JOINS,
    .joins = joins,
    .tile_rows = TILE,
    .arena_bytes = BUFFERS * STRIDE * sizeof(float),
    .scratch_bytes = 0,
    .forward_one = forward_one,
    .forward_tile = forward_tile,
    .embedded_weights = &embedded,
    .embedded_size = sizeof(embedded.header_bytes) + sizeof(embedded.header) + sizeof(embedded.values),
};

const d2nn_module* fork_module(void) {
  return &module;
}
