// The C++ contestants of the high_low benchmark; their results are scores, or for training the gradients of one step.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "contest.h"
#include "limit_high_low.h"

namespace d2nn::bench {

/// What all contestants are given: made by compare.py, read from its folder.
struct Problem {
  std::string weights_path;              // safetensors
  HighLowWeights weights;                // the same, by layer
  std::vector<float> images;             // [batch, 3, 112, 112]
  std::vector<std::int32_t> labels;      // [batch]
  std::vector<std::uint8_t> takes_high;  // [batch]: the path, known beforehand
  std::int64_t batch() const { return static_cast<std::int64_t>(takes_high.size()); }
};

/// Reads FOLDER/CASE.safetensors, the first `batch` rows of FOLDER/images.f32 and FOLDER/labels.i32, and
/// FOLDER/CASE.paths (one byte per row). Throws std::runtime_error that names the file.
Problem read_problem(const std::string& folder, const std::string& name, std::int64_t batch);

/// The compiled module through the C ABI, one thread.
std::unique_ptr<Contestant> compiled_network(Problem problem);
/// The hand-written oneDNN program, with the fastest of its plans.
std::unique_ptr<Contestant> limit_network(Problem problem);
/// A training step of the compiled module: forward, loss, backward, SGD.
std::unique_ptr<Contestant> compiled_training(Problem problem, std::size_t threads);

}  // namespace d2nn::bench
