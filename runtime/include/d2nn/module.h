/* clang-format off */
/* The layout of a compiled module: the only contract between the code generator and the runtime.
 *
 * codegen emits one constant d2nn_module per network, and functions that receive a frame. The runtime owns frames, packs the
 * weights as `ops` requires, and implements the calls listed at the end. Both sides are built from this file. A change of any struct
 * or of a call's meaning increments D2NN_MODULE_LAYOUT, which a model checks before it reads anything else.
 *
 * Words:  row       one sample's place in a tile, 0 .. capacity-1. A row keeps its place from input to output: a group of rows
 *                   that chose the same action is a list of row numbers, never a copy.
 *         buffer    a tensor [capacity, shape] in an arena (d2nn_buffer says where its rows are).
 *         cost      multiplications of products and convolutions. */
#ifndef D2NN_MODULE_H
#define D2NN_MODULE_H

#include <stddef.h>
#include <stdint.h>

#include "d2nn/d2nn.h"

#ifdef __cplusplus
extern "C" {
#endif

#define D2NN_MODULE_LAYOUT 8

/* How an op is computed, in the order of the compiler's ops::Kernel, which a static_assert checks. */
typedef enum d2nn_op_kind {
  D2NN_OP_CONV, D2NN_OP_CONV_TRANSPOSE, D2NN_OP_DENSE, D2NN_OP_MATMUL, D2NN_OP_ATTENTION, D2NN_OP_MAX_POOL, D2NN_OP_AVG_POOL, D2NN_OP_TOP, D2NN_OP_BATCH_NORM,
  D2NN_OP_NORMALIZE, D2NN_OP_DROPOUT, D2NN_OP_COPY, D2NN_OP_CONCAT, D2NN_OP_EXPRESSION
} d2nn_op_kind;
#define D2NN_OP_KINDS 14

/* How the runtime lays out an op's weights for the kernel that codegen chose. `block` is d2nn_op::pack_block.
 * NONE      no weights, or the kernel takes none.
 * CONV      [out_c / block][in_c / groups][kernel_h][kernel_w][block], the last block padded with zeros; then bias [out_c rounded up].
 * DENSE     [units / block][in][block], the last block padded with zeros; then bias [units rounded up].
 * PLAIN     the tensors as they are in the file, consecutively, in order of `params`.
 * SCALE     batch_norm or normalize: scale [C], then shift [C] (y = x * scale + shift).
 * LIBRARY   the kernel library's own layout, made when the model is created (runtime/kernels).
 * A missing bias is packed as zeros. Batch norm that the compiler folded into a conv or dense (fold_params) is multiplied in. */
typedef enum d2nn_pack {
  D2NN_PACK_NONE, D2NN_PACK_CONV, D2NN_PACK_DENSE, D2NN_PACK_PLAIN, D2NN_PACK_SCALE, D2NN_PACK_LIBRARY
} d2nn_pack;

#define D2NN_NO_INDEX UINT32_MAX
/* Operands and join sources at or above this are network inputs: input index = operand - D2NN_INPUT_OPERAND. */
#define D2NN_INPUT_OPERAND 0x80000000u

/* Compiled code for an expression on one row. Reads operands[i] and weights[i], of the sizes that it was compiled for, and writes
 * or adds to results[i]; scratch: d2nn_op::expression_scratch floats. */
typedef void (*d2nn_expression_fn)(const float* const* operands, const float* const* weights, float* const* results, float* scratch);

/* One layer application: a kernel's problem. Sizes of one sample; vectors are [C] with h = w = 1 (rank keeps the difference). */
typedef struct d2nn_op {
  uint32_t kind;                /* d2nn_op_kind */
  uint32_t node;                /* index into nodes */
  const char* label;            /* "N2.conv1", for messages and benchmarks */
  int64_t in_c, in_h, in_w;     /* of the first operand; other ranks: in_c = first dimension, in_h = the rest, in_w = 1; dense: in_c = a
                                 * unit's inputs, in_h = out_h = places, out_c = units; matmul: [matrices, m, k], out
                                 * [matrices, m, n]; attention: [1, queries, columns], out [1, queries, columns of the values].
                                 * D2NN_OP_EXPRESSION: not used, its code knows */
  int64_t out_c, out_h, out_w;
  int64_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  int64_t groups;               /* attention: heads */
  uint32_t is_causal;           /* attention */
  uint32_t axis_count;          /* matmul: axes before the last two */
  const int64_t* axes;          /* [axis_count][3], the outermost first: size, and the matrices of the left and of the right operand from one
                                 * index to the next (0: broadcast) */
  float alpha;                  /* batch_norm: eps; dropout: p */
  float momentum;               /* batch_norm */
  const float* mean;            /* normalize: [C] */
  const float* std;
  uint32_t params[4];           /* index into parameters, in the layer's order (batch_norm: weight, bias, running_mean, running_var); D2NN_NO_INDEX: none */
  uint32_t fold_params[4];      /* batch norm folded into this op (weight, bias, running_mean, running_var), or none */
  float fold_eps;
  uint32_t pack;                /* d2nn_pack */
  uint32_t pack_block;
  uint32_t fused_relu;          /* 1: the library kernel applies relu to its result */
  int64_t cost;
  uint32_t operand_count;       /* training: buffers (or network inputs) read, and the buffer written */
  const uint32_t* operands;
  uint32_t result;
  /* D2NN_OP_EXPRESSION in training; NULL elsewhere. Forward writes results[0]. Backward reads the operands and behind them the
   * gradient of the result and the result; its results are the gradients of the operands that have one, in order, each written or, where its
   * buffer accumulates, added to, and then those of params, always added to. NULL: nothing trained stands before it. */
  d2nn_expression_fn expression_forward;
  d2nn_expression_fn expression_backward;
  int64_t expression_scratch;
  uint32_t state;               /* training: buffer (bytes) for what backward needs beyond values, or D2NN_NO_INDEX */
} d2nn_op;

/* A tensor of every row. Inference tiles have a fixed capacity (tile_rows); in training it is the mini-batch.
 * Offsets are bytes per row of capacity, multiples of 64: row r begins at arena + offset_bytes * capacity + r * row_bytes
 * (d2nn_buffer_row). Gradients are f32 whatever the values are, `elements` of them from row to row (d2nn_gradient_row). */
typedef struct d2nn_buffer {
  int64_t offset_bytes;
  int64_t row_bytes;             /* from row to row: the elements, and in inference what fills the last 64 bytes */
  int64_t elements;              /* of one row */
  int64_t gradient_offset_bytes; /* in the gradient arena; -1: no gradient is needed */
  uint32_t element_type;         /* d2nn_element_type */
  uint32_t gradient_accumulates; /* 1: a node's value, zeroed for all rows before backward and added to; 0: inside a node,
                                    written by the backward of its one reader */
} d2nn_buffer;

/* Where a row of a buffer begins, in an arena whose buffers have `capacity` rows. */
static inline void* d2nn_buffer_row(void* arena, const d2nn_buffer* buffer, int64_t capacity, int64_t row) {
  return (unsigned char*)arena + (buffer->offset_bytes * capacity + row * buffer->row_bytes);
}
/* The same of its gradient, of which there must be one. */
static inline float* d2nn_gradient_row(float* arena, const d2nn_buffer* buffer, int64_t capacity, int64_t row) {
  return (float*)(void*)((unsigned char*)(void*)arena + buffer->gradient_offset_bytes * capacity) + row * buffer->elements;
}

typedef enum d2nn_join_kind {
  D2NN_JOIN_NONE, D2NN_JOIN_SUM, D2NN_JOIN_MEAN, D2NN_JOIN_MAX, D2NN_JOIN_CONCAT, D2NN_JOIN_FIRST, D2NN_JOIN_LAST
} d2nn_join_kind;

/* One data edge into a join. */
typedef struct d2nn_join_edge {
  uint32_t source;              /* buffer of a node, or D2NN_INPUT_OPERAND + input; D2NN_NO_INDEX: a dummy's constant */
  uint32_t source_flag;         /* row of frame->executed: the edge is null or default when it is 0; D2NN_NO_INDEX: never skipped */
  const float* constant;        /* dummy: [elements] */
  int64_t elements;
  const float* fallback;        /* default value or NULL: [fallback_elements] = [1] or [elements] */
  int64_t fallback_elements;
} d2nn_join_edge;

/* The join of the edges into one input of a node (target: a buffer) or into an output (target: output index). */
typedef struct d2nn_join {
  uint32_t kind;                /* d2nn_join_kind */
  uint32_t is_output;
  uint32_t target;              /* buffer index, or output index */
  uint32_t edge_count;
  const d2nn_join_edge* edges;
  int64_t elements;             /* of the result */
} d2nn_join;

typedef struct d2nn_node {
  const char* name;
  const char* doc;
  uint32_t kind;                /* d2nn_node_kind */
  int64_t cost;
} d2nn_node;

typedef struct d2nn_action {
  const char* name;
  uint32_t target_count;
  const uint32_t* targets;      /* indices into nodes */
} d2nn_action;

typedef struct d2nn_control {
  uint32_t node;
  uint32_t action_count;
  const d2nn_action* actions;
} d2nn_control;

/* How a parameter starts before training. FAN_IN: uniform in +-1 / sqrt(fan_in), as PyTorch's conv and linear layers. */
typedef enum d2nn_start { D2NN_START_FAN_IN, D2NN_START_ZEROS, D2NN_START_ONES, D2NN_START_NORMAL } d2nn_start;

typedef struct d2nn_parameter {
  d2nn_tensor_info tensor;
  uint32_t is_trained;          /* 0: a running statistic */
  uint32_t decays;              /* weight decay applies */
  uint32_t is_variance;         /* no value is below 0 */
  uint32_t start;               /* d2nn_start */
  double deviation;             /* of D2NN_START_NORMAL */
  int64_t fan_in;               /* values that an element of the result sums over */
  uint32_t node;
  int64_t offset;               /* in floats, of this tensor in the flat vector of all parameters (parameter_floats) */
} d2nn_parameter;

/* What a compiled function sees while it runs. One frame per tile in flight; the runtime fills it, and before each call clears
 * `executed` to 0 and `actions` to -1. The runtime writes `actions` (d2nn_rt_decide), compiled code writes `executed`. */
typedef struct d2nn_frame {
  void* arena;                         /* 64-byte aligned; d2nn_module::arena_bytes * capacity bytes (training: train->...) */
  const float* const* inputs;          /* [inputs]: row 0 of this tile */
  float* const* outputs;               /* [outputs]: row 0 of this tile */
  uint8_t* const* valid;               /* [outputs]: row 0 of this tile, never NULL */
  const float* const* packed;          /* [ops]: packed weights, or NULL */
  int32_t* actions;                    /* [controls][capacity]: action taken, -1: did not execute */
  uint8_t* executed;                   /* [flags][capacity]: 1 executed, 0 skipped (d2nn_module::flag_count) */
  int32_t* row_lists;                  /* [flags][capacity]: scratch for the lists of rows */
  void* scratch;                       /* 64-byte aligned; d2nn_module::scratch_bytes bytes for one kernel at a time */
  int64_t capacity;
  const struct d2nn_calls* calls;      /* what compiled code may call */
  struct d2nn_frame_state* state;      /* the runtime's own */
} d2nn_frame;

/* Compiled entry points: 0, or the status of the first call that failed. rows <= capacity samples are in rows 0 .. rows-1. */
typedef int32_t (*d2nn_forward_one_fn)(d2nn_frame* frame);
typedef int32_t (*d2nn_forward_tile_fn)(d2nn_frame* frame, int64_t rows);

/* Training code of a module, present when it was built with training. Values of every op are kept (arena), gradients are in
 * a second arena. Ops, buffers and joins have separate tables: nothing is fused or left out. */
typedef struct d2nn_train_code {
  uint32_t op_count;
  const d2nn_op* ops;
  uint32_t buffer_count;
  const d2nn_buffer* buffers;
  uint32_t join_count;
  /* Of node inputs and of outputs. Forward calls d2nn_rt_train_join for each, last those of the outputs, with all rows: an
   * output's values go to frame->outputs, its validity to frame->valid. Backward begins with d2nn_rt_train_join_backward of the
   * outputs, which reads d(loss)/d(output) where the trainer keeps it and adds to the edges' sources that executed. */
  const d2nn_join* joins;
  int64_t arena_bytes;                 /* per row of capacity */
  int64_t gradient_bytes;              /* per row of capacity */
  const uint32_t* output_joins;        /* [outputs]: index into joins */
  const uint32_t* control_buffers;     /* [controls]: buffer of the scores [actions]; its gradient accumulates, the trainer adds d(loss)/d(score) before backward */
  d2nn_forward_tile_fn forward;        /* rows of the mini-batch; decides through d2nn_rt_decide */
  d2nn_forward_tile_fn backward;       /* gradients of scores are in the gradient arena before the call */
} d2nn_train_code;

/* One step of a reward, in postfix order; one number is left at the end. The codes are those of train_settings.h. */
typedef struct d2nn_reward_step {
  uint32_t code;                /* d2nn::RewardCode */
  uint32_t output;              /* of a metric: index into outputs, or D2NN_NO_INDEX */
  double number;                /* of RewardCode::number */
} d2nn_reward_step;

/* A setting of the training and its value, as the table of train_settings.h has them. `loss` occurs once per output. */
typedef struct d2nn_train_setting {
  uint32_t id;                  /* d2nn::TrainSettingId */
  uint32_t output;              /* of a loss: index into outputs; else D2NN_NO_INDEX */
  double numbers[4];            /* d2nn::TrainSettingValue */
} d2nn_train_setting;

/* The `train` block of a program: what its training optimises unless the command line says otherwise. */
typedef struct d2nn_train_spec {
  uint32_t setting_count;
  const d2nn_train_setting* settings;
  uint32_t reward_count;        /* 0: the harness's own reward */
  const d2nn_reward_step* reward;
  const char* reward_text;      /* as the language writes it; "" without one */
} d2nn_train_spec;

/* How a cost budget is kept: what each decision adds to the least total cost that can still follow, its added least cost. Control
 * nodes decide in topological order, ties in order of declaration; compiled code runs them so. Decision diagrams that share their
 * steps: a walk begins at tops[control], a place of 0 or more is a step, one below 0 ends at values[~place]. A step tests
 * (action >> shift) & 1, where action is that of an earlier control node (any, when it did not execute) or the one considered. */
typedef struct d2nn_cost_step {
  uint32_t control;
  uint32_t shift;
  int32_t when_no, when_yes;
} d2nn_cost_step;

typedef struct d2nn_remaining_costs {
  const d2nn_cost_step* steps;
  const int64_t* values;               /* 0 or more; every control node has an action of 0 after any decisions */
  const int32_t* tops;                 /* [controls] */
} d2nn_remaining_costs;

struct d2nn_module {
  uint32_t layout;                     /* D2NN_MODULE_LAYOUT */
  uint32_t abi_version;                /* D2NN_ABI_VERSION */
  const char* name;
  const char* doc;
  const char* compiler_version;
  const char* target_cpu;
  const char* target_features;         /* "+avx2,+fma,...": checked against the host when a model is made */
  const char* path_count;
  int64_t least_cost, greatest_cost;
  const char* manifest;                /* JSON text, what `info --json` prints */
  uint32_t input_count;
  const d2nn_tensor_info* inputs;
  uint32_t output_count;
  const d2nn_tensor_info* outputs;
  uint32_t node_count;
  const d2nn_node* nodes;
  uint32_t flag_count;                 /* rows of frame->executed: the nodes, then the dummies that an action can skip */
  uint32_t control_count;
  const d2nn_control* controls;
  uint32_t parameter_count;
  const d2nn_parameter* parameters;
  int64_t parameter_floats;            /* all of them in one flat vector of f32, as they are loaded and trained */
  uint32_t op_count;
  const d2nn_op* ops;
  uint32_t buffer_count;
  const d2nn_buffer* buffers;
  uint32_t join_count;
  const d2nn_join* joins;
  int64_t tile_rows;                   /* capacity of an inference tile */
  int64_t arena_bytes;                 /* per row of capacity */
  int64_t scratch_bytes;               /* per frame */
  d2nn_forward_one_fn forward_one;     /* one sample in row 0; capacity is tile_rows here too */
  d2nn_forward_tile_fn forward_tile;
  const d2nn_train_code* train;        /* or NULL */
  const d2nn_train_spec* train_spec;   /* or NULL: the program says nothing about its training */
  const d2nn_remaining_costs* remaining_costs; /* or NULL: no budget can be kept */
  const void* embedded_weights;        /* safetensors bytes, or NULL */
  uint64_t embedded_size;
};

/* ---- what compiled code calls: every one noexcept, int32 results are a d2nn_status ---------------------------------------
 * Compiled code reaches them through frame->calls, never by name: a module has no undefined symbols of ours, so one that was
 * linked, loaded or compiled in process works alike, and any number of modules share the one runtime that made their frames. */

/* Chooses the action of a control node for the listed rows. scores: row r at scores + r * stride. Writes
 * frame->actions[control][row]. D2NN_NONFINITE_CONTROL when a score is not finite. Training explores here. */
int32_t d2nn_rt_decide(d2nn_frame* frame, uint32_t control, const float* scores, int64_t stride, const int32_t* rows, int64_t count);
/* The same for row 0 alone: the action, or -1 - status. */
int32_t d2nn_rt_decide_one(d2nn_frame* frame, uint32_t control, const float* scores);
/* Joins the edges of `join` (an index into the module's joins) for the listed rows. */
void d2nn_rt_join(d2nn_frame* frame, uint32_t join, const int32_t* rows, int64_t count);
/* Writes an output and its validity for rows 0 .. rows-1: the join's value, or NaN and 0 where it is null. */
void d2nn_rt_output(d2nn_frame* frame, uint32_t join, int64_t rows);
/* Runs the library kernel of an op on one row. */
int32_t d2nn_rt_library_op(d2nn_frame* frame, uint32_t op, const float* src, float* dst);
/* Training: one op, forward or backward, for the listed rows; a join's backward. */
int32_t d2nn_rt_train_forward(d2nn_frame* frame, uint32_t op, const int32_t* rows, int64_t count);
int32_t d2nn_rt_train_backward(d2nn_frame* frame, uint32_t op, const int32_t* rows, int64_t count);
void d2nn_rt_train_join(d2nn_frame* frame, uint32_t join, const int32_t* rows, int64_t count);
void d2nn_rt_train_join_backward(d2nn_frame* frame, uint32_t join, const int32_t* rows, int64_t count);

/* The same as a table. The train_ members are NULL in frames that do not train. */
typedef struct d2nn_calls {
  int32_t (*decide)(d2nn_frame*, uint32_t, const float*, int64_t, const int32_t*, int64_t);
  int32_t (*decide_one)(d2nn_frame*, uint32_t, const float*);
  void (*join)(d2nn_frame*, uint32_t, const int32_t*, int64_t);
  void (*output)(d2nn_frame*, uint32_t, int64_t);
  int32_t (*library_op)(d2nn_frame*, uint32_t, const float*, float*);
  int32_t (*train_forward)(d2nn_frame*, uint32_t, const int32_t*, int64_t);
  int32_t (*train_backward)(d2nn_frame*, uint32_t, const int32_t*, int64_t);
  void (*train_join)(d2nn_frame*, uint32_t, const int32_t*, int64_t);
  void (*train_join_backward)(d2nn_frame*, uint32_t, const int32_t*, int64_t);
} d2nn_calls;

#ifdef __cplusplus
}
#endif
#endif
