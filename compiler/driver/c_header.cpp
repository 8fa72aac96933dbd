// Names come from c_names.h: what a program may call its parts, C may not.
#include "driver/c_header.h"

#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

#include "driver/c_names.h"

namespace d2nn::driver {

namespace {

using graph::NodeKind;

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// Text for inside a comment: one line per line, nothing that ends the comment or begins another one.
std::string comment(const std::string& text, const std::string& indent) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      result += "\n" + indent;
    } else if (i + 1 < text.size() && (text.substr(i, 2) == "*/" || text.substr(i, 2) == "/*")) {
      result += text[i];
      result += ' ';
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

/// "D2NN_ELEMENT_F32".
std::string element_constant(ops::ElementType type) {
  return "D2NN_ELEMENT_" + upper(std::string(ops::spelling(type)));
}

class NetworkHeader {
 public:
  /// constants: the enumerators of the whole header, which holds several networks.
  NetworkHeader(const HeaderNetwork& network, const std::string& symbol_prefix, CNames& constants)
      : program_(*network.program),
        analysis_(*network.analysis),
        constants_(constants),
        name_(symbol_prefix + program_.name) {
    // What the body of the run function calls its own variables.
    CNames arguments{"context", "batch", "inputs", "outputs", "valid", "options"};
    for (const graph::NodeId id : graph::nodes_of(program_, NodeKind::input)) {
      inputs_.push_back({id, arguments.take(fold_to_identifier(program_[id].name)), {}});
    }
    for (const graph::NodeId id : graph::nodes_of(program_, NodeKind::output)) {
      const std::string name = fold_to_identifier(program_[id].name);
      std::string argument = arguments.take(name);
      outputs_.push_back({id, std::move(argument), arguments.take(name + "_valid")});
    }
  }

  std::string text() {
    std::string out = "/* Network `" + program_.name + "`.";
    if (!program_.doc.empty()) out += "\n * " + comment(program_.doc, " * ");
    if (!analysis_.path_count.empty()) out += "\n * Paths: " + analysis_.path_count + ".";
    out += "\n * Multiplications of one sample: " + std::to_string(analysis_.least_cost) + " to " +
           std::to_string(analysis_.greatest_cost) + ". */\n";
    out += "const d2nn_module* " + name_ + "_module(void);\n\n";
    out += sizes() + actions() + run();
    return out;
  }

 private:
  /// An input or output as the run function's arguments have it.
  struct Buffer {
    graph::NodeId node;
    std::string argument;
    std::string valid_argument;  // of outputs
  };

  std::string sizes() {
    std::string out =
        "/* Elements of one sample of each input and output, their type (d2nn_element_type) and their bytes. */\nenum "
        "{\n";
    for (const auto* buffers : {&inputs_, &outputs_}) {
      for (const Buffer& buffer : *buffers) {
        const graph::Node& node = program_[buffer.node];
        out += enumerator(node.name + "_ELEMENTS", std::to_string(node.shape.elements()));
        out += enumerator(node.name + "_ELEMENT_TYPE", element_constant(node.shape.element_type));
        if (node.shape.size_bytes() <= INT32_MAX)  // what an enumerator of C holds
          out += enumerator(node.name + "_BYTES", std::to_string(node.shape.size_bytes()));
      }
    }
    return out + "};\n\n";
  }

  std::string actions() {
    std::string out;
    for (const graph::NodeId id : graph::nodes_of(program_, NodeKind::control)) {
      const graph::Node& control = program_[id];
      out += "/* Actions of control node `" + control.name + "`";
      if (!control.doc.empty()) out += ": " + comment(control.doc, " * ");
      out += "; as they stand in d2nn_trace::actions. */\nenum {\n";
      for (std::size_t i = 0; i < control.actions.size(); ++i) {
        out += enumerator(control.name + "_" + control.actions[i].name, std::to_string(i));
      }
      out += "};\n\n";
    }
    return out;
  }

  /// d2nn_run with the network's own arguments.
  std::string run() const {
    std::string out =
        "/* Runs `batch` samples; contiguous buffers of the caller, 4-byte aligned, not overlapping (see d2nn_run).\n";
    for (const Buffer& input : inputs_) out += describe(input, "read only");
    for (const Buffer& output : outputs_) out += describe(output, "written; a null output's row is NaN");
    out += " * NAME_valid: [batch], 1 where the output has a value, 0 where it is null; or NULL. */\n";
    out += "static inline d2nn_status " + name_ + "_run(d2nn_context* context, size_t batch";
    std::string ins;
    std::string outs;
    std::string valids;
    for (const Buffer& input : inputs_) {
      out += ", const float* " + input.argument;
      ins += (ins.empty() ? "" : ", ") + input.argument;
    }
    for (const Buffer& output : outputs_) {
      out += ", float* " + output.argument + ", uint8_t* " + output.valid_argument;
      outs += (outs.empty() ? "" : ", ") + output.argument;
      valids += (valids.empty() ? "" : ", ") + output.valid_argument;
    }
    // C has no array without elements.
    const std::string inputs =
        ins.empty() ? "const float* const* inputs = NULL" : "const float* inputs[] = {" + ins + "}";
    out += ") {\n  " + inputs + ";\n  float* outputs[] = {" + outs + "};\n  uint8_t* valid[] = {" + valids + "};\n";
    out += "  d2nn_run_options options = {sizeof(d2nn_run_options), 0, 0, valid, NULL};\n";
    out += "  return d2nn_run(context, batch, inputs, outputs, &options);\n}\n";
    return out;
  }

  std::string describe(const Buffer& buffer, const char* use) const {
    const graph::Node& node = program_[buffer.node];
    std::string out = " * " + buffer.argument + ": ";
    if (buffer.argument != node.name) out += "`" + node.name + "`, ";
    out += std::string(ops::spelling(node.shape.element_type)) + " " + shape_text(node.shape) + ", " + use;
    if (!node.doc.empty()) out += "; " + comment(node.doc, " * ");
    return out + ".\n";
  }

  /// "  NET_NAME = value,": upper case, behind the network's name.
  std::string enumerator(const std::string& name, const std::string& value) {
    return "  " + constants_.take(upper(name_ + "_" + fold_to_identifier(name))) + " = " + value + ",\n";
  }

  const graph::Program& program_;
  const paths::Analysis& analysis_;
  CNames& constants_;
  std::string name_;
  std::vector<Buffer> inputs_;
  std::vector<Buffer> outputs_;
};

}  // namespace

std::string c_header(const std::string& stem, std::span<const HeaderNetwork> networks, const std::string& prefix) {
  const std::string guard = "D2NN_MODULE_" + fold_injectively(stem) + "_H";
  std::string out = "/* Made by d2nn: the interface of a compiled module. */\n#ifndef " + guard + "\n#define " + guard +
                    "\n\n#include <d2nn/d2nn.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  CNames constants{};
  for (const HeaderNetwork& network : networks) out += NetworkHeader(network, prefix, constants).text() + "\n";
  return out + "#ifdef __cplusplus\n}\n#endif\n#endif\n";
}

}  // namespace d2nn::driver
