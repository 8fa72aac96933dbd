// `run` on image files: one answer after the other, with the path that each image took.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "exec/model.h"
#include "status/status.h"

namespace d2nn::app {

struct RunImages {
  std::vector<std::string> paths;  // JPEG or PNG
  bool resize = false;             // images of another size are scaled instead of refused
  std::string trace;               // JSON; empty: none
  std::int64_t max_cost = 0;       // multiplications of a sample, accepted by exec::check_budget; 0: no bound
};

/// Runs each image alone and prints its answer, scores, path, executed nodes and multiplications to `out`. The first
/// image that cannot be read or run ends it; what was printed before stays. D2NN_INVALID_ARGUMENT also when the network
/// does not take one image.
Status run_images(const exec::Model& model, const RunImages& request, std::ostream& out);

}  // namespace d2nn::app
