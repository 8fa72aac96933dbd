// d2nn.h and module.h must stand alone in C++ and keep C names.
#include "d2nn/d2nn.h"
#include "d2nn/module.h"

static_assert(sizeof(d2nn_run_options) == 40 || sizeof(void*) != 8);
static_assert(D2NN_OP_EXPRESSION + 1 == D2NN_OP_KINDS);
extern "C" decltype(d2nn_run) d2nn_run;
