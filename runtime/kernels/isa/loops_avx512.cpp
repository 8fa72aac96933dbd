// The inner loops for avx512 (flags in CMakeLists.txt).
#define D2NN_ISA_NAME "avx512"
#define D2NN_ISA_FUNCTION avx512_loops
#define D2NN_ISA_LANES 16
#include "kernels/isa/loops_body.h"
