// Names are escaped once by the JSON library; everything else is digits and punctuation, put together by hand because
// the document is never in memory as a whole.
#include "io/trace_json.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace d2nn::io {
namespace {

std::string quoted(const char* name) {
  return nlohmann::json(name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<TraceWriter> TraceWriter::create(const std::string& path, const d2nn_module& module) {
  auto file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  TraceWriter writer(*std::move(file));
  for (std::uint32_t n = 0; n < module.node_count; ++n) writer.nodes_.push_back(quoted(module.nodes[n].name));
  for (std::uint32_t o = 0; o < module.output_count; ++o)
    writer.outputs_.push_back(quoted(module.outputs[o].name) + ": ");
  for (std::uint32_t c = 0; c < module.control_count; ++c) {
    const d2nn_control& control = module.controls[c];
    Control names{writer.nodes_[control.node] + ": ", {}};
    for (std::uint32_t a = 0; a < control.action_count; ++a) names.actions.push_back(quoted(control.actions[a].name));
    writer.controls_.push_back(std::move(names));
  }
  if (Status status = writer.file_.write("{\"network\": " + quoted(module.name) + ", \"samples\": ["); !status.ok())
    return status;
  return writer;
}

Status TraceWriter::append(std::size_t batch, const d2nn_trace& trace, const std::uint8_t* const* valid) {
  if ((trace.actions == nullptr && !controls_.empty()) || trace.executed == nullptr || trace.cost == nullptr ||
      valid == nullptr) {
    return Status(D2NN_INVALID_ARGUMENT, "cannot write `" + file_.path() + "`: the run was made without a whole trace");
  }
  std::string text;
  for (std::size_t sample = 0; sample < batch; ++sample) {
    text = any_ ? ",\n{\"actions\": {" : "\n{\"actions\": {";
    any_ = true;
    for (std::size_t c = 0; c < controls_.size(); ++c) {
      const std::int32_t action = trace.actions[sample * controls_.size() + c];
      if (action >= static_cast<std::int64_t>(controls_[c].actions.size())) {
        return Status(D2NN_INVALID_ARGUMENT, "cannot write `" + file_.path() + "`: control node " + controls_[c].key +
                                                 "has no action " + std::to_string(action));
      }
      text += (c == 0 ? "" : ", ") + controls_[c].key;
      text += action < 0 ? "null" : controls_[c].actions[static_cast<std::size_t>(action)];
    }
    text += "}, \"executed\": [";
    const char* comma = "";
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      if (trace.executed[sample * nodes_.size() + n] == 0) continue;
      text += comma + nodes_[n];
      comma = ", ";
    }
    text += "], \"cost\": " + std::to_string(trace.cost[sample]) + ", \"valid\": {";
    for (std::size_t o = 0; o < outputs_.size(); ++o) {
      text += (o == 0 ? "" : ", ") + outputs_[o] + (valid[o][sample] != 0 ? "true" : "false");
    }
    text += "}}";
    if (Status status = file_.write(text); !status.ok()) return status;
  }
  return {};
}

Status TraceWriter::finish() {
  if (Status status = file_.write("\n]}\n"); !status.ok()) return status;
  return file_.commit();
}

}  // namespace d2nn::io
