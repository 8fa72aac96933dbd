// The entries of d2nn.h that look at a module. They read its tables, allocate nothing and answer any argument.
#include "api/enum_number.h"
#include "d2nn/d2nn.h"
#include "d2nn/module.h"

namespace {

/// Of a string of a module that may be missing.
const char* text(const char* value) {
  return value == nullptr ? "" : value;
}

const d2nn_node* node_of(const d2nn_module* module, size_t index) {
  return module != nullptr && index < module->node_count ? &module->nodes[index] : nullptr;
}

const d2nn_control* control_of(const d2nn_module* module, size_t index) {
  return module != nullptr && index < module->control_count ? &module->controls[index] : nullptr;
}

}  // namespace

extern "C" {

uint32_t d2nn_abi_version(void) {
  return D2NN_ABI_VERSION;
}
const char* d2nn_version(void) {
  return D2NN_VERSION_TEXT;
}
const char* d2nn_element_type_name(d2nn_element_type type) {
  return d2nn::api::number_of(type) == D2NN_ELEMENT_F32 ? "f32" : "unknown element type";
}

const char* d2nn_module_name(const d2nn_module* module) {
  return module == nullptr ? nullptr : text(module->name);
}
const char* d2nn_module_doc(const d2nn_module* module) {
  return module == nullptr ? nullptr : text(module->doc);
}
const char* d2nn_module_compiler_version(const d2nn_module* module) {
  return module == nullptr ? nullptr : text(module->compiler_version);
}
const char* d2nn_module_target(const d2nn_module* module) {
  return module == nullptr ? nullptr : text(module->target_cpu);
}
const char* d2nn_module_path_count(const d2nn_module* module) {
  return module == nullptr ? nullptr : text(module->path_count);
}
int64_t d2nn_module_least_cost(const d2nn_module* module) {
  return module == nullptr ? -1 : module->least_cost;
}
int64_t d2nn_module_greatest_cost(const d2nn_module* module) {
  return module == nullptr ? -1 : module->greatest_cost;
}
int d2nn_module_has_weights(const d2nn_module* module) {
  return module != nullptr && module->embedded_weights != nullptr ? 1 : 0;
}
int d2nn_module_has_training(const d2nn_module* module) {
  return module != nullptr && module->train != nullptr ? 1 : 0;
}

size_t d2nn_module_input_count(const d2nn_module* module) {
  return module == nullptr ? 0 : module->input_count;
}
const d2nn_tensor_info* d2nn_module_input(const d2nn_module* module, size_t index) {
  return index < d2nn_module_input_count(module) ? &module->inputs[index] : nullptr;
}
size_t d2nn_module_output_count(const d2nn_module* module) {
  return module == nullptr ? 0 : module->output_count;
}
const d2nn_tensor_info* d2nn_module_output(const d2nn_module* module, size_t index) {
  return index < d2nn_module_output_count(module) ? &module->outputs[index] : nullptr;
}
size_t d2nn_module_parameter_count(const d2nn_module* module) {
  return module == nullptr ? 0 : module->parameter_count;
}
const d2nn_tensor_info* d2nn_module_parameter(const d2nn_module* module, size_t index) {
  return index < d2nn_module_parameter_count(module) ? &module->parameters[index].tensor : nullptr;
}

size_t d2nn_module_node_count(const d2nn_module* module) {
  return module == nullptr ? 0 : module->node_count;
}
const char* d2nn_module_node_name(const d2nn_module* module, size_t node) {
  const d2nn_node* found = node_of(module, node);
  return found == nullptr ? nullptr : text(found->name);
}
const char* d2nn_module_node_doc(const d2nn_module* module, size_t node) {
  const d2nn_node* found = node_of(module, node);
  return found == nullptr ? nullptr : text(found->doc);
}
d2nn_node_kind d2nn_module_node_kind(const d2nn_module* module, size_t node) {
  const d2nn_node* found = node_of(module, node);
  return found != nullptr && found->kind == D2NN_NODE_CONTROL ? D2NN_NODE_CONTROL : D2NN_NODE_REGULAR;
}
int64_t d2nn_module_node_cost(const d2nn_module* module, size_t node) {
  const d2nn_node* found = node_of(module, node);
  return found == nullptr ? -1 : found->cost;
}

size_t d2nn_module_control_count(const d2nn_module* module) {
  return module == nullptr ? 0 : module->control_count;
}
size_t d2nn_module_control_node(const d2nn_module* module, size_t control) {
  const d2nn_control* found = control_of(module, control);
  return found == nullptr ? static_cast<size_t>(-1) : found->node;
}
size_t d2nn_module_action_count(const d2nn_module* module, size_t control) {
  const d2nn_control* found = control_of(module, control);
  return found == nullptr ? 0 : found->action_count;
}
const char* d2nn_module_action_name(const d2nn_module* module, size_t control, size_t action) {
  const d2nn_control* found = control_of(module, control);
  return found != nullptr && action < found->action_count ? text(found->actions[action].name) : nullptr;
}

}  // extern "C"
