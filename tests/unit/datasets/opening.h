// Opening a data set in a test, in one line.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "train/datasets/dataset.h"

namespace d2nn::testing {

inline Result<datasets::Dataset> open_data(const std::string& spec, datasets::Split split,
                                           const std::vector<std::int64_t>& shape,
                                           const datasets::Options& options = {}) {
  return datasets::open(spec, split, shape, options);
}

/// The message of a failure; "no error" when it opened.
inline std::string error_of(const std::string& spec, datasets::Split split, const std::vector<std::int64_t>& shape,
                            const datasets::Options& options = {}) {
  const auto data = datasets::open(spec, split, shape, options);
  return data.ok() ? "no error" : data.status().message();
}

inline std::vector<float> sample(const datasets::Dataset& data, std::size_t index) {
  std::vector<float> values(static_cast<std::size_t>(data.elements()));
  if (!data.fill(index, values.data()).ok()) values.clear();
  return values;
}

/// The folder of real data: D2NN_DATA, else ../shared/data beside the source folder.
inline std::string real_data() {
  const char* data = std::getenv("D2NN_DATA");
  const char* source = std::getenv("D2NN_SOURCE_DIR");
  return data != nullptr ? data : std::string(source != nullptr ? source : ".") + "/../shared/data";
}

inline bool contains(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

}  // namespace d2nn::testing
