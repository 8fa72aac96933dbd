// Every way in which compiled code may run a program, held against the reference interpreter.
#pragma once

#include <string>
#include <vector>

#include "driver/check_file.h"
#include "passes/pipeline.h"

namespace d2nn::differential {

struct Comparison {
  std::size_t samples = 12;
  std::uint64_t seed = 1;                // of weights and inputs
  double tolerance = 1e-4;               // of an output's largest magnitude (docs/language.md, rule 8)
  std::vector<int> jit_levels{3, 0};     // -O levels compiled in process
  std::vector<int> shared_levels{3, 0};  // and as a shared library through the C ABI
  passes::PassSet passes = {};           // of the compiled code
};

/// "" when all agree: compiled in process and as a shared library through the C ABI; as one batch, as batches of one,
/// permuted, and on 1, 2 and 3 threads (those bit for bit). Otherwise what differs first. Samples whose decisions are
/// closer than ten times the tolerance are left out; `compared` counts the others.
std::string compare_all_ways(driver::Checked& checked, const Comparison& comparison, std::size_t& compared);

}  // namespace d2nn::differential
