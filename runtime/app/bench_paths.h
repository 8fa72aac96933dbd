// Which paths `bench` measures. A path is found by running it: decisions are forced, the trace tells which control
// nodes executed and what it cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "app/bench_samples.h"
#include "exec/context.h"
#include "status/status.h"

namespace d2nn::app {

struct BenchPath {
  std::vector<std::int32_t> actions;  // [controls]; -1: the control node does not execute
  std::int64_t cost = 0;              // multiplications
  std::size_t samples = 0;            // that take it by themselves
};

struct BenchPaths {
  std::vector<BenchPath> paths;  // from the cheapest to the dearest
  bool is_complete = false;      // all paths of the network
  std::size_t samples = 0;       // that were run
};

/// Runs the samples, as many as two seconds allow, and forced decisions on the first one. All paths when they are few;
/// else the cheapest and the dearest (those found by changing one decision after the other: exact where decisions add
/// up) and the most frequent ones.
Result<BenchPaths> find_paths(exec::Context& context, BenchSamples& samples);

/// The actions as a run is forced to take them: any for control nodes that do not execute.
std::vector<std::int32_t> forced_actions(const BenchPath& path);

/// "Q: high, R: skipped"; of three and more control nodes in a row with one answer "gate[0] to gate[53]: skip".
std::string short_path_text(const d2nn_module& module, const std::vector<std::int32_t>& actions);

}  // namespace d2nn::app
