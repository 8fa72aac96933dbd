#include "threads/openmp_guard.h"

// Declared here because clang has no <omp.h> without its own OpenMP, which must not be mixed with gomp.
extern "C" {
int omp_get_max_threads(void);
void omp_set_num_threads(int count);
}

namespace d2nn::threads {

OneOpenMpThread::OneOpenMpThread() noexcept : former_count_(omp_get_max_threads()) {
  if (former_count_ != 1) omp_set_num_threads(1);
}

OneOpenMpThread::~OneOpenMpThread() {
  if (former_count_ != 1) omp_set_num_threads(former_count_);
}

}  // namespace d2nn::threads
