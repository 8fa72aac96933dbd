// What tools read about an artefact (docs/manifest.schema.json): beside a library as OUT.json, inside every module for
// `info --json`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "graph/graph.h"
#include "paths/paths.h"

namespace d2nn::driver {

struct ManifestFacts {
  std::string prefix;
  std::string target_cpu;
  bool has_training = false;
  bool has_weights = false;
};

/// {"format", "compiler", "abi_version", "networks": []}.
nlohmann::ordered_json manifest_head();
/// The `train` block: {"losses": [{"output", "loss", "weight"}], "metric", "reward", "settings"}, what it does not say
/// left out. null when the program has none.
nlohmann::ordered_json train_json(const graph::Program& program);
/// One network: name, documentation, symbol, inputs, outputs, nodes, control nodes, parameters, paths and costs,
/// training.
nlohmann::ordered_json network_manifest(const graph::Program& program, const paths::Analysis& analysis,
                                        const ManifestFacts& facts);

}  // namespace d2nn::driver
