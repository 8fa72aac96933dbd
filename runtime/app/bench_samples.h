// What `bench` measures on: samples of a data set, of npy files, or random ones.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "app/run_files.h"
#include "d2nn/module.h"
#include "exec/context.h"
#include "status/status.h"

namespace d2nn::app {

struct SampleSource {
  std::vector<InputPath> inputs;  // npy files
  std::string data;               // a data set (datasets/dataset.h); neither: random values in [0, 1), always the same
  std::string split;              // of the data set; empty: those to evaluate on
  bool resize = false;            // images of another size are scaled instead of refused
};

/// Samples in memory, and room for the outputs of a batch of them.
class BenchSamples {
 public:
  /// Takes `batch` random samples, or up to 1000 (64 MB) and at least `batch`, evenly from the whole source; a smaller
  /// one is repeated. D2NN_INVALID_ARGUMENT, D2NN_IO_ERROR: the source cannot be read, or
  /// does not fit the inputs.
  static Result<BenchSamples> read(const d2nn_module& module, const SampleSource& source, std::size_t batch);

  std::size_t count() const { return count_; }
  /// "random inputs", "1000 samples of x.npy": what the first `used` ones are.
  std::string description(std::size_t used) const;
  /// Samples first .. first+rows-1 as a run takes them; valid until the next call. rows: at most the batch.
  exec::RunRequest request(std::size_t first, std::size_t rows);

 private:
  BenchSamples(const d2nn_module& module, std::size_t count, std::size_t batch);
  Status read_files(const std::vector<InputPath>& inputs);
  Status read_data(const SampleSource& source);
  void draw();
  float* row(std::size_t input, std::size_t sample);

  const d2nn_module* module_;
  std::size_t count_;
  std::size_t different_ = 0;  // of them, before they repeat
  std::string source_;         // empty: random
  std::vector<std::vector<float>> inputs_, outputs_;
  std::vector<const float*> input_pointers_;
  std::vector<float*> output_pointers_;
};

}  // namespace d2nn::app
