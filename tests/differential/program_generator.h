// Random d2nn programs as text, from a seed: always valid, small, and varied in everything that the language has for
// one file (no import, for, train). Also what a comparison needs around them: random weights and inputs, and how
// clearly a sample's decisions were made.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "reference/interpreter.h"

namespace d2nn::differential {

struct GeneratorOptions {
  std::size_t most_controls = 6;
  std::size_t most_nodes = 12;        // regular nodes
  bool has_expression_bodies = true;  // let, +, *, concat, several named inputs
};

struct GeneratedProgram {
  std::string text;
  /// What the program has and how often: "control", "nested control", "join max", "layer conv", "default tensor", ...
  std::map<std::string, int> features;
};

/// The same seed and options give the same program on every machine.
GeneratedProgram generate_program(std::uint64_t seed, const GeneratorOptions& options = {});

/// Weights that keep values near 1: uniform by fan-in, variances in [0.5, 1.5].
reference::Weights<float> random_weights(const graph::Program& program, std::uint64_t seed);

/// `rows` samples, uniform in [-1, 1].
std::vector<reference::Sample<float>> random_samples(const graph::Program& program, std::size_t rows,
                                                     std::uint64_t seed);

/// The smallest distance between the best and the second score over the control nodes that the sample executed, as a
/// share of the largest magnitude among that node's scores (two scores of zero: 0); infinity when none executed. Below
/// about 1e-4 (docs/language.md, rule 8) another order of summation may take another path: such samples prove nothing.
double decision_margin(const reference::SampleResult<float>& result);

}  // namespace d2nn::differential
