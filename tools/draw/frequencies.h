// How often each part of a network ran, counted from the trace that `d2nn run --trace` writes
// (runtime/io/trace_json.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "graph/graph.h"
#include "paths/paths.h"

namespace d2nn::draw {

/// Counts of samples.
struct Frequencies {
  struct TracedPath {
    paths::Decisions decisions;
    std::size_t samples = 0;
    std::int64_t cost = 0;  // multiplications of one sample
  };
  std::size_t samples = 0;  // at least 1
  /// By NodeId::index: samples that executed the node; an output: that gave it a value; an input: all.
  std::vector<std::size_t> nodes;
  std::vector<std::size_t> edges;                 // by EdgeId::index: samples that executed both ends
  std::vector<std::vector<std::size_t>> actions;  // by NodeId::index and action: samples that took it
  double mean_cost = 0;                           // multiplications
  std::vector<TracedPath> paths;                  // the most frequent first; ties in order of decisions

  /// The part of all samples, 0 to 1.
  double share(std::size_t count) const { return static_cast<double>(count) / static_cast<double>(samples); }
};

/// Reads a trace of this network. A file that cannot be read is E0801, one that is no trace E0815, one of another
/// network E0816 (names what the network does not have); nullopt then.
std::optional<Frequencies> read_trace(const std::string& path, const graph::Program& program, diag::Sink& sink);

}  // namespace d2nn::draw
