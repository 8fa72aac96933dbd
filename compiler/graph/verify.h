// The invariants of a Program, checked on the results of sema and of every pass. Tests run it after each.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace d2nn::graph {

/// The broken rules, one sentence each, naming node and op; empty when the program is sound. Checked are:
///   * ids lie inside their vectors; every edge is listed by its source's `outgoing` and one input of its target, once;
///   * the fields of each node fit its kind (ops only in regular and control nodes, actions only in control nodes,
///   ...);
///   * operands stand before the ops that read them; shapes, costs and parameters are those of the op table;
///   * joins: one edge without a join, several with one, and the joined shape is that of the edges;
///   * default values and dummies have as many elements as they must;
///   * a control node has at least two actions, as many as its result has elements, and no data edges leave it;
///   * no node has control edges both in and out; their targets are regular nodes or dummies;
///   * names are unique; topological_order holds every node once, sources before targets; the sum of all costs fits
///   int64;
///   * losses and rewards name outputs, each loss once; a reward is one number in postfix, of finite numbers, within
///   max_reward_depth.
/// Never throws and never reads outside the program, however broken it is.
std::vector<std::string> verify(const Program& program);

}  // namespace d2nn::graph
