#include "syntax/print.h"

#include <array>
#include <charconv>

namespace d2nn::syntax {

namespace {

using namespace ast;

template <class... F>
struct Cases : F... {
  using F::operator()...;
};

std::string text(const ExprPtr& expression);

std::string list(const std::vector<ExprPtr>& items, const char* between) {
  std::string result;
  for (const ExprPtr& item : items) result += (result.empty() ? "" : between) + text(item);
  return result;
}

std::string label_text(const std::optional<Label>& label) {
  return label ? " as " + label->text : "";
}

std::string number_text(const NumberExpr& number) {
  if (number.is_integer) return std::to_string(number.integer);
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number.value).ptr;
  return {digits.data(), end};
}

std::string dims_text(const DimsExpr& dims) {
  std::string result;
  for (const std::int64_t size : dims.dims) result += (result.empty() ? "" : "x") + std::to_string(size);
  return result;
}

const char* spelling(BinaryOp op) {
  constexpr const char* spellings[] = {"+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "@"};
  return spellings[static_cast<std::size_t>(op)];
}

std::string call_text(const CallExpr& call) {
  std::string result = "(" + (call.module ? call.module->text + "." : "") + call.callee.text;
  for (const Argument& argument : call.arguments) {
    result += " " + (argument.name ? argument.name->text + ": " : "") + text(argument.value);
  }
  if (call.tensors) result += " of (" + list(*call.tensors, " ") + ")";
  return result + label_text(call.label) + ")";
}

std::string text(const ExprPtr& expression) {
  if (!expression) return "_";
  return std::visit(Cases{[](const NumberExpr& e) { return number_text(e); },
                          [](const BoolExpr& e) { return std::string(e.value ? "true" : "false"); },
                          [](const DimsExpr& e) { return dims_text(e); },
                          [](const ListExpr& e) { return "[" + list(e.items, ", ") + "]"; },
                          [](const NameExpr& e) { return e.name.text; },
                          [](const IndexExpr& e) { return text(e.base) + "[" + text(e.index) + "]"; },
                          [](const UnaryExpr& e) { return std::string("(") + e.op + " " + text(e.operand) + ")"; },
                          [](const BinaryExpr& e) {
                            return std::string("(") + spelling(e.op) + " " + text(e.left) + " " + text(e.right) + ")";
                          },
                          [](const CallExpr& e) { return call_text(e); },
                          [](const RepeatExpr& e) {
                            const std::string from = e.from ? " from " + text(e.from) : "";
                            const std::string range = text(e.begin) + ".." + text(e.end);
                            const std::string count = e.variable ? e.variable->text + " in " + range : text(e.count);
                            return "(repeat " + count + " " + text(e.body) + label_text(e.label) + from + ")";
                          },
                          [](const IfExpr& e) {
                            std::string result = "(if";
                            for (const IfExpr::Branch& branch : e.branches)
                              result += " " + text(branch.condition) + " " + text(branch.body);
                            return result + (e.otherwise ? " else " + text(e.otherwise) : "") + ")";
                          },
                          [](const PipelineExpr& e) {
                            return "(-> " + (e.head ? text(e.head) + " " : "") + list(e.stages, " ") + ")";
                          }},
                    expression->value);
}

std::string type_text(const TensorType& type) {
  return "f32[" + list(type.dims, ", ") + "]";
}

std::string endpoint_text(const Endpoint& end) {
  return end.name.text + (end.index ? "[" + text(end.index) + "]" : "") + (end.input ? "." + end.input->text : "");
}

std::string endpoints_text(const std::vector<Endpoint>& ends) {
  std::string result;
  for (const Endpoint& end : ends) result += (result.empty() ? "" : ", ") + endpoint_text(end);
  return result;
}

class Printer {
 public:
  std::string print(const File& file) {
    for (const FileItem& item : file.items) std::visit([&](const auto& i) { item_lines(i); }, item);
    return std::move(out_);
  }

 private:
  void line(const std::string& content) { out_ += std::string(2 * depth_, ' ') + content + "\n"; }

  void item_lines(const Import& item) {
    std::string name = item.file.empty() ? "" : "\"" + item.file + "\"";
    for (const Name& step : item.path) name += (name.empty() ? "" : ".") + step.text;
    line("import " + name + (item.alias ? " as " + item.alias->text : ""));
  }
  void item_lines(const Const& item) { line("const " + item.name.text + " = " + text(item.value)); }
  void item_lines(const Block& item) {
    std::string tensors;
    for (const Name& tensor : item.tensors) tensors += " " + tensor.text;
    line("block " + item.name.text + (tensors.empty() ? "" : " of" + tensors));
    ++depth_;
    parameters(item.params);
    body(item.body);
    --depth_;
  }
  void item_lines(const Network& item) {
    line("network " + item.name.text);
    ++depth_;
    parameters(item.params);
    items(item.items);
    --depth_;
  }
  void item_lines(const Input& item) { line("input " + item.name.text + ": " + type_text(item.type)); }
  void item_lines(const Output& item) {
    line("output " + item.name.text + ": " + type_text(item.type) + (item.join ? " join " + item.join->text : "") +
         (item.is_required ? " required" : ""));
  }
  void item_lines(const Dummy& item) {
    line("dummy " + item.name.text + ": " + type_text(item.type) + " = " + text(item.value));
  }
  void item_lines(const Node& item) {
    std::string inputs;
    for (const NodeInput& input : item.inputs) {
      inputs += (inputs.empty() ? "(" : ", ") + input.name.text + (input.join ? " join " + input.join->text : "");
    }
    line((item.is_control ? "control " : "node ") + item.name.text + (item.index ? "[" + text(item.index) + "]" : "") +
         (inputs.empty() ? "" : inputs + ")") + (item.join ? " join " + item.join->text : "") + label_text(item.label));
    ++depth_;
    body(item.body);
    --depth_;
  }
  void item_lines(const DataEdges& item) {
    std::string hops;
    for (const std::vector<Endpoint>& hop : item.hops) hops += (hops.empty() ? "" : " -> ") + endpoints_text(hop);
    line("edges " + hops + (item.fallback ? " default " + text(item.fallback) : ""));
  }
  void item_lines(const ControlEdges& item) {
    line("actions of " + endpoint_text(item.source));
    ++depth_;
    for (const Action& action : item.actions) {
      line(action.name.text + (action.index ? "[" + text(action.index) + "]" : "") + ": " +
           (action.targets.empty() ? "none" : endpoints_text(action.targets)));
    }
    --depth_;
  }
  void item_lines(const Train& item) {
    line("train");
    ++depth_;
    for (const TrainLoss& loss : item.losses) line("loss " + loss.output.text + ": " + text(loss.loss));
    for (const TrainSetting& setting : item.settings) line(setting.name.text + ": " + text(setting.value));
    --depth_;
  }
  void item_lines(const std::unique_ptr<For>& item) {
    line("for " + item->variable.text + " in " + text(item->begin) + ".." + text(item->end));
    ++depth_;
    items(item->items);
    --depth_;
  }
  void item_lines(const std::unique_ptr<If>& item) {
    for (const If::Branch& branch : item->branches) {
      line((&branch == &item->branches.front() ? "if " : "else if ") + text(branch.condition));
      ++depth_;
      items(branch.items);
      --depth_;
    }
    if (item->otherwise.empty()) return;
    line("else");
    ++depth_;
    items(item->otherwise);
    --depth_;
  }

  void items(const std::vector<NetworkItem>& list) {
    for (const NetworkItem& item : list) std::visit([&](const auto& i) { item_lines(i); }, item);
  }
  void parameters(const std::vector<Parameter>& list) {
    for (const Parameter& parameter : list) {
      line("param " + parameter.name.text + ": " + parameter.type.text +
           (parameter.fallback ? " = " + text(parameter.fallback) : ""));
    }
  }
  void body(const Body& body) {
    for (const Let& let : body.lets) {
      std::string names;
      for (const Name& name : let.names) names += (names.empty() ? "" : ", ") + name.text;
      line("let " + names + " = " + text(let.value));
    }
    if (body.result) line("result " + text(body.result));
  }

  std::size_t depth_ = 0;
  std::string out_;
};

}  // namespace

std::string print(const File& file) {
  return Printer().print(file);
}

}  // namespace d2nn::syntax
