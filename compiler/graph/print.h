// A Program as text for people and for tests; nothing reads it back.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace d2nn::graph {

/// One block of lines per node in order of declaration: kind, name, inputs with joins and sources, ops with shapes,
/// weights and cost, actions. The same program gives the same text.
std::string print(const Program& program);

/// A count of multiplications or samples as people read it: "3,187,200".
std::string grouped(std::int64_t value);

/// The reward of a TrainSpec as the language writes it, with the parentheses it needs:
/// "lambda * metric + (1 - lambda) * efficiency". Empty when there is none.
std::string reward_text(const Program& program);
/// Losses, metric and settings of a TrainSpec as (option, value), values as the command line spells them:
/// ("loss", "scores=q_learning(plain):0.5"), ("metric", "f1:1"), ("lambda", "0.75"). Empty when there is none.
std::vector<std::pair<std::string, std::string>> settings_of(const Program& program);

}  // namespace d2nn::graph
