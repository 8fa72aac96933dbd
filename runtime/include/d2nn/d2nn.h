/* clang-format off */
/* The public C interface of d2nn: load a compiled network, run it, look at what it did. C11; usable from C++.
 *
 * Objects:  d2nn_module   what `d2nn build` made: code and tables, constant, static lifetime.
 *           d2nn_model    a module with its weights loaded and packed; immutable, shared by threads.
 *           d2nn_context  scratch memory for one caller at a time; many contexts may run at once on one model.
 * Ownership: the caller owns every buffer it passes. A model must outlive its contexts. Destroy accepts NULL.
 * Errors:   every function that can fail returns a d2nn_status; nothing is thrown, nothing aborts. After a failure the full message
 *           is in d2nn_last_error() (thread-local), and for a run also in d2nn_error_message(context). A model has no message of its
 *           own: it is shared by threads, and the only calls on it that can fail create another object.
 * Tensors:  contiguous in C, H, W order, the batch as the outermost dimension, aligned as their elements are. Each tensor has an
 *           element type (d2nn_tensor_info::element_type); this version supports only f32.
 * Versions: every struct that the caller fills begins with struct_size = sizeof(the struct); later versions only append. A size that
 *           this runtime does not know is rejected (D2NN_INVALID_ARGUMENT).
 * Threads:  functions on different objects may run at the same time; one object belongs to one thread at a time, except that a
 *           model may be used by any number of them. After fork() the child may use only contexts that it makes itself.
 * The guide with a complete example is docs/c-api.md. */
#ifndef D2NN_D2NN_H
#define D2NN_D2NN_H

#include <stddef.h>
#include <stdint.h>

#if defined(D2NN_BUILDING_SHARED) || defined(__GNUC__)
#define D2NN_API __attribute__((visibility("default")))
#else
#define D2NN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface; a module compiled for another major version is rejected. */
#define D2NN_ABI_VERSION 2

/* Numbers are never reused. */
typedef enum d2nn_status {
  D2NN_OK = 0,
  D2NN_INVALID_ARGUMENT = 1,    /* an argument is null, misaligned, too large or of the wrong size; nothing was written */
  D2NN_INVALID_MODULE = 2,      /* the module is damaged, or does not match this runtime or this CPU */
  D2NN_INVALID_WEIGHTS = 3,     /* the weights are missing, damaged, of other names or shapes, or not finite */
  D2NN_IO_ERROR = 4,            /* a file could not be opened, read or written */
  D2NN_OUT_OF_MEMORY = 5,
  D2NN_NONFINITE_CONTROL = 6,   /* a control node's score is NaN or infinite; the message names the sample and the node */
  D2NN_BUDGET_TOO_SMALL = 7,    /* the cost budget is below the cheapest path */
  D2NN_UNSUPPORTED = 8,         /* the module was built without the requested feature (for instance without training) */
  D2NN_INTERNAL_ERROR = 9       /* a bug in d2nn itself; the message says where */
} d2nn_status;

typedef struct d2nn_module d2nn_module;
typedef struct d2nn_model d2nn_model;
typedef struct d2nn_context d2nn_context;

/* ---- models ---------------------------------------------------------------------------------------------------------- */

typedef enum d2nn_weights_kind {
  D2NN_WEIGHTS_EMBEDDED = 0,    /* built into the module with `d2nn build --weights` */
  D2NN_WEIGHTS_FILE = 1,        /* path: a safetensors file */
  D2NN_WEIGHTS_MEMORY = 2       /* data, size: the bytes of a safetensors file; need not outlive the call */
} d2nn_weights_kind;

typedef struct d2nn_weights_source {
  size_t struct_size;
  d2nn_weights_kind kind;
  const char* path;
  const void* data;
  size_t size;
} d2nn_weights_source;

/* Loads, checks and packs the weights. source NULL: the embedded ones. The module must outlive the model. On failure *model is NULL
 * and d2nn_last_error() says why: D2NN_INVALID_ARGUMENT, D2NN_INVALID_MODULE (built for another runtime or for instructions that this
 * processor lacks, or with tensors of an element type that this runtime does not support), D2NN_INVALID_WEIGHTS, D2NN_IO_ERROR, D2NN_OUT_OF_MEMORY. */
D2NN_API d2nn_status d2nn_model_create(const d2nn_module* module, const d2nn_weights_source* source, d2nn_model** model);
D2NN_API void d2nn_model_destroy(d2nn_model* model);

/* ---- contexts -------------------------------------------------------------------------------------------------------- */

/* Everything a run needs is made here: memory, the library kernels that run row by row, the threads. A run allocates nothing of its
 * own; oneDNN may allocate a little for each call of one of its kernels. */
typedef struct d2nn_context_options {
  size_t struct_size;
  size_t max_batch;             /* samples of the largest run; at least 1 */
  size_t threads;               /* threads of the largest run, the caller's included; 0: as many as are useful, at most the CPUs */
} d2nn_context_options;

/* The same with threads = 0. On failure *context is NULL and d2nn_last_error() says why: D2NN_INVALID_ARGUMENT (also a max_batch whose
 * buffers no memory could hold), D2NN_OUT_OF_MEMORY (also when a thread cannot be started). */
D2NN_API d2nn_status d2nn_context_create(const d2nn_model* model, size_t max_batch, d2nn_context** context);
D2NN_API d2nn_status d2nn_context_create_with(const d2nn_model* model, const d2nn_context_options* options, d2nn_context** context);
D2NN_API void d2nn_context_destroy(d2nn_context* context);

/* ---- runs ------------------------------------------------------------------------------------------------------------ */

/* What each sample did. Every array belongs to the caller and may be NULL if it is not needed. */
typedef struct d2nn_trace {
  size_t struct_size;
  int32_t* actions;             /* [batch, controls]: index of the action taken, -1 where the control node did not execute */
  uint8_t* executed;            /* [batch, nodes]: 1 executed, 0 skipped; nodes as d2nn_module_node_* counts them */
  int64_t* cost;                /* [batch]: multiplications */
} d2nn_trace;

typedef struct d2nn_run_options {
  size_t struct_size;
  size_t threads;               /* 0: all threads of the context; never changes a result */
  int64_t cost_budget;          /* multiplications a sample may cost at most, never exceeded; 0: none. Below the cheapest path: D2NN_BUDGET_TOO_SMALL;
                                   a module whose decisions are too entangled for it: D2NN_UNSUPPORTED */
  uint8_t* const* valid;        /* [outputs] of [batch]: 1 the output has a value, 0 it is null; NULL: not needed, for all outputs or for one */
  d2nn_trace* trace;            /* or NULL */
} d2nn_run_options;

/* Runs `batch` samples (0 < batch <= max_batch). inputs[i]: f32 [batch, shape of input i], read only. outputs[i]: f32
 * [batch, shape of output i]; a null output's row is NaN. A buffer that the run writes may overlap no other. options may be NULL.
 * D2NN_INVALID_ARGUMENT, D2NN_BUDGET_TOO_SMALL, D2NN_UNSUPPORTED: nothing was written. D2NN_NONFINITE_CONTROL and whatever else fails while running: every
 * validity byte is 0, outputs and trace are unspecified, the message names the first such sample in batch order. One thread at a
 * time per context. The floating-point mode is restored on return. */
D2NN_API d2nn_status d2nn_run(d2nn_context* context, size_t batch, const float* const* inputs, float* const* outputs,
                              const d2nn_run_options* options);

/* ---- errors ---------------------------------------------------------------------------------------------------------- */

/* The message of the last failing call on this context; "" if none failed. Valid until the next call on it. NULL: d2nn_last_error(). */
D2NN_API const char* d2nn_error_message(const d2nn_context* context);
/* The message of the last failing call on this thread, on any object; "" if none failed. Valid until the next one fails. */
D2NN_API const char* d2nn_last_error(void);
/* "invalid argument" and so on; never NULL. */
D2NN_API const char* d2nn_status_name(d2nn_status status);

/* ---- inspecting a module --------------------------------------------------------------------------------------------- */

/* Strings and arrays belong to the module and live as long as it does. No module, or an index out of range: NULL where a pointer is
 * returned, -1 for a cost and for d2nn_module_control_node ((size_t)-1), 0 for a count, a flag and a kind. */
typedef enum d2nn_node_kind { D2NN_NODE_REGULAR = 0, D2NN_NODE_CONTROL = 1 } d2nn_node_kind;

/* The type of a tensor's elements. Numbers are never reused, and 0 is not used. */
typedef enum d2nn_element_type {
  D2NN_ELEMENT_F32 = 1          /* IEEE 754 binary32, in the byte order of the machine */
} d2nn_element_type;

/* "f32"; "unknown element type" for a number that this runtime does not know. Never NULL. */
D2NN_API const char* d2nn_element_type_name(d2nn_element_type type);

typedef struct d2nn_tensor_info {
  const char* name;
  const char* doc;              /* from `///`; "" when there is none */
  size_t rank;
  const int64_t* dims;          /* [rank], without the batch */
  int64_t elements;             /* their product */
  int64_t size_bytes;           /* of one sample, or of the parameter */
  d2nn_element_type element_type;
} d2nn_tensor_info;

D2NN_API uint32_t d2nn_abi_version(void);
D2NN_API const char* d2nn_version(void);                                     /* of the runtime */
D2NN_API const char* d2nn_module_name(const d2nn_module* module);
D2NN_API const char* d2nn_module_doc(const d2nn_module* module);
D2NN_API const char* d2nn_module_compiler_version(const d2nn_module* module);
D2NN_API const char* d2nn_module_target(const d2nn_module* module);          /* CPU it was compiled for */
D2NN_API const char* d2nn_module_path_count(const d2nn_module* module);      /* exact, decimal */
D2NN_API int64_t d2nn_module_least_cost(const d2nn_module* module);
D2NN_API int64_t d2nn_module_greatest_cost(const d2nn_module* module);
D2NN_API int d2nn_module_has_weights(const d2nn_module* module);
D2NN_API int d2nn_module_has_training(const d2nn_module* module);

D2NN_API size_t d2nn_module_input_count(const d2nn_module* module);
D2NN_API const d2nn_tensor_info* d2nn_module_input(const d2nn_module* module, size_t index);
D2NN_API size_t d2nn_module_output_count(const d2nn_module* module);
D2NN_API const d2nn_tensor_info* d2nn_module_output(const d2nn_module* module, size_t index);
D2NN_API size_t d2nn_module_parameter_count(const d2nn_module* module);
D2NN_API const d2nn_tensor_info* d2nn_module_parameter(const d2nn_module* module, size_t index);

/* Regular and control nodes, in an order in which they run. */
D2NN_API size_t d2nn_module_node_count(const d2nn_module* module);
D2NN_API const char* d2nn_module_node_name(const d2nn_module* module, size_t node);
D2NN_API const char* d2nn_module_node_doc(const d2nn_module* module, size_t node);
D2NN_API d2nn_node_kind d2nn_module_node_kind(const d2nn_module* module, size_t node);
D2NN_API int64_t d2nn_module_node_cost(const d2nn_module* module, size_t node);

/* Control nodes in order of declaration, with their actions in order of declaration. */
D2NN_API size_t d2nn_module_control_count(const d2nn_module* module);
D2NN_API size_t d2nn_module_control_node(const d2nn_module* module, size_t control);   /* its index among the nodes */
D2NN_API size_t d2nn_module_action_count(const d2nn_module* module, size_t control);
D2NN_API const char* d2nn_module_action_name(const d2nn_module* module, size_t control, size_t action);

#ifdef __cplusplus
}
#endif
#endif
