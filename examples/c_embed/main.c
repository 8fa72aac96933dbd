/* A compiled network in a C program: prints what the network `gate` makes of three pairs and which way each went. */
#include <stdio.h>

#include "gate.h"

int main(void) {
  const float pairs[3][2] = {{1.0f, 2.0f}, {-4.0f, 1.0f}, {0.5f, -0.25f}};
  float results[3][2];
  int32_t actions[3];
  int64_t cost[3];

  /* NULL: the weights that were embedded by `d2nn build --weights`. */
  d2nn_model* model = NULL;
  d2nn_context* context = NULL;
  if (d2nn_model_create(gate_module(), NULL, &model) != D2NN_OK || d2nn_context_create(model, 3, &context) != D2NN_OK) {
    fprintf(stderr, "%s\n", d2nn_last_error());
    d2nn_model_destroy(model);
    return 1;
  }

  const float* inputs[] = {pairs[0]};
  float* outputs[] = {results[0]};
  d2nn_trace trace = {.struct_size = sizeof trace, .actions = actions, .cost = cost};
  d2nn_run_options options = {.struct_size = sizeof options, .trace = &trace};
  const d2nn_status status = d2nn_run(context, 3, inputs, outputs, &options);
  if (status == D2NN_OK) {
    for (int i = 0; i < 3; ++i) {
      printf("(%g, %g) -> (%g, %g), Q: %s, %lld multiplications\n", pairs[i][0], pairs[i][1], results[i][0],
             results[i][1], actions[i] == GATE_Q_POSITIVE ? "positive" : "other", (long long)cost[i]);
    }
  } else {
    fprintf(stderr, "%s\n", d2nn_error_message(context));
  }
  d2nn_context_destroy(context);
  d2nn_model_destroy(model);
  return status == D2NN_OK ? 0 : 1;
}
