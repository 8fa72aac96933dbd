// A walk over the syntax tree with the names in scope at hand: every name becomes an Occurrence. What the compiler
// computed (shapes, costs) is looked up in the programs by name and place, where the text checked.
#include <algorithm>
#include <functional>

#include "graph/print.h"
#include "lsp/analysis.h"
#include "ops/layer.h"
#include "sema/arguments.h"
#include "sema/modules.h"

namespace d2nn::lsp {
namespace {

std::string code_block(const std::string& text) {
  return "```d2nn\n" + text + "\n```";
}

std::string with_doc(std::string hover, const std::string& doc) {
  if (!doc.empty()) hover += "\n\n" + doc;
  return hover;
}

/// What a name stands for.
struct Meaning {
  SourceRange definition;
  std::string hover;
};
using Scope = std::map<std::string, Meaning>;

class Indexer {
 public:
  explicit Indexer(Analysis& analysis) : analysis_(analysis) {}

  void run() {
    for (const graph::Program& program : analysis_.programs) {
      for (const graph::Node& node : program.nodes) {
        for (const graph::Op& op : node.ops)
          ops_.emplace(std::pair(op.range.file, op.range.begin), OpPlace{&program, &node, &op});
      }
    }
    for (const ast::FileItem& item : analysis_.tree.items) declare(item);
    for (const ast::FileItem& item : analysis_.tree.items) visit(item);
  }

 private:
  std::string text(SourceRange range) const { return std::string(analysis_.files.text(range)); }

  void add(SourceRange range, std::string hover, std::optional<SourceRange> definition = std::nullopt) {
    analysis_.names.push_back({range, std::move(hover), definition});
  }
  void add(SourceRange range, const Meaning& meaning) { add(range, meaning.hover, meaning.definition); }

  /// The innermost meaning of a name that is no layer.
  const Meaning* find(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto found = scope->find(name); found != scope->end()) return &found->second;
    }
    const auto found = file_scope_.find(name);
    return found != file_scope_.end() ? &found->second : nullptr;
  }

  // ---- files

  static Meaning block_meaning(const ast::Block& block) {
    return {block.name.range, with_doc(code_block("block " + sema::signature_text(block)), block.doc)};
  }
  Meaning const_meaning(const ast::Const& constant) const {
    return {constant.name.range, with_doc(code_block(text(constant.range)), constant.doc)};
  }

  void declare(const ast::FileItem& item) {
    if (const auto* block = std::get_if<ast::Block>(&item)) {
      file_scope_.emplace(block->name.text, block_meaning(*block));
      blocks_.emplace(block->name.text, block);
    }
    if (const auto* constant = std::get_if<ast::Const>(&item)) {
      file_scope_.emplace(constant->name.text, const_meaning(*constant));
    }
    if (const auto* network = std::get_if<ast::Network>(&item)) {
      file_scope_.emplace(network->name.text, Meaning{network->name.range, network_hover(*network)});
    }
  }

  std::string network_hover(const ast::Network& network) const {
    std::string hover = code_block("network " + network.name.text);
    if (const graph::Program* program = program_of(network.name.text)) {
      std::int64_t cost = 0;
      for (const graph::Node& node : program->nodes) cost += node.cost;
      hover += "\n\n" + std::to_string(program->nodes.size()) + " nodes, " + graph::grouped(cost) +
               " multiplications if all of them execute, " + std::to_string(program->parameters.size()) +
               " tensors of weights";
    }
    return with_doc(hover, network.doc);
  }

  /// From here on node_hover() speaks of this network: its nodes are looked up by the names that the text declares.
  void enter(const graph::Program* program) {
    program_ = program;
    members_.clear();
    total_cost_ = 0;
    if (program == nullptr) return;
    for (const graph::Node& node : program->nodes) {
      members_[node.name.substr(0, node.name.find('['))].push_back(&node);
      total_cost_ += node.cost;
    }
  }

  const graph::Program* program_of(const std::string& name) const {
    for (const graph::Program& program : analysis_.programs) {
      if (program.name == name) return &program;
    }
    return nullptr;
  }

  void visit(const ast::FileItem& item) {
    if (const auto* import = std::get_if<ast::Import>(&item)) return visit(*import);
    if (const auto* constant = std::get_if<ast::Const>(&item)) {
      add(constant->name.range, file_scope_.at(constant->name.text));
      return visit(*constant->value);
    }
    if (const auto* block = std::get_if<ast::Block>(&item)) return visit(*block);
    visit(std::get<ast::Network>(item));
  }

  void visit(const ast::Import& import) {
    const auto module = analysis_.modules.find(sema::module_name(import));
    if (module == analysis_.modules.end()) return;
    const source::FileId file = module->second.file;
    add(import.range, "module `" + module->first + "`: " + analysis_.files[file].name(), SourceRange{file, 0, 0});
  }

  void visit(const ast::Block& block) {
    add(block.name.range, file_scope_.at(block.name.text));
    scopes_.emplace_back();
    declare_parameters(block.params, nullptr);
    for (const ast::Name& name : block.tensors) {
      declare(name, "tensor `" + name.text + "` of the block `" + block.name.text + "`");
    }
    visit(block.body);
    scopes_.pop_back();
  }

  void declare(const ast::Name& name, std::string hover) {
    scopes_.back().emplace(name.text, Meaning{name.range, hover});
    add(name.range, std::move(hover), name.range);
  }

  void declare_parameters(const std::vector<ast::Parameter>& parameters, const graph::Program* program) {
    for (const ast::Parameter& parameter : parameters) {
      std::string hover = code_block(text(parameter.range));
      for (std::size_t i = 0; program != nullptr && i < program->settings.size(); ++i) {
        if (program->settings[i].first == parameter.name.text) hover += "\n\nhere " + program->settings[i].second;
      }
      declare(parameter.name, std::move(hover));
      if (parameter.fallback) visit(*parameter.fallback);
    }
  }

  // ---- networks

  void visit(const ast::Network& network) {
    add(network.name.range, file_scope_.at(network.name.text));
    enter(program_of(network.name.text));
    scopes_.emplace_back();
    declare_parameters(network.params, program_);
    for (const ast::NetworkItem& item : network.items) declare(item);
    for (const ast::NetworkItem& item : network.items) visit(item);
    scopes_.pop_back();
    inputs_.clear();
    enter(nullptr);
  }

  void declare(const ast::NetworkItem& item) {
    const auto declare_node = [&](const ast::Name& name, const std::string& kind, const std::string& doc) {
      scopes_.back().emplace(name.text, Meaning{name.range, node_hover(name.text, kind, doc)});
    };
    if (const auto* input = std::get_if<ast::Input>(&item)) declare_node(input->name, "input", input->doc);
    if (const auto* output = std::get_if<ast::Output>(&item)) declare_node(output->name, "output", output->doc);
    if (const auto* dummy = std::get_if<ast::Dummy>(&item)) declare_node(dummy->name, "dummy", dummy->doc);
    if (const auto* node = std::get_if<ast::Node>(&item)) {
      declare_node(node->name, node->is_control ? "control" : "node", node->doc);
      for (const ast::NodeInput& input : node->inputs) {
        inputs_.emplace(node->name.text + "." + input.name.text, Meaning{input.name.range, input_hover(*node, input)});
      }
    }
    for (const auto* nested : ast::nested_items(item)) {
      for (const ast::NetworkItem& inner : *nested) declare(inner);
    }
  }

  std::string node_hover(const std::string& name, const std::string& kind, const std::string& doc) const {
    std::string hover = code_block(kind + " " + name);
    if (program_ == nullptr) return with_doc(hover, doc);
    std::size_t members = 0;
    const auto found = members_.find(name);
    if (found == members_.end()) return with_doc(hover, doc);
    for (const graph::Node* member : found->second) {
      const graph::Node& node = *member;
      const bool is_member = node.name != name;
      if (++members > 8) continue;  // of large families the first
      hover += "\n\n" + (is_member ? "`" + node.name + "` " : std::string()) + "`" + node.shape.to_string() + "`";
      if (node.kind == graph::NodeKind::regular || node.kind == graph::NodeKind::control) {
        hover += ", " + graph::grouped(node.cost) + " multiplications";
        if (total_cost_ > 0)
          hover += " (" + std::to_string((200 * node.cost + total_cost_) / (2 * total_cost_)) + " % of all nodes)";
      }
      for (const graph::Action& action : node.actions) {
        hover += "\n- `" + action.name + "` runs ";
        for (std::size_t t = 0; t < action.targets.size(); ++t) {
          hover += (t == 0 ? "`" : ", `") + (*program_)[action.targets[t]].name + "`";
        }
        if (action.targets.empty()) hover += "nothing";
      }
    }
    if (members > 8) hover += "\n\nand " + std::to_string(members - 8) + " more";
    return with_doc(hover, doc);
  }

  void visit(const ast::NetworkItem& item) {
    if (const auto* input = std::get_if<ast::Input>(&item)) {
      use(input->name);
      visit(input->type);
    } else if (const auto* output = std::get_if<ast::Output>(&item)) {
      use(output->name);
      visit(output->type);
    } else if (const auto* dummy = std::get_if<ast::Dummy>(&item)) {
      use(dummy->name);
      visit(dummy->type);
      visit(*dummy->value);
    } else if (const auto* node = std::get_if<ast::Node>(&item)) {
      visit(*node);
    } else if (const auto* data = std::get_if<ast::DataEdges>(&item)) {
      for (const auto& hop : data->hops) {
        for (const ast::Endpoint& end : hop) visit(end);
      }
      if (data->fallback) visit(*data->fallback);
    } else if (const auto* control = std::get_if<ast::ControlEdges>(&item)) {
      visit(control->source);
      for (const ast::Action& action : control->actions) {
        add(action.name.range, "action `" + action.name.text + "` of `" + control->source.name.text + "`",
            action.name.range);
        if (action.index) visit(*action.index);
        for (const ast::Endpoint& end : action.targets) visit(end);
      }
    } else if (const auto* train = std::get_if<ast::Train>(&item)) {
      for (const ast::TrainLoss& loss : train->losses) use(loss.output);
    } else if (const auto* loop = std::get_if<std::unique_ptr<ast::For>>(&item)) {
      visit(*(*loop)->begin);
      visit(*(*loop)->end);
      scopes_.emplace_back();
      declare_loop_variable((*loop)->variable, *(*loop)->begin, *(*loop)->end);
      for (const ast::NetworkItem& inner : (*loop)->items) visit(inner);
      scopes_.pop_back();
    } else if (const auto* choice = std::get_if<std::unique_ptr<ast::If>>(&item)) {
      for (const ast::If::Branch& branch : (*choice)->branches) {
        visit(*branch.condition);
        for (const ast::NetworkItem& inner : branch.items) visit(inner);
      }
      for (const ast::NetworkItem& inner : (*choice)->otherwise) visit(inner);
    }
  }

  static std::string input_hover(const ast::Node& node, const ast::NodeInput& input) {
    return "input `" + input.name.text + "` of `" + node.name.text + "`";
  }

  void use(const ast::Name& name) {
    if (const Meaning* meaning = find(name.text)) add(name.range, *meaning);
  }

  void visit(const ast::Endpoint& end) {
    use(end.name);
    if (end.index) visit(*end.index);
    if (!end.input) return;
    const auto input = inputs_.find(end.name.text + "." + end.input->text);
    if (input != inputs_.end()) add(end.input->range, input->second);
  }

  void visit(const ast::TensorType& type) {
    for (const ast::ExprPtr& dim : type.dims) visit(*dim);
  }

  void visit(const ast::Node& node) {
    use(node.name);
    if (node.index) visit(*node.index);
    scopes_.emplace_back();
    for (const ast::NodeInput& input : node.inputs) {
      declare(input.name, input_hover(node, input));
    }
    visit(node.body);
    scopes_.pop_back();
  }

  // ---- bodies and expressions

  void visit(const ast::Body& body) {
    scopes_.emplace_back();
    for (const ast::Let& let : body.lets) {
      visit(*let.value);
      for (const ast::Name& name : let.names) declare(name, code_block(text(let.range)));
    }
    if (body.result) visit(*body.result);
    scopes_.pop_back();
  }

  void visit(const ast::Expr& expr) {
    if (const auto* list = std::get_if<ast::ListExpr>(&expr.value)) {
      for (const ast::ExprPtr& item : list->items) visit(*item);
    } else if (const auto* name = std::get_if<ast::NameExpr>(&expr.value)) {
      const Meaning* meaning = find(name->name.text);
      meaning != nullptr ? add(name->name.range, *meaning) : layer(name->name, expr.range);
    } else if (const auto* index = std::get_if<ast::IndexExpr>(&expr.value)) {
      visit(*index->base);
      visit(*index->index);
    } else if (const auto* unary = std::get_if<ast::UnaryExpr>(&expr.value)) {
      visit(*unary->operand);
    } else if (const auto* binary = std::get_if<ast::BinaryExpr>(&expr.value)) {
      visit(*binary->left);
      visit(*binary->right);
    } else if (const auto* call = std::get_if<ast::CallExpr>(&expr.value)) {
      visit(*call, expr.range);
    } else if (const auto* repeat = std::get_if<ast::RepeatExpr>(&expr.value)) {
      visit(*repeat);
    } else if (const auto* choice = std::get_if<ast::IfExpr>(&expr.value)) {
      for (const ast::IfExpr::Branch& branch : choice->branches) {
        visit(*branch.condition);
        visit(*branch.body);
      }
      if (choice->otherwise) visit(*choice->otherwise);
    } else if (const auto* pipe = std::get_if<ast::PipelineExpr>(&expr.value)) {
      if (pipe->head) visit(*pipe->head);
      for (const ast::ExprPtr& stage : pipe->stages) visit(*stage);
    }
  }

  void visit(const ast::RepeatExpr& repeat) {
    if (repeat.count) visit(*repeat.count);
    scopes_.emplace_back();
    if (repeat.variable) {
      visit(*repeat.begin);
      visit(*repeat.end);
      declare_loop_variable(*repeat.variable, *repeat.begin, *repeat.end);
    }
    visit(*repeat.body);
    scopes_.pop_back();
    if (repeat.from) visit(*repeat.from);
  }

  void declare_loop_variable(const ast::Name& name, const ast::Expr& begin, const ast::Expr& end) {
    declare(name, "loop variable " + code_block(text(cover(begin.range, end.range))));
  }

  void visit(const ast::CallExpr& call, SourceRange range) {
    const ast::Block* block = nullptr;
    if (call.module) {
      block = member(call);
    } else if (const Meaning* meaning = find(call.callee.text)) {
      add(call.callee.range, *meaning);
      const auto found = blocks_.find(call.callee.text);
      if (found != blocks_.end() && found->second->name.range == meaning->definition) block = found->second;
    } else {
      layer(call.callee, range);
    }
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
      const ast::Argument& argument = call.arguments[i];
      if (argument.name && block != nullptr) name_of_argument(*argument.name, *block);
      const bool is_of_layer = block == nullptr && !call.module;
      const ops::ParamInfo* param = is_of_layer ? find_param(call.callee.text, argument, i) : nullptr;
      if (param != nullptr && param->type == ops::ParamType::word) continue;  // `mode: bilinear` names nothing
      if (param != nullptr && param->type == ops::ParamType::start) {
        if (const auto* normal = std::get_if<ast::CallExpr>(&argument.value->value)) {
          for (const ast::Argument& deviation : normal->arguments) visit(*deviation.value);
        }
        continue;
      }
      visit(*argument.value);
    }
    for (std::size_t i = 0; call.tensors && i < call.tensors->size(); ++i) visit(*(*call.tensors)[i]);
  }

  /// The parameter of a layer that an argument is for, or nullptr.
  static const ops::ParamInfo* find_param(const std::string& callee, const ast::Argument& argument,
                                          std::size_t position) {
    const ops::Layer* layer = ops::find_called_layer(callee);
    if (layer == nullptr) return nullptr;
    for (std::size_t i = 0; i < layer->params.size(); ++i) {
      const bool is_given = argument.name ? argument.name->text == layer->params[i].name : i == position;
      if (is_given) return &layer->params[i];
    }
    return nullptr;
  }

  /// The parameter of a block that an argument is given to by name.
  void name_of_argument(const ast::Name& name, const ast::Block& block) {
    for (const ast::Parameter& parameter : block.params) {
      if (parameter.name.text == name.text) add(name.range, code_block(text(parameter.range)), parameter.name.range);
    }
  }

  /// "vision.conv_relu"; the block, if it is one.
  const ast::Block* member(const ast::CallExpr& call) {
    const ast::Block* called = nullptr;
    const auto module = analysis_.modules.find(call.module->text);
    if (module == analysis_.modules.end()) return called;
    add(call.module->range, "module: " + analysis_.files[module->second.file].name(),
        SourceRange{module->second.file, 0, 0});
    for (const ast::FileItem& item : module->second.tree.items) {
      const auto* block = std::get_if<ast::Block>(&item);
      const auto* constant = std::get_if<ast::Const>(&item);
      if (block != nullptr && block->name.text == call.callee.text) {
        add(call.callee.range, block_meaning(*block));
        called = block;
      }
      if (constant != nullptr && constant->name.text == call.callee.text)
        add(call.callee.range, const_meaning(*constant));
    }
    return called;
  }

  /// A layer, with what it does at this place: the first op that comes from it.
  void layer(const ast::Name& name, SourceRange range) {
    const ops::Layer* info = ops::find_called_layer(name.text);
    if (info == nullptr) return;
    std::string hover = code_block(ops::signature_text(info->name, info->params)) + "\n\n" + info->doc;
    for (const ops::ParamInfo& param : info->params) hover += std::string("\n- `") + param.name + "`: " + param.doc;
    const auto [first, last] = ops_.equal_range(std::pair(range.file, range.begin));
    const auto place = std::find_if(first, last, [&](const auto& entry) { return entry.second.op->range == range; });
    if (place != last) {
      const auto& [program, node, op] = place->second;
      hover += "\n\nin `" + node->name + "`: ";
      for (const graph::ValueId operand : op->operands) {
        hover += (operand == op->operands.front() ? "`" : ", `") + value_shape(*node, operand).to_string() + "`";
      }
      hover += (op->operands.empty() ? "`" : " to `") + op->shape.to_string() + "`, " + graph::grouped(op->cost) +
               " multiplications";
      for (graph::ParamId id : op->parameters)
        hover += "\n- `" + (*program)[id].name + "` " + (*program)[id].shape.to_string();
    }
    add(name.range, std::move(hover));
  }

  /// An op of a program, found by the place of its layer in the text.
  struct OpPlace {
    const graph::Program* program;
    const graph::Node* node;
    const graph::Op* op;
  };

  Analysis& analysis_;
  Scope file_scope_;
  std::map<std::string, const ast::Block*> blocks_;  // of the file
  std::vector<Scope> scopes_;
  Scope inputs_;                             // named inputs of the network at hand, as "node.input"
  const graph::Program* program_ = nullptr;  // of the network at hand, when it checked
  std::map<std::string, std::vector<const graph::Node*>> members_;        // of that program, families under one name
  std::int64_t total_cost_ = 0;                                           // of its nodes
  std::multimap<std::pair<source::FileId, std::uint32_t>, OpPlace> ops_;  // of all programs, by where they begin
};

}  // namespace

void index_names(Analysis& analysis) {
  Indexer(analysis).run();
}

}  // namespace d2nn::lsp
