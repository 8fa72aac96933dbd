// A second walk in order of declaration, so that parameters keep it whatever order the nodes run in.
#include "sema/parameters.h"

#include "sema/body.h"
#include "sema/report.h"

namespace d2nn::sema {
namespace {

class Namer {
 public:
  Namer(Draft& draft, diag::Sink& sink) : draft_(draft), sink_(sink) {}

  void name_node(graph::NodeId id) {
    const NodeFacts& facts = draft_[id];
    if (facts.node == nullptr || !facts.has_shape) return;
    graph::Node& node = draft_.node(id);
    const std::string step = facts.node->label ? join_steps("", facts.node->label->text) : node.name;
    for (std::size_t i = 0; i < node.ops.size(); ++i)
      name_op(node.ops[i], facts.ops[i].weights, step, place_of(facts, i));
  }

 private:
  /// Where the node's own text has the op: its label, itself, or the use of the block that it came with.
  static SourceRange place_of(const NodeFacts& facts, std::size_t index) {
    SourceRange place = facts.ops[index].name;
    for (std::int32_t use = facts.ops[index].use; use != BlockUse::no_use;) {
      const BlockUse& block_use = facts.block_uses[static_cast<std::size_t>(use)];
      place = block_use.range;
      use = block_use.outer;
    }
    return place;
  }

  void name_op(graph::Op& op, const std::vector<ops::Weight>& weights, const std::string& step, SourceRange range) {
    if (weights.empty()) return;
    const std::string prefix = join_steps(step, op.label);
    const bool is_open = op.label.ends_with('_');  // "in_proj_" is followed by its roles without a dot
    bool is_reported = false;
    for (const ops::Weight& weight : weights) {
      const std::string name = is_open ? prefix + weight.name : join_steps(prefix, weight.name);
      if (name.empty()) {
        Report(code("E0311"), range, "this " + quoted(op.layer->name) + " has no name: all parts of it are omitted")
            .advise("give it a label of its own, as in `parameter(8) as scale`")
            .to(sink_);
      }
      const auto [known, is_new] = places_.emplace(name, range);
      if (!is_new && !is_reported) {
        Report(code("E0311"), range, "the parameter " + quoted(name) + " is there twice")
            .note(known->second, "this layer has it too")
            .advise("give one of the layers a label of its own, as in `conv(3x3, 8) as stem`")
            .to(sink_);
        is_reported = true;
      }
      op.parameters.push_back({static_cast<std::uint32_t>(draft_.program.parameters.size())});
      draft_.program.parameters.push_back({name, weight.shape, weight.start, weight.is_trained, weight.decays,
                                           weight.is_variance, weight.fan_in, weight.deviation});
    }
  }

  Draft& draft_;
  diag::Sink& sink_;
  std::map<std::string, SourceRange> places_;
};

}  // namespace

void name_parameters(Draft& draft, diag::Sink& sink) {
  Namer namer(draft, sink);
  for (std::uint32_t i = 0; i < draft.nodes.size(); ++i) namer.name_node({i});
}

}  // namespace d2nn::sema
