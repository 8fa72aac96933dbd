// The invariants of a Plan, before and after every pass. With assertions enabled, plan() checks them after each.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "passes/plan.h"

namespace d2nn::passes {

/// The broken rules, one sentence each; empty when the plan is sound. Checked are:
///   * a node that can execute is settled once, one that is needed is computed once, not before; others never;
///   * conditions read nodes that are settled before, needs test control nodes that are settled before;
///   * every tensor is written once, before it is read; a node's value is a tensor that one of its own steps writes;
///   * operands, stages and results of steps and joins have the shapes they must; stages stand behind conv and dense
///   only, a norm before a pointwise one before a pool, each once at most;
///   * tensors lie within their memory; in inference no two overlap that one row needs both of, in training none.
/// `program` is what the plan was made of.
std::vector<std::string> verify(const graph::Program& program, const Plan& plan);

}  // namespace d2nn::passes
