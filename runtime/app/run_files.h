// `run` on files: npy in, npy and trace out, in chunks, so that memory does not grow with the data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "exec/model.h"
#include "io/npy.h"
#include "status/status.h"

namespace d2nn::app {

/// An npy file for one input of the network.
struct InputPath {
  std::string name;  // empty: the network's only input
  std::string path;
};

/// A reader for each input of the module, in its order, all of equally many samples. D2NN_INVALID_ARGUMENT: inputs
/// missing, unknown, given twice, of other shapes or of different counts; D2NN_IO_ERROR.
Result<std::vector<io::NpyReader>> open_inputs(const d2nn_module& module, const std::vector<InputPath>& inputs);

struct RunFiles {
  std::vector<InputPath> inputs;
  std::string output;         // "y.npy"; a network with several outputs writes "y.NAME.npy" each
  std::string trace;          // JSON; empty: none
  std::size_t threads = 0;    // 0: as many as help
  std::int64_t max_cost = 0;  // multiplications of a sample, accepted by exec::check_budget; 0: no bound
};

struct RunFilesSummary {
  std::int64_t samples = 0;
  std::int64_t total_cost = 0;       // multiplications of all samples
  std::vector<std::string> written;  // paths
};

/// Where output `index` of the module goes when the user asked for `path`.
std::string output_path(const d2nn_module& module, std::size_t index, const std::string& path);

/// Runs every sample. Results do not depend on `threads`. Files appear under their names only when all of the run
/// succeeded. D2NN_INVALID_ARGUMENT: inputs missing, unknown, given twice, of other shapes or of different counts;
/// D2NN_IO_ERROR; D2NN_NONFINITE_CONTROL names the sample by its place in the files. Throws std::bad_alloc only.
Result<RunFilesSummary> run_files(const exec::Model& model, const RunFiles& files);

}  // namespace d2nn::app
