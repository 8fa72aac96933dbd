#include "exec/model.h"

#include <cstring>
#include <string>
#include <utility>

#include "exec/cpu_features.h"
#include "threads/openmp_guard.h"
#include "weights/safetensors.h"

namespace d2nn::exec {
namespace {

Status damaged(const d2nn_module& module, const std::string& what) {
  return {D2NN_INVALID_MODULE, "the module `" + std::string(module.name) + "` is damaged: " + what};
}

/// What a tensor or buffer of another element type says; "" where it is f32, which is all that this runtime computes.
std::string other_type(const std::string& what, std::uint32_t element_type) {
  if (element_type == D2NN_ELEMENT_F32) return "";
  return what + " holds elements of type " + std::to_string(element_type) + ", and this runtime computes f32 (type " +
         std::to_string(D2NN_ELEMENT_F32) +
         ") alone: build the module again with the d2nn that this runtime belongs to";
}

std::string check_tensors(const char* role, const d2nn_tensor_info* tensors, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string name = std::string(role) + " `" + tensors[i].name + "`";
    std::uint32_t type = 0;  // read as a number: an enumeration holds none that it does not name
    std::memcpy(&type, &tensors[i].element_type, sizeof type);
    if (std::string problem = other_type(name, type); !problem.empty()) return problem;
    if (tensors[i].size_bytes != tensors[i].elements * static_cast<std::int64_t>(sizeof(float)))
      return name + " of " + std::to_string(tensors[i].elements) + " elements has " +
             std::to_string(tensors[i].size_bytes) + " bytes";
  }
  return "";
}

std::string check_buffers(const char* role, const d2nn_buffer* buffers, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string problem = other_type(std::string(role) + " " + std::to_string(i), buffers[i].element_type);
    if (!problem.empty()) return problem;
  }
  return "";
}

/// The first table that holds what this runtime cannot compute, in words; "" when there is none.
std::string check_element_types(const d2nn_module& module) {
  std::string problem = check_tensors("input", module.inputs, module.input_count);
  if (problem.empty()) problem = check_tensors("output", module.outputs, module.output_count);
  for (std::uint32_t p = 0; p < module.parameter_count && problem.empty(); ++p)
    problem = check_tensors("parameter", &module.parameters[p].tensor, 1);
  if (problem.empty()) problem = check_buffers("buffer", module.buffers, module.buffer_count);
  if (problem.empty() && module.train != nullptr)
    problem = check_buffers("training buffer", module.train->buffers, module.train->buffer_count);
  return problem;
}

}  // namespace

Status check_module(const d2nn_module& module) {
  // Nothing else of the struct may be read before its layout is known to be ours.
  if (module.layout != D2NN_MODULE_LAYOUT) {
    return {D2NN_INVALID_MODULE, "the module has layout " + std::to_string(module.layout) +
                                     ", this runtime reads layout " + std::to_string(D2NN_MODULE_LAYOUT) +
                                     ": build the module again with the d2nn that this runtime belongs to"};
  }
  if (module.name == nullptr) return {D2NN_INVALID_MODULE, "the module is damaged: it has no name"};
  const std::string name = "the module `" + std::string(module.name) + "`";
  if (module.abi_version != D2NN_ABI_VERSION) {
    return {D2NN_INVALID_MODULE, name + " was built for version " + std::to_string(module.abi_version) +
                                     " of the C interface, this runtime has version " +
                                     std::to_string(D2NN_ABI_VERSION) + ": build the module again"};
  }
  const std::string missing = module.target_features == nullptr ? "" : missing_features(module.target_features);
  if (!missing.empty()) {
    return {D2NN_INVALID_MODULE, name + " was compiled for the processor `" +
                                     (module.target_cpu == nullptr ? "" : module.target_cpu) + "`; this one lacks " +
                                     missing + ": build the module with a --cpu that fits"};
  }
  if (module.forward_one == nullptr || module.forward_tile == nullptr) return damaged(module, "it has no code");
  if (module.tile_rows < 1) return damaged(module, "its tiles have " + std::to_string(module.tile_rows) + " rows");
  if (module.arena_bytes < 0 || module.scratch_bytes < 0 || module.parameter_floats < 0) {
    return damaged(module, "a size is negative");
  }
  if (module.output_count == 0) return damaged(module, "it has no outputs");
  if (module.flag_count < module.node_count) return damaged(module, "it has fewer flags than nodes");
  if (const std::string problem = check_element_types(module); !problem.empty())
    return {D2NN_INVALID_MODULE, name + ": " + problem};
  return {};
}

Status Model::pack(std::size_t index, std::span<const float> parameters) {
  const d2nn_op& op = module_.ops[index];
  if (op.pack != D2NN_PACK_LIBRARY) {
    Result<storage::AlignedFloats> packed = weights::pack_op(module_, op, parameters);
    if (!packed.ok()) return packed.status();
    weights_[index] = *std::move(packed);
    packed_[index] = weights_[index].size() == 0 ? nullptr : weights_[index].data();
    return {};
  }
  const bool has_weights = op.params[0] != D2NN_NO_INDEX;
  weights::FoldedWeights folded;
  if (has_weights) {
    Result<weights::FoldedWeights> result = weights::folded_weights(module_, op, parameters);
    if (!result.ok()) return result.status();
    folded = *std::move(result);
  }
  Result<std::unique_ptr<kernels::LibraryOp>> made = kernels::LibraryOp::create(
      op, has_weights ? folded.weight.data() : nullptr, has_weights ? folded.bias.data() : nullptr);
  if (!made.ok()) return made.status();
  library_ops_[index] = *std::move(made);
  return {};
}

Result<std::unique_ptr<Model>> Model::create(const d2nn_module& module, const d2nn_weights_source* source) {
  if (Status status = check_module(module); !status.ok()) return status;
  Result<weights::ParameterSet> parameters = weights::load(module, source);
  if (!parameters.ok()) return parameters.status();
  return create(module, parameters->values);
}

Result<std::unique_ptr<Model>> Model::create(const d2nn_module& module, std::span<const float> parameters) {
  if (Status status = check_module(module); !status.ok()) return status;
  std::unique_ptr<Model> model(new Model(module));
  model->weights_.resize(module.op_count);
  model->packed_.resize(module.op_count, nullptr);
  model->library_ops_.resize(module.op_count);
  const threads::OneOpenMpThread one_thread;  // library kernels are chosen for the count
  for (std::size_t op = 0; op < module.op_count; ++op) {
    if (Status status = model->pack(op, parameters); !status.ok()) return status;
  }
  return model;
}

std::size_t Model::packed_bytes() const {
  std::size_t bytes = 0;
  for (const storage::AlignedFloats& floats : weights_) bytes += floats.size() * sizeof(float);
  for (const std::unique_ptr<kernels::LibraryOp>& op : library_ops_) bytes += op == nullptr ? 0 : op->packed_bytes();
  return bytes;
}

}  // namespace d2nn::exec
