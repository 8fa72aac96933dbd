// The inner loops for avx2 (flags in CMakeLists.txt).
#define D2NN_ISA_NAME "avx2"
#define D2NN_ISA_FUNCTION avx2_loops
#define D2NN_ISA_LANES 8
#include "kernels/isa/loops_body.h"
