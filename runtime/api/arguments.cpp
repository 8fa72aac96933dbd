#include "api/arguments.h"

#include <algorithm>
#include <string>

#include "api/enum_number.h"

namespace d2nn::api {
namespace {

Status invalid(std::string message) {
  return {D2NN_INVALID_ARGUMENT, std::move(message)};
}

/// Structs only grow at their end: this runtime knows exactly one size of each.
Status check_struct_size(const char* argument, const char* type, std::size_t found, std::size_t known) {
  if (found == known) return {};
  return invalid(std::string(argument) + "->struct_size is " + std::to_string(found) + ", this runtime expects " +
                 std::to_string(known) + ": set it to sizeof(" + type + ") of the header that belongs to this runtime");
}

std::string address(const void* pointer) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::uintptr_t value = reinterpret_cast<std::uintptr_t>(pointer); value != 0; value /= 16) {
    text.insert(text.begin(), digits[value % 16]);
  }
  return "0x" + text;
}

}  // namespace

Status check_source(const d2nn_weights_source* source) {
  if (source == nullptr) return {};
  if (Status status = check_struct_size("source", "d2nn_weights_source", source->struct_size, sizeof(*source));
      !status.ok()) {
    return status;
  }
  switch (const int kind = number_of(source->kind)) {
    case D2NN_WEIGHTS_EMBEDDED:
      return {};
    case D2NN_WEIGHTS_FILE:
      return source->path != nullptr ? Status{}
                                     : invalid("source->path is NULL, expected the path of a safetensors file");
    case D2NN_WEIGHTS_MEMORY:
      return source->data != nullptr ? Status{}
                                     : invalid("source->data is NULL, expected the bytes of a safetensors file");
    default:
      return invalid("source->kind is " + std::to_string(kind) +
                     ", expected D2NN_WEIGHTS_EMBEDDED, D2NN_WEIGHTS_FILE or D2NN_WEIGHTS_MEMORY");
  }
}

Status check_options(const d2nn_context_options* options) {
  if (options == nullptr) return invalid("options is NULL, expected a d2nn_context_options");
  return check_struct_size("options", "d2nn_context_options", options->struct_size, sizeof(*options));
}

RunArguments::RunArguments(const d2nn_module& module) : module_(module) {
  constexpr std::size_t trace_arrays = 3;
  ranges_.reserve(module.input_count + std::size_t{2} * module.output_count + trace_arrays);
}

Status RunArguments::check(const exec::Context& context, std::size_t batch, const float* const* inputs,
                           float* const* outputs, const d2nn_run_options* options, exec::RunRequest& request) {
  if (batch == 0) return invalid("batch is 0, expected 1 to " + std::to_string(context.max_batch()));
  if (batch > context.max_batch()) {
    return invalid("batch is " + std::to_string(batch) + ", this context was made for at most " +
                   std::to_string(context.max_batch()));
  }
  ranges_.clear();
  if (Status status = check_buffers("inputs", Role::input, inputs, module_.inputs, module_.input_count, batch);
      !status.ok()) {
    return status;
  }
  if (Status status = check_buffers("outputs", Role::output, outputs, module_.outputs, module_.output_count, batch);
      !status.ok()) {
    return status;
  }
  request = {.batch = batch, .inputs = inputs, .outputs = outputs};
  if (options != nullptr) {
    if (Status status = check_options(context, *options, batch); !status.ok()) return status;
    request.valid = options->valid;
    request.trace = options->trace;
    request.threads = options->threads;
    request.cost_budget = options->cost_budget;
  }
  return check_overlap();
}

Status RunArguments::check_buffers(const char* argument, Role role, const float* const* buffers,
                                   const d2nn_tensor_info* tensors, std::uint32_t count, std::size_t batch) {
  if (count == 0) return {};
  if (buffers == nullptr) {
    return invalid(std::string(argument) + " is NULL, expected an array of " + std::to_string(count) + " pointers");
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    if (buffers[i] == nullptr) {
      return invalid(name(role, i) + " is NULL, expected " + std::to_string(batch) + " samples of " +
                     std::to_string(tensors[i].elements) + " floats");
    }
    const std::size_t bytes = static_cast<std::size_t>(tensors[i].size_bytes);
    if (Status status = add(role, i, buffers[i], batch, bytes, alignof(float)); !status.ok()) return status;
  }
  return {};
}

Status RunArguments::check_options(const exec::Context& context, const d2nn_run_options& options, std::size_t batch) {
  if (Status status = check_struct_size("options", "d2nn_run_options", options.struct_size, sizeof(options));
      !status.ok()) {
    return status;
  }
  if (options.threads > context.threads()) {
    return invalid("options->threads is " + std::to_string(options.threads) + ", this context was made for at most " +
                   std::to_string(context.threads()));
  }
  if (options.cost_budget < 0) {
    return invalid("options->cost_budget is " + std::to_string(options.cost_budget) + ", expected 0 (none) or more");
  }
  if (Status status = exec::check_budget(module_, options.cost_budget, "options->cost_budget"); !status.ok()) {
    return status;
  }
  for (std::uint32_t i = 0; options.valid != nullptr && i < module_.output_count; ++i) {
    if (options.valid[i] == nullptr) continue;
    if (Status status = add(Role::valid, i, options.valid[i], batch, 1, 1); !status.ok()) return status;
  }
  return options.trace == nullptr ? Status{} : check_trace(*options.trace, batch);
}

Status RunArguments::check_trace(const d2nn_trace& trace, std::size_t batch) {
  if (Status status = check_struct_size("options->trace", "d2nn_trace", trace.struct_size, sizeof(trace));
      !status.ok()) {
    return status;
  }
  const std::size_t actions = sizeof(std::int32_t) * module_.control_count;
  if (Status status = add(Role::trace_actions, 0, trace.actions, batch, actions, alignof(std::int32_t)); !status.ok()) {
    return status;
  }
  if (Status status = add(Role::trace_executed, 0, trace.executed, batch, module_.node_count, 1); !status.ok()) {
    return status;
  }
  return add(Role::trace_cost, 0, trace.cost, batch, sizeof(std::int64_t), alignof(std::int64_t));
}

Status RunArguments::add(Role role, std::uint32_t index, const void* begin, std::size_t batch,
                         std::size_t bytes_per_sample, std::size_t alignment) {
  if (begin == nullptr || bytes_per_sample == 0) return {};
  const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(begin);
  if (first % alignment != 0) {
    return invalid(name(role, index) + " is at " + address(begin) + ", expected an address that " +
                   std::to_string(alignment) + " divides");
  }
  std::uintptr_t bytes = 0, end = 0;
  if (__builtin_mul_overflow(batch, bytes_per_sample, &bytes) || __builtin_add_overflow(first, bytes, &end)) {
    return invalid(name(role, index) + " is at " + address(begin) + ": " + std::to_string(batch) + " samples of " +
                   std::to_string(bytes_per_sample) + " bytes from there exceed the address space");
  }
  ranges_.push_back({first, end, index, role});
  return {};
}

Status RunArguments::check_overlap() {
  std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  const Range* furthest = nullptr;          // of all ranges so far, the one that ends last
  const Range* furthest_written = nullptr;  // of those that a run writes
  for (const Range& range : ranges_) {
    const bool is_written = range.role != Role::input;
    const Range* other = is_written ? furthest : furthest_written;
    if (other != nullptr && range.begin < other->end) {
      return invalid(name(other->role, other->index) + " and " + name(range.role, range.index) + " overlap at " +
                     address(reinterpret_cast<const void*>(range.begin)) + ": expected buffers of their own");
    }
    if (furthest == nullptr || range.end > furthest->end) furthest = &range;
    if (is_written && (furthest_written == nullptr || range.end > furthest_written->end)) furthest_written = &range;
  }
  return {};
}

std::string RunArguments::name(Role role, std::uint32_t index) const {
  const std::string place = "[" + std::to_string(index) + "]";
  switch (role) {
    case Role::input:
      return "inputs" + place + " (`" + module_.inputs[index].name + "`)";
    case Role::output:
      return "outputs" + place + " (`" + module_.outputs[index].name + "`)";
    case Role::valid:
      return "options->valid" + place + " (`" + module_.outputs[index].name + "`)";
    case Role::trace_actions:
      return "options->trace->actions";
    case Role::trace_executed:
      return "options->trace->executed";
    case Role::trace_cost:
      break;
  }
  return "options->trace->cost";
}

}  // namespace d2nn::api
