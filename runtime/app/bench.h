// `bench`: how long the network takes, path by path and for a batch as its samples come.
#pragma once

#include <cstddef>
#include <iosfwd>

#include "app/bench_samples.h"
#include "exec/model.h"
#include "status/status.h"

namespace d2nn::app {

struct Bench {
  std::size_t batch = 64;
  std::size_t threads = 1;  // 0: as many as help
  SampleSource samples;
  bool has_random_weights = false;  // the model's, to be said
};

/// Measures and prints medians: for each path, forced by its decisions, one sample and a batch, beside its
/// multiplications and how many of the samples take it; then a batch as it comes. Of more paths than fit a screen the
/// cheapest, the dearest and the most frequent ones. Takes a few seconds for a small network.
Status run_bench(const exec::Model& model, const Bench& bench, std::ostream& out);

}  // namespace d2nn::app
