// The inner loops for baseline (flags in CMakeLists.txt).
#define D2NN_ISA_NAME "baseline"
#define D2NN_ISA_FUNCTION baseline_loops
#define D2NN_ISA_LANES 4
#include "kernels/isa/loops_body.h"
