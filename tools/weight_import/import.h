// Weights that another program has trained (PyTorch's, as safetensors) brought under the names of a network.
#pragma once

#include <string>
#include <vector>

#include "driver/check_file.h"

namespace d2nn::weight_import {

struct Request {
  std::string from;                // safetensors file
  std::string map;                 // JSON file of names; empty: none
  std::vector<std::string> rules;  // REGEX=REPLACEMENT
  bool allow_unused = false;
  std::string output;
};

/// Renames the tensors of `from` (renames.h), wants exactly the parameters of the checked file's one network among
/// them, by name and shape, and writes those to `output` as f32, aside first. `*.num_batches_tracked` is ignored; other
/// tensors that find no place are errors unless allowed. What is wrong goes to `checked.sink` (E0701 to E0705, E0801,
/// E0805, E0806), each tensor with the name most like it. False when the sink has errors; nothing is written then.
bool import_weights(driver::Checked& checked, const Request& request);

}  // namespace d2nn::weight_import
