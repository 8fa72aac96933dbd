// The structure of a random program: nodes are made one after the other and read only earlier ones; control nodes
// choose only among later ones, so that there is no cycle. What nobody has read in the end leads to outputs.
#include "differential/program_generator.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "differential/body_generator.h"
#include "ops/arguments.h"

namespace d2nn::differential {
namespace {

using graph::Join;
using ops::Shape;

/// A node that edges can leave.
struct Source {
  std::string name;
  Shape shape;
  bool may_be_skipped = false;
  bool is_read = false;
};

struct Control {
  std::string name;
  std::vector<std::string> actions;
  std::vector<std::vector<std::string>> targets;  // by action
  bool has_target = false;
};

/// One input of a node or output while its edges are drawn.
struct Inlet {
  std::string end;  // "N1", "N1.left"
  Shape shape;      // after the join
  Join join = Join::none;
  bool may_be_null = false;
};

class Structure {
 public:
  Structure(std::uint64_t seed, const GeneratorOptions& options)
      : random_(seed), options_(options), bodies_(random_, program_.features), has_families_(random_.one_in(4)) {}

  GeneratedProgram generate() {
    add_inputs();
    const std::size_t controls = random_.below(options_.most_controls + 1);
    std::size_t nodes = 1 + random_.below(options_.most_nodes);
    nodes = std::max(nodes, std::min(controls + 1, options_.most_nodes));
    std::size_t controls_left = controls;
    for (std::size_t node = 0; node < nodes; ++node) {
      if (random_.one_in(6)) add_dummy();
      // Control nodes come early enough to have something to choose from.
      while (controls_left > 0 && (controls_left >= nodes - node || random_.one_in(3))) {
        add_control();
        --controls_left;
      }
      if (random_.one_in(10)) {
        add_experts();
      } else {
        add_node();
      }
    }
    add_outputs();
    for (const Control& control : controls_) write_actions(control);
    return finish();
  }

 private:
  void count(const std::string& feature) { ++program_.features[feature]; }

  std::string type_text(const Shape& shape) const { return shape.to_string(); }

  void declare(const std::string& text) { items_.push_back("  " + text + "\n"); }

  void add_inputs() {
    const std::size_t inputs = random_.one_in(3) ? 2 + random_.below(2) : 1;
    if (inputs > 1) count("several inputs");
    for (std::size_t i = 0; i < inputs; ++i) {
      Shape shape{random_.between(2, 24)};
      std::string kind = "vector input";
      if (random_.below(3) > 0) {
        shape = Shape{random_.between(1, 4), random_.between(4, 14), random_.between(4, 14)};
        kind = "image input";
      } else if (random_.one_in(2)) {
        shape = Shape{random_.between(1, 9), random_.between(1, 13)};
        kind = "matrix input";
      } else if (random_.one_in(5)) {
        shape = Shape{random_.between(1, 3), random_.between(1, 3), random_.between(1, 7), random_.between(1, 7)};
        kind = "input of four axes";
      }
      count(kind);
      const std::string name = "in" + std::to_string(i);
      declare("input " + name + ": " + type_text(shape) + ";");
      sources_.push_back({name, shape});
    }
  }

  std::string number() { return ops::number_text(static_cast<double>(random_.between(-16, 16)) / 8); }

  std::string tensor(const Shape& shape, std::size_t axis = 0) {
    if (axis == shape.rank()) return number();
    std::string text = "[";
    for (std::int64_t i = 0; i < shape.dims[axis]; ++i) text += (i > 0 ? ", " : "") + tensor(shape, axis + 1);
    return text + "]";
  }

  std::string constant(const Shape& shape, const std::string& feature) {
    const bool is_tensor = shape.elements() <= 48 && random_.one_in(2);
    count(feature + (is_tensor ? " tensor" : " number"));
    return is_tensor ? tensor(shape) : number();
  }

  void add_dummy() {
    // Mostly a shape that something else has, so that the two can be joined.
    const Shape shape = random_.one_in(4) ? Shape{random_.between(1, 8)} : random_.pick(sources_).shape;
    Source source{"D" + std::to_string(dummies_++), shape};
    declare("dummy " + source.name + ": " + type_text(shape) + " = " + constant(shape, "dummy") + ";");
    count("dummy");
    if (target(source.name, 4)) {
      source.may_be_skipped = true;
      count("dummy as a target");
    }
    sources_.push_back(std::move(source));
  }

  /// Lets earlier control nodes choose this node; the larger `rarity`, the fewer.
  bool target(const std::string& name, std::size_t rarity) {
    bool is_targeted = false;
    for (Control& control : controls_) {
      // A control node without any target is not worth having.
      if (control.has_target && !random_.one_in(rarity)) continue;
      // Mostly some action leaves the node out, else it would be chosen always.
      const std::size_t without = random_.below(control.targets.size());
      const bool always = random_.one_in(12);
      for (std::size_t action = 0; action < control.targets.size(); ++action) {
        if (!always && (action == without || random_.one_in(3))) continue;
        control.targets[action].push_back(name);
        control.has_target = true;
        is_targeted = true;
      }
    }
    return is_targeted;
  }

  Source& pick_source() {
    // Recent and unread ones first: that makes programs deep, and few loose ends.
    for (int attempt = 0; attempt < 4; ++attempt) {
      const std::size_t back = random_.below(std::min<std::size_t>(sources_.size(), 4));
      Source& source = sources_[sources_.size() - 1 - back];
      if (!source.is_read || random_.one_in(3)) return source;
    }
    return sources_[random_.below(sources_.size())];
  }

  static bool fits_beside(const Shape& shape, const Shape& other, bool concatenates) {
    if (!concatenates) return shape == other;
    if (shape.rank() != other.rank()) return false;
    return std::equal(shape.dims.begin() + 1, shape.dims.end(), other.dims.begin() + 1);
  }

  /// Draws the edges into one input, beginning with `first`; writes them.
  Inlet connect(const std::string& end, Source& first, std::size_t most_edges) {
    Inlet inlet{end, first.shape};
    const bool concatenates = random_.one_in(4);
    std::vector<Source*> chosen{&first};
    for (Source& source : sources_) {
      if (chosen.size() >= most_edges) break;
      if (&source == &first || !fits_beside(first.shape, source.shape, concatenates)) continue;
      const bool is_wanted = !source.is_read || source.may_be_skipped;
      if (!random_.one_in(is_wanted ? 2 : 5)) continue;
      chosen.push_back(&source);
    }
    if (chosen.size() > 1) {
      constexpr Join joins[]{Join::sum, Join::mean, Join::max, Join::first, Join::last};
      inlet.join = concatenates ? Join::concat : joins[random_.below(5)];
      count("join " + std::string(graph::spelling(inlet.join)));
      if (random_.one_in(2)) std::swap(chosen.front(), chosen.back());
    }
    if (inlet.join == Join::concat) {
      inlet.shape.dims[0] = 0;
      for (const Source* source : chosen) inlet.shape.dims[0] += source->shape.dims[0];
    }
    bool all_null = true;
    bool any_null = false;
    std::string plain;  // sources without a default, written as one list
    const auto write_plain = [&] {
      if (!plain.empty()) edges_.push_back("  " + plain + " -> " + end + ";\n");
      plain.clear();
    };
    for (Source* source : chosen) {
      source->is_read = true;
      const bool has_default = source->may_be_skipped && random_.below(5) < 2;
      if (source->may_be_skipped && !has_default) count("null edge");
      const bool may_be_null = source->may_be_skipped && !has_default;
      any_null |= may_be_null;
      all_null &= may_be_null;
      if (has_default) {
        write_plain();
        edges_.push_back("  " + source->name + " -> " + end + " default " + constant(source->shape, "default") + ";\n");
        continue;
      }
      plain += (plain.empty() ? "" : ", ") + source->name;
      if (random_.one_in(2)) write_plain();
    }
    write_plain();
    inlet.may_be_null = inlet.join == Join::first || inlet.join == Join::last ? all_null : any_null;
    return inlet;
  }

  std::string join_text(Join join) { return join == Join::none ? "" : " join " + std::string(graph::spelling(join)); }

  /// Declares a function node with its edges; returns its shape and whether it may be null at an input.
  Inlet add_function(const std::string& kind, const std::string& name, std::int64_t units) {
    std::string head = kind + " " + name;
    std::vector<BodyInput> inputs;
    Inlet whole{name, {}};
    if (options_.has_expression_bodies && random_.one_in(4)) {
      const std::size_t input_count = 1 + random_.below(2);
      if (input_count > 1) count("several node inputs");
      count("expression body");
      head += "(";
      for (std::size_t i = 0; i < input_count; ++i) {
        const std::string input = i == 0 ? "left" : "right";
        const Inlet inlet = connect(name + "." + input, pick_source(), 2);
        head += (i > 0 ? ", " : "") + input + join_text(inlet.join);
        inputs.push_back({input, inlet.shape});
        whole.may_be_null |= inlet.may_be_null;
      }
      head += ")";
    } else {
      const Inlet inlet = connect(name, pick_source(), random_.one_in(2) ? 3 : 1);
      head += join_text(inlet.join);
      inputs.push_back({"", inlet.shape});
      whole.may_be_null = inlet.may_be_null;
    }
    const std::string units_text = random_.one_in(3) ? std::to_string(units) : "actions";
    const Piece body = bodies_.body(inputs, units, units_text);
    declare(head + (body.text.empty() ? " { }" : " { " + body.text + " }"));
    whole.shape = body.shape;
    return whole;
  }

  /// "N3", or "N[3]" of a family.
  std::string numbered(const std::string& name, std::size_t number) {
    if (!has_families_) return name + std::to_string(number);
    count("family");
    return name + "[" + std::to_string(number) + "]";
  }

  void add_node() {
    const std::string name = numbered("N", nodes_++);
    const Inlet made = add_function("node", name, 0);
    const bool is_targeted = target(name, 3);
    if (is_targeted) count("target");
    sources_.push_back({name, made.shape, is_targeted || made.may_be_null});
  }

  /// A family of nodes of which a control node of their own picks one by a family of actions, and a node that takes its
  /// result.
  void add_experts() {
    count("family of actions");
    const std::string number = std::to_string(nodes_++);
    const std::string gate = "G" + number, expert = "E" + number;
    const std::int64_t experts = random_.between(2, 4);
    Source& source = pick_source();
    const Shape from = source.shape;
    source.is_read = true;
    const Piece layers = bodies_.body({{"", from}}, 0, "");
    const std::string loop = "for i in 0.." + std::to_string(experts) + " { ";
    declare("control " + gate + " { dense(actions) }");
    // The actions stand in the loop of the family or in one of their own.
    const bool is_one_loop = random_.one_in(2);
    const std::string actions = gate + " ~> pick[i]: " + expert + "[i]; }";
    declare(loop + "node " + expert + "[i] { " + layers.text + " } " + (is_one_loop ? actions : "}"));
    if (!is_one_loop) declare(loop + actions);
    edges_.push_back("  " + source.name + " -> " + gate + ", " + expert + ";\n");
    const bool may_be_skipped = source.may_be_skipped;
    declare("node M" + number + " join " + (random_.one_in(2) ? "first" : "last") + " { }");
    edges_.push_back("  " + expert + " -> M" + number + ";\n");
    sources_.push_back({"M" + number, layers.shape, may_be_skipped});
  }

  void add_control() {
    Control control{numbered("Q", controls_.size()), {}, {}};
    const std::int64_t actions = random_.one_in(4) ? random_.between(3, 5) : 2;
    for (std::int64_t a = 0; a < actions; ++a) control.actions.push_back("a" + std::to_string(a));
    control.targets.resize(static_cast<std::size_t>(actions));
    const Inlet made = add_function("control", control.name, actions);
    count("control");
    if (actions > 2) count("more than two actions");
    if (made.may_be_null) count("nested control");
    controls_.push_back(std::move(control));
  }

  std::string targets_text(const std::vector<std::string>& targets) {
    if (targets.empty()) {
      count("none");
      return "none";
    }
    if (targets.size() == 1) return targets[0];
    count("set");
    std::string text = "{";
    for (std::size_t t = 0; t < targets.size(); ++t) text += (t > 0 ? ", " : "") + targets[t];
    return text + "}";
  }

  void write_actions(const Control& control) {
    std::string text;
    for (std::size_t a = 0; a < control.actions.size(); ++a) {
      text += (text.empty() ? "  " + control.name + " ~> " : ", ") + control.actions[a] + ": " +
              targets_text(control.targets[a]);
      const bool is_last = a + 1 == control.actions.size();
      if (!is_last && !random_.one_in(8)) continue;
      if (!is_last) count("actions in several statements");
      edges_.push_back(text + ";\n");
      text.clear();
    }
  }

  void add_outputs() {
    std::size_t outputs = 0;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i].is_read) continue;
      add_output(sources_[i], outputs++);
    }
    if (outputs == 0 || random_.one_in(5)) add_output(sources_.back(), outputs++);
    if (outputs > 1) count("several outputs");
  }

  void add_output(Source& source, std::size_t index) {
    const std::string name = "out" + std::to_string(index);
    const Inlet inlet = connect(name, source, 4);
    const bool is_required = !inlet.may_be_null && random_.one_in(3);
    if (is_required) count("required");
    if (inlet.may_be_null) count("nullable output");
    declare("output " + name + ": " + type_text(inlet.shape) + join_text(inlet.join) +
            (is_required ? " required;" : ";"));
  }

  GeneratedProgram finish() {
    program_.text = bodies_.blocks() + "network generated {\n";
    if (random_.one_in(3)) {
      // Declarations and edges may stand in any order; each kind keeps its own.
      count("edges before declarations");
      for (const std::string& edge : edges_) program_.text += edge;
      edges_.clear();
    }
    for (const std::string& item : items_) program_.text += item;
    for (const std::string& edge : edges_) program_.text += edge;
    program_.text += "}\n";
    return std::move(program_);
  }

  RandomSource random_;
  GeneratorOptions options_;
  GeneratedProgram program_;
  BodyGenerator bodies_;
  std::vector<Source> sources_;
  std::vector<Control> controls_;
  std::vector<std::string> items_, edges_;
  bool has_families_;  // nodes and control nodes are members of two families
  std::size_t nodes_ = 0;
  std::size_t dummies_ = 0;
};

}  // namespace

GeneratedProgram generate_program(std::uint64_t seed, const GeneratorOptions& options) {
  return Structure(seed, options).generate();
}

reference::Weights<float> random_weights(const graph::Program& program, std::uint64_t seed) {
  RandomSource random(seed ^ 0x5747);
  reference::Weights<float> weights;
  for (const graph::Parameter& parameter : program.parameters) {
    reference::Tensor<float> values(static_cast<std::size_t>(parameter.shape.elements()));
    for (float& value : values) {
      const double draw = random.symmetric();
      // A matrix or kernel keeps the spread of what it sums over; factors and variances stay away from zero.
      if (parameter.start == ops::Start::ones) {
        value = static_cast<float>(1 + draw / 2);
      } else if (parameter.decays) {
        value = static_cast<float>(1.7 * draw / std::sqrt(static_cast<double>(parameter.fan_in)));
      } else {
        value = static_cast<float>(draw / 2);
      }
    }
    weights.push_back(std::move(values));
  }
  return weights;
}

std::vector<reference::Sample<float>> random_samples(const graph::Program& program, std::size_t rows,
                                                     std::uint64_t seed) {
  RandomSource random(seed ^ 0x53414D);
  std::vector<reference::Sample<float>> samples(rows);
  for (reference::Sample<float>& sample : samples) {
    for (graph::NodeId input : graph::nodes_of(program, graph::NodeKind::input)) {
      sample.emplace_back(static_cast<std::size_t>(program[input].shape.elements()));
      for (float& value : sample.back()) value = static_cast<float>(random.symmetric());
    }
  }
  return samples;
}

double decision_margin(const reference::SampleResult<float>& result) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const reference::Tensor<float>& scores : result.scores) {
    if (scores.empty()) continue;
    reference::Tensor<float> sorted = scores;
    std::sort(sorted.begin(), sorted.end(), std::greater<float>());
    const double largest = std::max(std::abs(double(sorted.front())), std::abs(double(sorted.back())));
    const double distance = double(sorted[0]) - double(sorted[1]);
    smallest = std::min(smallest, largest > 0 ? distance / largest : 0.0);
  }
  return smallest;
}

}  // namespace d2nn::differential
