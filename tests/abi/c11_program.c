/* Walks through the whole C interface from C11, as a program that knows nothing of a module but what the interface
 * tells. Exit status 0, or 1 with the line that failed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "d2nn/d2nn.h"
#include "fake_module.h"

#define CHECK(condition)                                                                                 \
  do {                                                                                                   \
    if (!(condition)) {                                                                                  \
      fprintf(stderr, "%s:%d: %s\nlast error: %s\n", __FILE__, __LINE__, #condition, d2nn_last_error()); \
      exit(1);                                                                                           \
    }                                                                                                    \
  } while (0)

enum { BATCH = 7, MOST = 8 };

/* Everything of one run, sized by what the module says about itself. */
struct run {
  const float* inputs[MOST];
  float* outputs[MOST];
  uint8_t* valid[MOST];
  d2nn_trace trace;
  d2nn_run_options options;
};

static void* zeroed(size_t count, size_t size) {
  void* memory = calloc(count == 0 ? 1 : count, size);
  CHECK(memory != NULL);
  return memory;
}

static void prepare(struct run* run, const d2nn_module* module) {
  memset(run, 0, sizeof *run);
  CHECK(d2nn_module_input_count(module) <= MOST && d2nn_module_output_count(module) <= MOST);
  for (size_t i = 0; i < d2nn_module_input_count(module); ++i) {
    const size_t elements = (size_t)d2nn_module_input(module, i)->elements;
    CHECK(d2nn_module_input(module, i)->element_type == D2NN_ELEMENT_F32);
    CHECK(d2nn_module_input(module, i)->size_bytes == (int64_t)(elements * sizeof(float)));
    float* values = zeroed(BATCH * elements, sizeof(float));
    for (size_t k = 0; k < BATCH * elements; ++k) values[k] = (float)((k * 37 + i * 11) % 19) / 8.0f - 1.0f;
    run->inputs[i] = values;
  }
  for (size_t i = 0; i < d2nn_module_output_count(module); ++i) {
    run->outputs[i] = zeroed(BATCH * (size_t)d2nn_module_output(module, i)->elements, sizeof(float));
    run->valid[i] = zeroed(BATCH, 1);
  }
  run->trace.struct_size = sizeof run->trace;
  run->trace.actions = zeroed(BATCH * d2nn_module_control_count(module), sizeof(int32_t));
  run->trace.executed = zeroed(BATCH * d2nn_module_node_count(module), 1);
  run->trace.cost = zeroed(BATCH, sizeof(int64_t));
  run->options.struct_size = sizeof run->options;
  run->options.valid = run->valid;
  run->options.trace = &run->trace;
}

static void dispose(struct run* run) {
  for (size_t i = 0; i < MOST; ++i) {
    free((void*)run->inputs[i]);
    free(run->outputs[i]);
    free(run->valid[i]);
  }
  free(run->trace.actions);
  free(run->trace.executed);
  free(run->trace.cost);
}

static void look_around(const d2nn_module* module) {
  CHECK(d2nn_abi_version() == D2NN_ABI_VERSION);
  CHECK(strcmp(d2nn_element_type_name(D2NN_ELEMENT_F32), "f32") == 0);
  CHECK(strcmp(d2nn_element_type_name((d2nn_element_type)0), "unknown element type") == 0);
  CHECK(strlen(d2nn_version()) > 0 && strlen(d2nn_module_compiler_version(module)) > 0);
  CHECK(strcmp(d2nn_module_name(module), "fork") == 0);
  CHECK(d2nn_module_doc(module) != NULL && d2nn_module_target(module) != NULL);
  CHECK(strcmp(d2nn_module_path_count(module), "4") == 0);
  CHECK(d2nn_module_least_cost(module) <= d2nn_module_greatest_cost(module));
  CHECK(d2nn_module_has_weights(module) && !d2nn_module_has_training(module));
  int64_t parameters = 0;
  for (size_t i = 0; i < d2nn_module_parameter_count(module); ++i) {
    parameters += d2nn_module_parameter(module, i)->elements;
    CHECK(d2nn_module_parameter(module, i)->element_type == D2NN_ELEMENT_F32);
  }
  CHECK(parameters == FORK_WEIGHTS);
  CHECK(d2nn_module_input(module, d2nn_module_input_count(module)) == NULL);
  size_t controls = 0;
  for (size_t node = 0; node < d2nn_module_node_count(module); ++node) {
    CHECK(d2nn_module_node_name(module, node) != NULL && d2nn_module_node_doc(module, node) != NULL);
    controls += d2nn_module_node_kind(module, node) == D2NN_NODE_CONTROL;
  }
  CHECK(controls == d2nn_module_control_count(module));
  for (size_t control = 0; control < controls; ++control) {
    CHECK(d2nn_module_node_kind(module, d2nn_module_control_node(module, control)) == D2NN_NODE_CONTROL);
    CHECK(d2nn_module_action_count(module, control) >= 2);
    CHECK(d2nn_module_action_name(module, control, 0) != NULL);
  }
}

/* What a trace says must agree with itself: cost is the sum over the executed nodes, a null output is NaN. */
static void check_results(const struct run* run, const d2nn_module* module) {
  const size_t nodes = d2nn_module_node_count(module), controls = d2nn_module_control_count(module);
  for (size_t sample = 0; sample < BATCH; ++sample) {
    int64_t cost = 0;
    for (size_t node = 0; node < nodes; ++node) {
      if (run->trace.executed[sample * nodes + node]) cost += d2nn_module_node_cost(module, node);
    }
    CHECK(cost == run->trace.cost[sample]);
    CHECK(cost >= d2nn_module_least_cost(module) && cost <= d2nn_module_greatest_cost(module));
    for (size_t control = 0; control < controls; ++control) {
      const int32_t action = run->trace.actions[sample * controls + control];
      CHECK(action >= 0 && (size_t)action < d2nn_module_action_count(module, control));
    }
    for (size_t i = 0; i < d2nn_module_output_count(module); ++i) {
      const size_t elements = (size_t)d2nn_module_output(module, i)->elements;
      for (size_t k = 0; k < elements; ++k) {
        CHECK(run->valid[i][sample] == !isnan(run->outputs[i][sample * elements + k]));
      }
    }
  }
}

int main(void) {
  const d2nn_module* module = fork_module();
  d2nn_model* model = NULL;
  d2nn_context *one_thread = NULL, *two_threads = NULL;
  const d2nn_context_options options = {.struct_size = sizeof options, .max_batch = BATCH, .threads = 2};
  struct run first, second;

  look_around(module);
  CHECK(d2nn_model_create(module, NULL, &model) == D2NN_OK);
  CHECK(d2nn_context_create(model, BATCH, &one_thread) == D2NN_OK);
  CHECK(d2nn_context_create_with(model, &options, &two_threads) == D2NN_OK);
  prepare(&first, module);
  prepare(&second, module);
  CHECK(d2nn_run(one_thread, BATCH, first.inputs, first.outputs, &first.options) == D2NN_OK);
  CHECK(d2nn_run(two_threads, BATCH, second.inputs, second.outputs, &second.options) == D2NN_OK);
  CHECK(strlen(d2nn_error_message(one_thread)) == 0);
  check_results(&first, module);
  for (size_t i = 0; i < d2nn_module_output_count(module); ++i) {
    CHECK(memcmp(first.outputs[i], second.outputs[i],
                 BATCH * (size_t)d2nn_module_output(module, i)->elements * sizeof(float)) == 0);
  }
  CHECK(memcmp(first.trace.cost, second.trace.cost, BATCH * sizeof(int64_t)) == 0);

  CHECK(d2nn_run(one_thread, BATCH + 1, first.inputs, first.outputs, NULL) == D2NN_INVALID_ARGUMENT);
  CHECK(strcmp(d2nn_error_message(one_thread), d2nn_last_error()) == 0);
  CHECK(strcmp(d2nn_status_name(D2NN_INVALID_ARGUMENT), "invalid argument") == 0);

  d2nn_weights_source nowhere = {.struct_size = sizeof nowhere, .kind = D2NN_WEIGHTS_FILE, .path = "no/such/file"};
  d2nn_model* none = model;
  CHECK(d2nn_model_create(module, &nowhere, &none) == D2NN_IO_ERROR);
  CHECK(none == NULL && strstr(d2nn_last_error(), "no/such/file") != NULL);

  d2nn_weights_source unknown = {.struct_size = sizeof unknown, .kind = (d2nn_weights_kind)77};
  CHECK(d2nn_model_create(module, &unknown, &none) == D2NN_INVALID_ARGUMENT);
  CHECK(none == NULL && strstr(d2nn_last_error(), "source->kind is 77") != NULL);
  CHECK(strcmp(d2nn_status_name((d2nn_status)99), "unknown status") == 0);

  dispose(&first);
  dispose(&second);
  d2nn_context_destroy(two_threads);
  d2nn_context_destroy(one_thread);
  d2nn_model_destroy(model);
  return 0;
}
