// The trace file of `run --trace`: what every sample did, written sample by sample so that memory does not grow with
// the data.
// {"network": .., "samples": [{"actions": {"Q": "high" | null}, "executed": ["N1", ..], "cost": 123, "valid":
// {"scores": true}}]}
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "d2nn/module.h"
#include "io/atomic_file.h"
#include "status/status.h"

namespace d2nn::io {

/// Writes the trace of any number of batches, aside; the file appears under its name when finish() succeeds.
class TraceWriter {
 public:
  /// Names are taken from the module and copied.
  static Result<TraceWriter> create(const std::string& path, const d2nn_module& module);
  /// Adds `batch` samples. actions [batch, controls], executed [batch, nodes] and cost [batch] of `trace` must all be
  /// there, as must valid[output] [batch]; D2NN_INVALID_ARGUMENT otherwise, and for an action that the module does not
  /// have.
  Status append(std::size_t batch, const d2nn_trace& trace, const std::uint8_t* const* valid);
  Status finish();

 private:
  struct Control {
    std::string key;                   // "\"Q\": "
    std::vector<std::string> actions;  // "\"high\""
  };
  explicit TraceWriter(AtomicFile file) : file_(std::move(file)) {}

  AtomicFile file_;
  std::vector<Control> controls_;
  std::vector<std::string> nodes_;    // "\"N1\""
  std::vector<std::string> outputs_;  // "\"scores\": "
  bool any_ = false;
};

}  // namespace d2nn::io
