// What may stand at a place is told by the text before it alone, for while one types the text does not parse; names
// come from the last analysis that did.
#include <algorithm>
#include <array>
#include <set>

#include "diag/spelling.h"
#include "lsp/features.h"
#include "lsp/positions.h"
#include "ops/layer.h"
#include "sema/arguments.h"

namespace d2nn::lsp {
namespace {

/// CompletionItemKind of the protocol.
enum ItemKind {
  item_function = 3,
  item_field = 5,
  item_variable = 6,
  item_class = 7,
  item_module = 9,
  item_keyword = 14,
  item_constant = 21
};

enum class Place { file, network, body, train, nowhere };

/// What surrounds the end of a text.
struct Surroundings {
  Place place = Place::file;
  std::string network;      // whose braces are open
  bool is_control = false;  // in the body of a control node
  std::string call;         // the layer or block whose parentheses are open
  std::string before;       // the word before the one that is typed
  std::string owner;        // "vision" of "vision.|"
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Surroundings read() {
    while (at_ < text_.size() && !is_cut_) step();
    Surroundings found;
    if (is_cut_) {
      found.place = Place::nowhere;  // in a comment or string
      return found;
    }
    for (const Open& open : open_) {
      if (open.bracket != '{') continue;
      if (open.word == "network") found = {Place::network, open.name, false, "", "", ""};
      if (open.word == "train") found.place = Place::train;
      if (open.word == "node" || open.word == "control" || open.word == "block") {
        found.place = Place::body;
        found.is_control = open.word == "control";
      }
    }
    if (!open_.empty() && open_.back().bracket == '(' && found.place == Place::body) found.call = open_.back().name;
    // The word that is typed is the last one when it touches the end.
    const bool is_typing = !words_.empty() && word_end_ == text_.size();
    const std::size_t known = words_.size() - (is_typing ? 1 : 0);
    if (known > 0) found.before = words_[known - 1];
    std::size_t end = text_.size();
    while (end > 0 && diag::is_name_char(text_[end - 1])) --end;
    if (end > 0 && text_[end - 1] == '.') {
      std::size_t begin = end - 1;
      while (begin > 0 && diag::is_name_char(text_[begin - 1])) --begin;
      found.owner = text_.substr(begin, end - 1 - begin);
    }
    return found;
  }

 private:
  struct Open {
    char bracket;
    std::string word;  // the declaration word of the statement: "network", "node", ...
    std::string name;  // of a brace: the declared name; of a parenthesis: the word before it
  };

  void skip_to(std::string_view end) {
    const std::size_t found = text_.find(end, at_);
    is_cut_ = found == std::string_view::npos;
    at_ = is_cut_ ? text_.size() : found + end.size();
  }

  void step() {
    const std::string_view rest = text_.substr(at_);
    const char c = rest[0];
    if (rest.starts_with("//")) {
      skip_to("\n");
    } else if (rest.starts_with("/*")) {
      skip_to("*/");
    } else if (c == '"') {
      ++at_;
      skip_to("\"");
    } else if (diag::is_name_char(c)) {
      std::size_t end = at_;
      while (end < text_.size() && diag::is_name_char(text_[end])) ++end;
      word(std::string(text_.substr(at_, end - at_)));
      at_ = word_end_ = end;
    } else {
      ++at_;
      if (c == '{' || c == '(' || c == '[') open_.push_back({c, statement_, c == '{' ? name_ : last()});
      if ((c == '}' || c == ')' || c == ']') && !open_.empty()) open_.pop_back();
      if (c == ';' || c == '{' || c == '}') statement_.clear();
    }
  }

  void word(std::string word) {
    static constexpr std::array<std::string_view, 12> declarations{
        "import", "const", "block", "network", "input", "output", "node", "control", "dummy", "train", "for", "repeat"};
    if (!statement_.empty() && last() == statement_) name_ = word;
    if (std::find(declarations.begin(), declarations.end(), word) != declarations.end()) statement_ = word;
    words_.push_back(std::move(word));
  }

  std::string last() const { return words_.empty() ? "" : words_.back(); }

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_cut_ = false;
  std::vector<Open> open_;
  std::vector<std::string> words_;
  std::size_t word_end_ = 0;
  std::string statement_, name_;
};

class Completer {
 public:
  Completer(const Analysis* analysis, const Surroundings& place) : analysis_(analysis), place_(place) {}

  Json run() {
    if (place_.place == Place::nowhere) return items_;
    if (!place_.owner.empty()) {
      add_members();
    } else if (place_.before == "join") {
      for (const char* join : {"sum", "mean", "max", "concat", "first", "last"}) add(join, item_keyword, "join");
    } else if (place_.place == Place::file) {
      add_keywords({"network", "block", "const", "import"});
    } else if (place_.place == Place::network) {
      add_keywords({"input", "output", "node", "control", "dummy", "for", "if", "else", "train", "join", "default",
                    "required", "none"});
      add_nodes();
    } else if (place_.place == Place::train) {
      add_keywords(
          {"loss", "metric", "reward", "lambda", "efficiency", "cross_entropy", "q_learning", "accuracy", "f1"});
      add_nodes();
    } else {
      if (!place_.call.empty()) add_parameters();
      add_layers();
      add_blocks();
      add_keywords({"let", "return", "repeat", "if", "else", "concat", "len"});
      if (place_.is_control) add("actions", item_constant, "number of actions of this control node");
    }
    return items_;
  }

 private:
  void add(const std::string& label, ItemKind kind, const std::string& detail, const std::string& doc = "",
           const std::string& insert = "") {
    if (!seen_.insert(label).second) return;
    Json item{{"label", label}, {"kind", kind}, {"detail", detail}};
    if (!doc.empty()) item["documentation"] = {{"kind", "markdown"}, {"value", doc}};
    if (!insert.empty()) item["insertText"] = insert;
    items_.push_back(std::move(item));
  }
  void add_keywords(std::initializer_list<const char*> words) {
    for (const char* word : words) add(word, item_keyword, "");
  }

  void add_block(const ast::Block& block) { add(block.name.text, item_class, sema::signature_text(block), block.doc); }

  void add_blocks() {
    if (analysis_ == nullptr) return;
    for (const ast::FileItem& item : analysis_->tree.items) {
      if (const auto* block = std::get_if<ast::Block>(&item)) add_block(*block);
      if (const auto* constant = std::get_if<ast::Const>(&item))
        add(constant->name.text, item_constant, "const", constant->doc);
      const auto* network = std::get_if<ast::Network>(&item);
      if (network == nullptr || network->name.text != place_.network) continue;
      for (const ast::Parameter& parameter : network->params) add(parameter.name.text, item_variable, "parameter");
    }
    for (const auto& [name, module] : analysis_->modules) {
      add(name, item_module, analysis_->files[module.file].name(), "", name + ".");
    }
  }

  void add_layers() {
    for (const ops::Layer* layer : ops::layers()) {
      if (!layer->is_in_pipelines && layer->called_with == 1) continue;
      add(layer->name, item_function, ops::signature_text(layer->name, layer->params), layer->doc);
    }
  }

  void add_parameters() {
    if (const ops::Layer* layer = ops::find_called_layer(place_.call)) {
      for (const ops::ParamInfo& param : layer->params) {
        const std::string fallback = param.fallback != nullptr ? std::string("default ") + param.fallback : "required";
        add(std::string(param.name) + ":", item_field, fallback, param.doc, std::string(param.name) + ": ");
        if (param.type == ops::ParamType::start) {
          for (const char* choice : {"zeros", "ones", "normal"}) add(choice, item_keyword, "`start`", param.doc);
        }
        for (const char* choice : param.choices)
          add(choice, item_keyword, "`" + std::string(param.name) + "`", param.doc);
      }
    }
    for (std::size_t i = 0; analysis_ != nullptr && i < analysis_->tree.items.size(); ++i) {
      const auto* block = std::get_if<ast::Block>(&analysis_->tree.items[i]);
      if (block == nullptr || block->name.text != place_.call) continue;
      for (const ast::Parameter& parameter : block->params) {
        add(parameter.name.text + ":", item_field, parameter.type.text, "", parameter.name.text + ": ");
      }
    }
  }

  /// Nodes of the network, families by their names.
  void add_nodes(const std::vector<ast::NetworkItem>& items) {
    for (const ast::NetworkItem& item : items) {
      if (const auto* input = std::get_if<ast::Input>(&item)) add(input->name.text, item_variable, "input", input->doc);
      if (const auto* output = std::get_if<ast::Output>(&item))
        add(output->name.text, item_variable, "output", output->doc);
      if (const auto* dummy = std::get_if<ast::Dummy>(&item)) add(dummy->name.text, item_variable, "dummy", dummy->doc);
      if (const auto* node = std::get_if<ast::Node>(&item)) {
        add(node->name.text, item_variable, node->is_control ? "control" : "node", node->doc);
      }
      for (const auto* nested : ast::nested_items(item)) add_nodes(*nested);
    }
  }
  void add_nodes() {
    for (std::size_t i = 0; analysis_ != nullptr && i < analysis_->tree.items.size(); ++i) {
      const auto* network = std::get_if<ast::Network>(&analysis_->tree.items[i]);
      if (network != nullptr && network->name.text == place_.network) add_nodes(network->items);
    }
  }

  /// Behind a dot: what a module declares, or the inputs of a node.
  void add_members() {
    if (analysis_ == nullptr) return;
    if (const auto module = analysis_->modules.find(place_.owner); module != analysis_->modules.end()) {
      for (const ast::FileItem& item : module->second.tree.items) {
        if (const auto* block = std::get_if<ast::Block>(&item)) add_block(*block);
        if (const auto* constant = std::get_if<ast::Const>(&item))
          add(constant->name.text, item_constant, "const", constant->doc);
      }
      return;
    }
    for (const ast::FileItem& item : analysis_->tree.items) {
      const auto* network = std::get_if<ast::Network>(&item);
      if (network != nullptr && network->name.text == place_.network) add_inputs(network->items);
    }
  }

  /// The named inputs of the node before the dot.
  void add_inputs(const std::vector<ast::NetworkItem>& items) {
    for (const ast::NetworkItem& item : items) {
      for (const auto* nested : ast::nested_items(item)) add_inputs(*nested);
      const auto* node = std::get_if<ast::Node>(&item);
      if (node == nullptr || node->name.text != place_.owner) continue;
      for (const ast::NodeInput& input : node->inputs) add(input.name.text, item_field, "input of " + place_.owner);
    }
  }

  const Analysis* analysis_;
  const Surroundings& place_;
  Json items_ = Json::array();
  std::set<std::string> seen_;
};

}  // namespace

Json completion(const Document& document, const Json& position) {
  const std::uint32_t offset = to_offset(document.file(), position);
  const Surroundings place = Reader(document.file().text().substr(0, offset)).read();
  return Completer(document.good(), place).run();
}

}  // namespace d2nn::lsp
