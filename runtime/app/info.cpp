#include "app/info.h"

#include <ostream>
#include <string>

#include "app/sample_text.h"
#include "d2nn/train_settings.h"

namespace d2nn::app {
namespace {

void print_tensors(const char* role, const d2nn_tensor_info* tensors, std::uint32_t count, std::ostream& out) {
  for (std::uint32_t i = 0; i < count; ++i) {
    out << "  " << role << ' ' << tensors[i].name << ": f32" << shape_text(tensors[i]);
    if (*tensors[i].doc != '\0') out << "  " << tensors[i].doc;
    out << '\n';
  }
}

/// "lambda: 0.75", "loss: scores=q_learning(plain)".
void print_setting(const d2nn_module& module, const d2nn_train_setting& entry, std::ostream& out) {
  if (entry.id >= train_setting_count) return;
  const TrainSettingInfo& setting = train_settings[entry.id];
  const TrainSettingValue value{{entry.numbers[0], entry.numbers[1], entry.numbers[2], entry.numbers[3]}};
  out << "  " << setting.name << ": ";
  if (entry.output < module.output_count) out << module.outputs[entry.output].name << '=';
  out << spell(setting, value) << '\n';
}

}  // namespace

void print_info(const d2nn_module& module, std::ostream& out) {
  out << "network " << module.name << '\n';
  if (*module.doc != '\0') out << "  " << module.doc << '\n';
  print_tensors("input", module.inputs, module.input_count, out);
  print_tensors("output", module.outputs, module.output_count, out);

  out << "nodes (multiplications)\n";
  for (std::uint32_t i = 0; i < module.node_count; ++i) {
    const d2nn_node& node = module.nodes[i];
    out << "  " << (node.kind == D2NN_NODE_CONTROL ? "control " : "node ") << node.name << ": "
        << count_text(node.cost);
    if (*node.doc != '\0') out << "  " << node.doc;
    out << '\n';
  }
  if (module.control_count != 0) out << "decisions\n";
  for (std::uint32_t i = 0; i < module.control_count; ++i) {
    const d2nn_control& control = module.controls[i];
    out << "  " << module.nodes[control.node].name << " ~>";
    for (std::uint32_t a = 0; a < control.action_count; ++a) {
      const d2nn_action& action = control.actions[a];
      out << (a == 0 ? " " : ", ") << action.name << ':';
      if (action.target_count == 0) out << " none";
      for (std::uint32_t t = 0; t < action.target_count; ++t) {
        if (action.targets[t] < module.node_count)
          out << ' ' << module.nodes[action.targets[t]].name;
        else
          out << " (dummy)";
      }
    }
    out << '\n';
  }
  if (module.train_spec != nullptr) {
    const d2nn_train_spec& spec = *module.train_spec;
    out << "training\n";
    for (std::uint32_t i = 0; i < spec.setting_count; ++i) print_setting(module, spec.settings[i], out);
    if (spec.reward_count > 0) out << "  reward: " << spec.reward_text << '\n';
  }
  out << "paths: " << module.path_count << ", of " << count_text(module.least_cost) << " to "
      << count_text(module.greatest_cost) << " multiplications\n"
      << "weights: " << count_text(module.parameter_floats) << " numbers in " << module.parameter_count << " tensors, "
      << (module.embedded_weights != nullptr ? "embedded" : "not embedded (give them with --weights)") << '\n'
      << "compiled by d2nn " << module.compiler_version << " for " << module.target_cpu << '\n';
}

}  // namespace d2nn::app
