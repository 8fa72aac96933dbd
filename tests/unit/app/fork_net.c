/* What codegen adds to an executable: the way from main() to the module. */
#include "fake_module.h"

const d2nn_module* d2nn_app_module(void);
const d2nn_module* d2nn_app_module(void) {
  return fork_module();
}
