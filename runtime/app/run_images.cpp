#include "app/run_images.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <span>

#include "app/sample_text.h"
#include "exec/context.h"
#include "io/image.h"
#include "io/trace_json.h"

namespace d2nn::app {
namespace {

Status check_takes_image(const d2nn_module& module) {
  const std::string name = "the network `" + std::string(module.name) + "`";
  if (module.input_count != 1) {
    return {D2NN_INVALID_ARGUMENT,
            name + " has " + std::to_string(module.input_count) +
                " inputs, an image can be given to a network with one: give npy files with --input"};
  }
  const d2nn_tensor_info& input = module.inputs[0];
  if (input.rank == 3 && (input.dims[0] == 1 || input.dims[0] == 3)) return {};
  return {D2NN_INVALID_ARGUMENT,
          name + " takes f32" + shape_text(input) + ", which is no image ([1 or 3, height, width]): give an npy file"};
}

/// What one image did, lines aligned.
void print(const d2nn_module& module, const std::string& path, const std::vector<std::vector<float>>& outputs,
           const std::vector<std::uint8_t>& valid, const d2nn_trace& trace, std::ostream& out) {
  out << path << '\n';
  for (std::uint32_t i = 0; i < module.output_count; ++i) {
    out << "  " << module.outputs[i].name << ": " << answer_text(outputs[i], valid[i] != 0) << '\n';
  }
  out << "  path: " << path_text(module, trace.actions) << '\n'
      << "  executed: " << executed_text(module, trace.executed) << '\n'
      << "  multiplications: " << count_text(*trace.cost) << '\n';
}

}  // namespace

Status run_images(const exec::Model& model, const RunImages& request, std::ostream& out) {
  const d2nn_module& module = model.module();
  if (Status status = check_takes_image(module); !status.ok()) return status;
  Result<std::unique_ptr<exec::Context>> context = exec::Context::create(model, 1, 1);
  if (!context.ok()) return context.status();
  std::optional<io::TraceWriter> trace_file;
  if (!request.trace.empty()) {
    Result<io::TraceWriter> created = io::TraceWriter::create(request.trace, module);
    if (!created.ok()) return created.status();
    trace_file = *std::move(created);
  }

  const d2nn_tensor_info& input = module.inputs[0];
  std::vector<float> image(static_cast<std::size_t>(input.elements));
  const float* const inputs[] = {image.data()};
  std::vector<std::vector<float>> outputs;
  std::vector<float*> output_pointers;
  std::vector<std::uint8_t> valid(module.output_count);
  std::vector<std::uint8_t*> valid_pointers;
  for (std::uint32_t i = 0; i < module.output_count; ++i) {
    outputs.emplace_back(static_cast<std::size_t>(module.outputs[i].elements));
    output_pointers.push_back(outputs.back().data());
    valid_pointers.push_back(&valid[i]);
  }
  // Never without memory: NULL in a trace would mean "not wanted".
  std::vector<std::int32_t> actions(std::max(1u, module.control_count));
  std::vector<std::uint8_t> executed(std::max(1u, module.node_count));
  std::int64_t cost = 0;
  const d2nn_trace trace = {sizeof(trace), actions.data(), executed.data(), &cost};

  for (const std::string& path : request.paths) {
    Status read = io::read_image_sample(path, {input.dims, input.rank}, request.resize, image.data());
    if (!read.ok()) return read;
    Status ran = (*context)->run({.batch = 1,
                                  .inputs = inputs,
                                  .outputs = output_pointers.data(),
                                  .valid = valid_pointers.data(),
                                  .trace = &trace,
                                  .cost_budget = request.max_cost});
    if (!ran.ok()) return {ran.code(), "`" + path + "`: " + ran.message()};
    print(module, path, outputs, valid, trace, out);
    if (!trace_file.has_value()) continue;
    if (Status status = trace_file->append(1, trace, valid_pointers.data()); !status.ok()) return status;
  }
  return trace_file.has_value() ? trace_file->finish() : Status{};
}

}  // namespace d2nn::app
