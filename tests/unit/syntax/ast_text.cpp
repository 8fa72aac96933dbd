#include "ast_text.h"

#include <optional>
#include <sstream>
#include <variant>
#include <vector>

namespace d2nn::tests {

using namespace ast;

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

class Printer {
 public:
  std::string print(const File& file) {
    for (const FileItem& item : file.items) {
      std::visit(Overloaded{[&](const Import& i) { import(i); },
                            [&](const Const& c) {
                              open("const", c.doc);
                              name(c.name);
                              expr(c.value.get());
                            },
                            [&](const Block& b) { block(b); }, [&](const Network& n) { network(n); }},
                 item);
      close();
    }
    return out_.str();
  }

 private:
  void open(const char* kind) { out_ << "(" << kind; }
  void open(const char* kind, const std::string& doc) {
    out_ << "(" << kind << " <";
    std::istringstream lines(doc);
    for (std::string line; std::getline(lines, line);)
      out_ << line.substr(0, line.find_last_not_of(" \t\v\f") + 1) << "|";
    out_ << ">";
  }
  void close() { out_ << ")\n"; }
  void word(const std::string& text) { out_ << " " << text; }
  void name(const Name& it) { word(it.text); }
  template <class Named>
  void optional(const std::optional<Named>& it) {
    word(it ? "=" + it->text : "-");
  }

  void import(const Import& it) {
    open("import");
    for (const Name& step : it.path) name(step);
    word("\"" + it.file + "\"");
    optional(it.alias);
  }

  void parameters(const std::vector<Parameter>& params) {
    for (const Parameter& parameter : params) {
      open("parameter");
      name(parameter.name);
      name(parameter.type);
      expr(parameter.fallback.get());
      close();
    }
  }

  void block(const Block& it) {
    open("block", it.doc);
    name(it.name);
    parameters(it.params);
    for (const Name& tensor : it.tensors) name(tensor);
    body(it.body);
  }

  void network(const Network& it) {
    open("network", it.doc);
    name(it.name);
    parameters(it.params);
    items(it.items);
  }

  void items(const std::vector<NetworkItem>& list) {
    for (const NetworkItem& item : list) {
      std::visit(Overloaded{[&](const Input& i) {
                              open("input", i.doc);
                              name(i.name);
                              type(i.type);
                            },
                            [&](const Output& o) {
                              open("output", o.doc);
                              name(o.name);
                              type(o.type);
                              optional(o.join);
                              word(o.is_required ? "required" : "-");
                            },
                            [&](const Dummy& d) {
                              open("dummy", d.doc);
                              name(d.name);
                              type(d.type);
                              expr(d.value.get());
                            },
                            [&](const Node& n) { node(n); }, [&](const DataEdges& e) { data_edges(e); },
                            [&](const ControlEdges& e) { control_edges(e); }, [&](const Train& t) { train(t); },
                            [&](const std::unique_ptr<For>& f) {
                              open("for");
                              name(f->variable);
                              expr(f->begin.get());
                              expr(f->end.get());
                              items(f->items);
                            },
                            [&](const std::unique_ptr<If>& f) {
                              open("if");
                              for (const If::Branch& branch : f->branches) {
                                expr(branch.condition.get());
                                items(branch.items);
                              }
                              word("else");
                              items(f->otherwise);
                            }},
                 item);
      close();
    }
  }

  void type(const TensorType& it) {
    open("f32");
    for (const ExprPtr& dim : it.dims) expr(dim.get());
    close();
  }

  void node(const Node& it) {
    open(it.is_control ? "control" : "node", it.doc);
    name(it.name);
    expr(it.index.get());
    for (const NodeInput& input : it.inputs) {
      name(input.name);
      optional(input.join);
    }
    optional(it.join);
    optional(it.label);
    body(it.body);
  }

  void body(const Body& it) {
    for (const Let& let : it.lets) {
      open("let");
      for (const Name& it : let.names) name(it);
      expr(let.value.get());
      close();
    }
    expr(it.result.get());
  }

  void endpoint(const Endpoint& it) {
    name(it.name);
    expr(it.index.get());
    optional(it.input);
  }

  void data_edges(const DataEdges& it) {
    open("data");
    for (const std::vector<Endpoint>& hop : it.hops) {
      word("->");
      for (const Endpoint& end : hop) endpoint(end);
    }
    expr(it.fallback.get());
  }

  void control_edges(const ControlEdges& it) {
    open("control_edges");
    endpoint(it.source);
    for (const Action& action : it.actions) {
      open("action");
      name(action.name);
      expr(action.index.get());
      for (const Endpoint& target : action.targets) endpoint(target);
      close();
    }
  }

  void train(const Train& it) {
    open("train");
    for (const TrainLoss& loss : it.losses) {
      name(loss.output);
      expr(loss.loss.get());
    }
    for (const TrainSetting& setting : it.settings) {
      name(setting.name);
      expr(setting.value.get());
    }
  }

  void expr(const Expr* it) {
    if (it == nullptr) return word("-");
    std::visit(Overloaded{[&](const NumberExpr& n) {
                            open(n.is_integer ? "integer" : "float");
                            out_ << " " << n.value << " " << n.integer;
                          },
                          [&](const BoolExpr& b) { open(b.value ? "true" : "false"); },
                          [&](const DimsExpr& d) {
                            open("dims");
                            for (const std::int64_t dim : d.dims) out_ << " " << dim;
                          },
                          [&](const ListExpr& l) {
                            open("list");
                            for (const ExprPtr& item : l.items) expr(item.get());
                          },
                          [&](const NameExpr& n) {
                            open("name");
                            name(n.name);
                          },
                          [&](const IndexExpr& i) {
                            open("index");
                            expr(i.base.get());
                            expr(i.index.get());
                          },
                          [&](const UnaryExpr& u) {
                            open("unary");
                            out_ << " " << u.op;
                            expr(u.operand.get());
                          },
                          [&](const BinaryExpr& b) {
                            open("binary");
                            out_ << " " << static_cast<int>(b.op);
                            expr(b.left.get());
                            expr(b.right.get());
                          },
                          [&](const CallExpr& c) { call(c); },
                          [&](const RepeatExpr& r) {
                            open("repeat");
                            expr(r.count.get());
                            optional(r.variable);
                            expr(r.begin.get());
                            expr(r.end.get());
                            expr(r.body.get());
                            optional(r.label);
                            expr(r.from.get());
                          },
                          [&](const IfExpr& i) {
                            open("if");
                            for (const IfExpr::Branch& branch : i.branches) {
                              expr(branch.condition.get());
                              expr(branch.body.get());
                            }
                            expr(i.otherwise.get());
                          },
                          [&](const PipelineExpr& p) {
                            open("pipeline");
                            expr(p.head.get());
                            for (const ExprPtr& stage : p.stages) expr(stage.get());
                          }},
               it->value);
    close();
  }

  void call(const CallExpr& it) {
    open("call");
    optional(it.module);
    name(it.callee);
    word(it.has_arguments ? "with" : "without");
    for (const Argument& argument : it.arguments) {
      optional(argument.name);
      expr(argument.value.get());
    }
    word(it.tensors ? "on" : "-");
    if (it.tensors) {
      for (const ExprPtr& tensor : *it.tensors) expr(tensor.get());
    }
    optional(it.label);
  }

  std::ostringstream out_;
};

}  // namespace

std::string ast_text(const File& file) {
  return Printer().print(file);
}

}  // namespace d2nn::tests
