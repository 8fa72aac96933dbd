// The samples are counted while the file is parsed and thrown away one by one, so that a trace may be larger than the
// memory. A sample has to fit the network in all its names and in its cost; a trace of the same names and other layers
// is found by the cost.
#include "draw/frequencies.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "diag/catalogue.h"

namespace d2nn::draw {

namespace {

using graph::NodeId;
using graph::NodeKind;
using Json = nlohmann::json;

/// What is wrong with a trace; caught in read_trace.
struct Mistake {
  const diag::DiagnosticCode* code;
  std::string message;
};

[[noreturn]] void malformed(const std::string& what) {
  throw Mistake{diag::code("E0815"), what};
}

[[noreturn]] void foreign(const std::string& what) {
  throw Mistake{diag::code("E0816"), what};
}

const Json& member(const Json& object, const char* name, Json::value_t type, const std::string& where) {
  const auto found = object.find(name);
  if (found == object.end() || found->type() != type)
    malformed(where + " lacks `" + name + "`, or it is of the wrong type");
  return *found;
}

class Counter {
 public:
  explicit Counter(const graph::Program& program)
      : program_(program),
        controls_(graph::nodes_of(program, NodeKind::control)),
        activations_(graph::activations(program)) {
    counts_.nodes.resize(program.nodes.size());
    counts_.edges.resize(program.edges.size());
    for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
      counts_.actions.emplace_back(program.nodes[i].actions.size());
      by_name_.emplace(program.nodes[i].name, NodeId{i});
    }
  }

  void count(const Json& sample) {
    where_ = "sample " + std::to_string(counts_.samples + 1);
    if (!sample.is_object()) malformed(where_ + " is no object");
    const paths::Decisions decisions = read_decisions(member(sample, "actions", Json::value_t::object, where_));
    std::vector<bool> executed = read_executed(member(sample, "executed", Json::value_t::array, where_));
    const std::int64_t cost = graph::path_cost(program_, executed);
    const Json& traced_cost = sample.contains("cost") ? sample["cost"] : Json();
    if (!traced_cost.is_number_integer()) malformed(where_ + " lacks `cost`, or it is of the wrong type");
    if (traced_cost.get<std::int64_t>() != cost) {
      foreign(where_ + " cost " + traced_cost.dump() + " multiplications, but the nodes that it executed cost " +
              std::to_string(cost) + " in network `" + program_.name + "`");
    }
    read_valid(member(sample, "valid", Json::value_t::object, where_), executed);
    add(decisions, executed, cost);
  }

  Frequencies result() {
    for (auto& [decisions, path] : paths_) counts_.paths.push_back(std::move(path));
    std::stable_sort(counts_.paths.begin(), counts_.paths.end(),
                     [](const auto& left, const auto& right) { return left.samples > right.samples; });
    counts_.mean_cost = total_cost_ / static_cast<double>(counts_.samples);
    return std::move(counts_);
  }

 private:
  NodeId find(const std::string& name, const char* what) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end())
      foreign(where_ + " names the " + what + " `" + name + "`, which network `" + program_.name + "` does not have");
    return found->second;
  }

  paths::Decisions read_decisions(const Json& actions) const {
    paths::Decisions decisions(controls_.size());
    for (const auto& [name, action] : actions.items()) {
      const NodeId id = find(name, "control node");
      const graph::Node& control = program_[id];
      if (control.kind != NodeKind::control)
        foreign(where_ + " names the control node `" + name + "`, which is none in network `" + program_.name + "`");
      if (action.is_null()) continue;
      if (!action.is_string()) malformed(where_ + " has an action of `" + name + "` that is no name");
      const auto position = std::find(controls_.begin(), controls_.end(), id) - controls_.begin();
      const auto taken = std::find_if(control.actions.begin(), control.actions.end(),
                                      [&](const graph::Action& a) { return a.name == action.get<std::string>(); });
      if (taken == control.actions.end()) {
        foreign(where_ + " takes the action `" + action.get<std::string>() + "`, which control node `" + name +
                "` of network `" + program_.name + "` does not have");
      }
      decisions[static_cast<std::size_t>(position)] = static_cast<std::uint32_t>(taken - control.actions.begin());
    }
    for (const NodeId id : controls_) {
      if (!actions.contains(program_[id].name))
        foreign(where_ + " says nothing of control node `" + program_[id].name + "`");
    }
    return decisions;
  }

  std::vector<bool> read_executed(const Json& names) const {
    std::vector<bool> executed(program_.nodes.size());
    for (const Json& name : names) {
      if (!name.is_string()) malformed(where_ + " has something in `executed` that is no name");
      executed[find(name.get<std::string>(), "node").index] = true;
    }
    return executed;
  }

  void read_valid(const Json& valid, std::vector<bool>& executed) const {
    for (const auto& [name, has_value] : valid.items()) {
      const NodeId id = find(name, "output");
      if (!has_value.is_boolean()) malformed(where_ + " has in `valid` something that is neither true nor false");
      executed[id.index] = has_value.get<bool>();
    }
  }

  void add(const paths::Decisions& decisions, std::vector<bool>& executed, std::int64_t cost) {
    ++counts_.samples;
    total_cost_ += static_cast<double>(cost);
    for (std::size_t i = 0; i < controls_.size(); ++i) {
      if (decisions[i]) ++counts_.actions[controls_[i].index][*decisions[i]];
    }
    for (std::uint32_t i = 0; i < program_.nodes.size(); ++i) {
      const NodeKind kind = program_.nodes[i].kind;
      // The trace does not speak of these; inputs always have a value, dummies follow from the actions.
      if (kind == NodeKind::input || (kind == NodeKind::dummy && is_activated({i}, decisions))) executed[i] = true;
      if (executed[i]) ++counts_.nodes[i];
    }
    for (std::size_t e = 0; e < program_.edges.size(); ++e) {
      const graph::Edge& edge = program_.edges[e];
      if (executed[edge.source.index] && executed[edge.target.index]) ++counts_.edges[e];
    }
    Frequencies::TracedPath& path = paths_[decisions];
    path.decisions = decisions;
    path.cost = cost;
    ++path.samples;
  }

  bool is_activated(NodeId id, const paths::Decisions& decisions) const {
    const auto& activations = activations_[id.index];
    return activations.empty() || std::any_of(activations.begin(), activations.end(), [&](const auto& activation) {
             const auto position =
                 std::find(controls_.begin(), controls_.end(), activation.control) - controls_.begin();
             return decisions[static_cast<std::size_t>(position)] == activation.action;
           });
  }

  const graph::Program& program_;
  std::vector<NodeId> controls_;
  std::vector<std::vector<graph::Activation>> activations_;
  std::unordered_map<std::string, NodeId> by_name_;
  std::string where_;
  double total_cost_ = 0;
  std::map<paths::Decisions, Frequencies::TracedPath> paths_;
  Frequencies counts_;
};

/// Parses the stream, giving each element of the array "samples" to the counter. The depths are those that
/// nlohmann-json reports: 1 inside the document, 2 inside "samples".
Frequencies count_samples(std::istream& stream, const graph::Program& program) {
  Counter counter(program);
  std::string key;
  const auto on_event = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1) key = parsed.get<std::string>();
    if (event == Json::parse_event_t::object_end && depth == 2 && key == "samples") {
      counter.count(parsed);
      return false;
    }
    return true;
  };
  const Json document = Json::parse(stream, on_event);
  if (!document.is_object()) malformed("it is no object");
  const std::string network = member(document, "network", Json::value_t::string, "it").get<std::string>();
  if (network != program.name) foreign("it is of network `" + network + "`, not of `" + program.name + "`");
  if (!member(document, "samples", Json::value_t::array, "it").empty()) malformed("`samples` holds what is no object");
  Frequencies frequencies = counter.result();
  if (frequencies.samples == 0) malformed("it holds no sample");
  return frequencies;
}

}  // namespace

std::optional<Frequencies> read_trace(const std::string& path, const graph::Program& program, diag::Sink& sink) {
  const auto report = [&](const diag::DiagnosticCode* code, const std::string& message) {
    sink.report({.code = code, .message = message, .range = {source::no_file, 0, 0}});
    return std::nullopt;
  };
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return report(diag::code("E0801"), "cannot read `" + path + "`: " + std::strerror(errno));
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return report(diag::code("E0801"), "cannot read `" + path + "`: it is a directory");
  try {
    return count_samples(stream, program);
  } catch (const Mistake& mistake) {
    const char* const what =
        mistake.code == diag::code("E0816") ? "` is a trace of another network: " : "` is no trace: ";
    return report(mistake.code, "`" + path + what + mistake.message);
  } catch (const Json::exception& error) {
    std::string message = error.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    message = message.substr(std::min(message.find("] ") + 2, message.size()));
    return report(diag::code("E0815"), "`" + path + "` is no trace: " + message);
  }
}

}  // namespace d2nn::draw
