/* The module of the network in docs/c-api.md, written by hand as the compiler would emit it: what the runtime is tested
 * with before and beside compiled ones. */
#ifndef D2NN_TESTS_FAKE_MODULE_H
#define D2NN_TESTS_FAKE_MODULE_H

#include "d2nn/d2nn.h"

#ifdef __cplusplus
extern "C" {
#endif

const d2nn_module* fork_module(void);

/* Its weights, in order of its parameters: what is embedded in it. */
#define FORK_WEIGHTS 51
extern const float fork_weights[FORK_WEIGHTS];

#ifdef __cplusplus
}
#endif
#endif
