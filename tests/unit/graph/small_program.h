// A small sound program, built by hand: what the graph room's tests ask about and break.
#pragma once

#include "graph/graph.h"

namespace d2nn::graph {

/// x: f32[5] feeds left (dense 4), right (identity) and Q; Q runs one of them; y joins both by concat.
inline Program two_way_program() {
  Program program;
  program.name = "two_way";
  program.settings = {{"units", "4"}};
  program.nodes.resize(5);
  const NodeId x{0}, left{1}, right{2}, control{3}, y{4};

  const auto connect = [&](NodeId source, NodeId target) {
    const EdgeId id{static_cast<std::uint32_t>(program.edges.size())};
    program.edges.push_back({source, target, 0, std::nullopt, {}});
    program[source].outgoing.push_back(id);
    program[target].inputs.resize(1);
    program[target].inputs[0].edges.push_back(id);
    return id;
  };
  const auto add_dense = [&](NodeId id, std::int64_t units, bool bias) {
    Node& node = program[id];
    Op op;
    op.layer = &ops::layer("dense");
    op.arguments.set("units", units).set("bias", bias);
    op.operands = {{0}};
    op.shape = {units};
    op.label = "dense1";
    op.cost = 5 * units;
    const auto add_parameter = [&](const std::string& last_step, Shape shape) {
      op.parameters.push_back({static_cast<std::uint32_t>(program.parameters.size())});
      program.parameters.push_back({.name = node.name + ".dense1." + last_step, .shape = std::move(shape)});
    };
    add_parameter("weight", {units, 5});
    if (bias) add_parameter("bias", {units});
    node.cost = op.cost;
    node.ops.push_back(std::move(op));
    node.result = {1};
    node.shape = {units};
  };

  const char* names[] = {"x", "left", "right", "Q", "y"};
  const NodeKind kinds[] = {NodeKind::input, NodeKind::regular, NodeKind::regular, NodeKind::control, NodeKind::output};
  for (std::size_t i = 0; i < 5; ++i) {
    program.nodes[i].name = names[i];
    program.nodes[i].kind = kinds[i];
  }
  for (NodeId target : {left, right, control}) {
    connect(x, target);
    program[target].inputs[0].shape = {5};
  }
  program[connect(left, y)].fallback = {0.5F};
  connect(right, y);
  program[x].shape = {5};
  program[right].shape = {5};
  program[right].result = {0};
  program[y].shape = {9};
  program[y].inputs[0].join = Join::concat;
  program[y].inputs[0].shape = {9};
  add_dense(left, 4, true);
  add_dense(control, 2, false);
  program[control].actions = {{"go", {left}, {}}, {"stay", {right}, {}}};
  program.topological_order = {x, control, left, right, y};
  return program;
}

}  // namespace d2nn::graph
