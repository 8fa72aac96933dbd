// The passes, each Plan -> Plan in a file of its own; pipeline.h lists them in order. A plan is complete and sound
// (verify.h) before and after each.
#pragma once

#include "graph/graph.h"
#include "passes/plan.h"
#include "paths/uses.h"

namespace d2nn::passes {

/// What passes know of the program. Only plans for inference go through passes.
struct PassContext {
  const graph::Program& program;
  const paths::Uses* uses;  // null: nothing is proved; passes that depend on the uses of values then change nothing
};

}  // namespace d2nn::passes
