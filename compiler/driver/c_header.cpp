#include "driver/c_header.h"

#include <cctype>
#include <string_view>
#include <vector>

namespace d2nn::driver {

namespace {

using graph::NodeKind;

/// A C identifier: names of families ("leaf[2]") lose their brackets.
std::string identifier(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      text += c;
    } else if (c == '[') {
      text += '_';
    }
  }
  return text;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// Text for inside a comment: one line per line, nothing that ends the comment.
std::string comment(const std::string& text, const std::string& indent) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      result += "\n" + indent;
    } else if (text[i] == '*' && i + 1 < text.size() && text[i + 1] == '/') {
      result += "* ";
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string shape_text(const ops::Shape& shape) {
  std::string text = "[batch";
  for (const std::int64_t dim : shape.dims) text += ", " + std::to_string(dim);
  return text + "]";
}

class NetworkHeader {
 public:
  NetworkHeader(const HeaderNetwork& network, std::string symbol_prefix)
      : program_(*network.program),
        analysis_(*network.analysis),
        name_(std::move(symbol_prefix) + program_.name),
        inputs_(graph::nodes_of(program_, NodeKind::input)),
        outputs_(graph::nodes_of(program_, NodeKind::output)) {}

  std::string text() const {
    std::string out = "/* Network `" + program_.name + "`.";
    if (!program_.doc.empty()) out += "\n * " + comment(program_.doc, " * ");
    out += "\n * Paths: " + analysis_.path_count + "; multiplications of one sample: " + std::to_string(analysis_.least_cost) + " to " +
           std::to_string(analysis_.greatest_cost) + ". */\n";
    out += "const d2nn_module* " + name_ + "_module(void);\n\n";
    out += sizes() + actions() + run();
    return out;
  }

 private:
  std::string sizes() const {
    std::string out = "/* Elements of one sample of each input and output. */\nenum {\n";
    for (const graph::NodeId id : inputs_) out += "  " + constant(program_[id].name) + "_ELEMENTS = " + std::to_string(program_[id].shape.elements()) + ",\n";
    for (const graph::NodeId id : outputs_) out += "  " + constant(program_[id].name) + "_ELEMENTS = " + std::to_string(program_[id].shape.elements()) + ",\n";
    return out + "};\n\n";
  }

  std::string actions() const {
    std::string out;
    for (const graph::NodeId id : graph::nodes_of(program_, NodeKind::control)) {
      const graph::Node& control = program_[id];
      out += "/* Actions of control node `" + control.name + "`";
      if (!control.doc.empty()) out += ": " + comment(control.doc, " * ");
      out += "; as they stand in d2nn_trace::actions. */\nenum {\n";
      for (std::size_t i = 0; i < control.actions.size(); ++i) {
        out += "  " + constant(control.name) + "_" + upper(identifier(control.actions[i].name)) + " = " + std::to_string(i) + ",\n";
      }
      out += "};\n\n";
    }
    return out;
  }

  /// d2nn_run with the network's own arguments.
  std::string run() const {
    std::string out = "/* Runs `batch` samples; contiguous f32 buffers of the caller, 4-byte aligned, not overlapping (see d2nn_run).\n";
    for (const graph::NodeId id : inputs_) out += describe(id, "read only");
    for (const graph::NodeId id : outputs_) out += describe(id, "written; a null output's row is NaN");
    out += " * NAME_valid: [batch], 1 where the output has a value, 0 where it is null; or NULL. */\n";
    out += "static inline d2nn_status " + name_ + "_run(d2nn_context* context, size_t batch";
    std::string ins;
    std::string outs;
    std::string valids;
    for (const graph::NodeId id : inputs_) {
      out += ", const float* " + identifier(program_[id].name);
      ins += (ins.empty() ? "" : ", ") + identifier(program_[id].name);
    }
    for (const graph::NodeId id : outputs_) {
      const std::string output = identifier(program_[id].name);
      out += ", float* " + output + ", uint8_t* " + output + "_valid";
      outs += (outs.empty() ? "" : ", ") + output;
      valids += (valids.empty() ? "" : ", ") + output + "_valid";
    }
    out += ") {\n  const float* inputs[] = {" + ins + "};\n  float* outputs[] = {" + outs + "};\n  uint8_t* valid[] = {" + valids + "};\n";
    out += "  d2nn_run_options options = {sizeof(d2nn_run_options), 0, 0, valid, NULL};\n";
    out += "  return d2nn_run(context, batch, inputs, outputs, &options);\n}\n";
    return out;
  }

  std::string describe(graph::NodeId id, const char* use) const {
    const graph::Node& node = program_[id];
    std::string out = " * " + identifier(node.name) + ": f32 " + shape_text(node.shape) + ", " + use;
    if (!node.doc.empty()) out += "; " + comment(node.doc, " * ");
    return out + ".\n";
  }

  std::string constant(const std::string& name) const { return upper(name_) + "_" + upper(identifier(name)); }

  const graph::Program& program_;
  const paths::Analysis& analysis_;
  std::string name_;
  std::vector<graph::NodeId> inputs_;
  std::vector<graph::NodeId> outputs_;
};

}  // namespace

std::string c_header(const std::string& stem, std::span<const HeaderNetwork> networks, const std::string& prefix) {
  const std::string guard = "D2NN_MODULE_" + upper(identifier(stem)) + "_H";
  std::string out = "/* Made by d2nn: the interface of a compiled module. */\n#ifndef " + guard + "\n#define " + guard +
                    "\n\n#include <d2nn/d2nn.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  for (const HeaderNetwork& network : networks) out += NetworkHeader(network, prefix).text() + "\n";
  return out + "#ifdef __cplusplus\n}\n#endif\n#endif\n";
}

}  // namespace d2nn::driver
