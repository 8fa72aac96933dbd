/* d2nn.h must stand alone in strict C11, and be includable twice. */
#include "d2nn/d2nn.h"

_Static_assert(D2NN_OK == 0 && D2NN_INTERNAL_ERROR == 9, "status numbers are never reused");
_Static_assert(D2NN_ELEMENT_F32 == 1, "numbers of element types are never reused, and 0 is none");
_Static_assert(offsetof(d2nn_weights_source, struct_size) == 0 && offsetof(d2nn_context_options, struct_size) == 0 &&
                   offsetof(d2nn_run_options, struct_size) == 0 && offsetof(d2nn_trace, struct_size) == 0,
               "struct_size stands first");
#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(d2nn_weights_source) == 40 && sizeof(d2nn_context_options) == 24 && sizeof(d2nn_trace) == 32 &&
                   sizeof(d2nn_run_options) == 40 && sizeof(d2nn_tensor_info) == 56,
               "the sizes of version 2");
#endif

d2nn_status d2nn_abi_header_alone(void);
d2nn_status d2nn_abi_header_alone(void) {
  return D2NN_OK;
}
