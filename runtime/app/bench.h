// `bench`: how long the network takes, for one sample by path and for a batch.
#pragma once

#include <cstddef>
#include <iosfwd>

#include "exec/model.h"
#include "status/status.h"

namespace d2nn::app {

struct Bench {
  std::size_t batch = 64;
  std::size_t threads = 1;  // 0: as many as help
};

/// Measures on random inputs in [0, 1) (always the same) and prints medians: batch 1 for every path that the inputs
/// took, then the batch as a whole. Takes a few seconds at most for a small network.
Status run_bench(const exec::Model& model, const Bench& bench, std::ostream& out);

}  // namespace d2nn::app
