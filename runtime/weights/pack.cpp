// Every index and size of an op is checked against the module before a weight is touched: a module is code from a file
// too.
#include "weights/pack.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "d2nn/rounding.h"

namespace d2nn::weights {
namespace {

enum Role : std::size_t { weight_role, bias_role, mean_role, var_role };

// Scale and shift of a batch norm or normalize, per channel: y = x * scale + shift.
struct Affine {
  std::vector<double> scale, shift;
};

// Reads one op's tensors out of the flat vector and remembers the first thing that does not fit.
class OpReader {
 public:
  OpReader(const d2nn_module& module, const d2nn_op& op, std::span<const float> parameters)
      : module_(module), op_(op), parameters_(parameters) {}

  const Status& status() const { return status_; }

  void fail(d2nn_status code, const std::string& words) {
    if (status_.ok())
      status_ = Status(code, "network `" + std::string(module_.name) + "`, layer `" + op_.label + "`: " + words);
  }

  // The tensor at `index`, which must have `count` values (0: any). Empty when there is none or it does not fit.
  std::span<const float> tensor(std::uint32_t index, std::size_t count, const char* what) {
    if (index == D2NN_NO_INDEX) return {};
    if (index >= module_.parameter_count) {
      fail(D2NN_INVALID_MODULE, std::string("its ") + what + " is not among the module's parameters");
      return {};
    }
    const d2nn_parameter& parameter = module_.parameters[index];
    const auto elements = static_cast<std::size_t>(parameter.tensor.elements);
    const auto offset = static_cast<std::size_t>(parameter.offset);
    if (offset > parameters_.size() || elements > parameters_.size() - offset) {
      fail(D2NN_INVALID_MODULE, std::string("its ") + what + " lies outside the parameter vector");
      return {};
    }
    if (count != 0 && elements != count) {
      fail(D2NN_INVALID_MODULE, std::string("its ") + what + " has " + std::to_string(elements) + " values, " +
                                    std::to_string(count) + " are needed");
      return {};
    }
    return parameters_.subspan(offset, elements);
  }

  // scale = weight / sqrt(var + eps), shift = bias - mean * scale; a norm without weight and bias has 1 and 0.
  Affine batch_norm(const std::uint32_t (&index)[4], std::size_t channels, double eps) {
    const auto weight = tensor(index[weight_role], channels, "batch norm weight");
    const auto bias = tensor(index[bias_role], channels, "batch norm bias");
    const auto mean = tensor(index[mean_role], channels, "running mean");
    const auto var = tensor(index[var_role], channels, "running variance");
    if (mean.empty() || var.empty()) fail(D2NN_INVALID_MODULE, "its batch norm has no running mean or variance");
    Affine affine{std::vector<double>(channels, 1.0), std::vector<double>(channels, 0.0)};
    if (!status_.ok()) return affine;
    for (std::size_t c = 0; c < channels; ++c) {
      affine.scale[c] = (weight.empty() ? 1.0 : weight[c]) / std::sqrt(var[c] + eps);
      affine.shift[c] = (bias.empty() ? 0.0 : bias[c]) - mean[c] * affine.scale[c];
    }
    return affine;
  }

  // Rounds once; a result that is not a finite float is refused.
  float rounded(double value, std::size_t channel) {
    const auto result = static_cast<float>(value);
    if (!std::isfinite(result)) {
      fail(D2NN_INVALID_WEIGHTS, "channel " + std::to_string(channel) +
                                     " is not finite once its batch norm is applied (is a running variance zero?)");
    }
    return result;
  }

 private:
  const d2nn_module& module_;
  const d2nn_op& op_;
  std::span<const float> parameters_;
  Status status_;
};

bool is_convolution(const d2nn_op& op) {
  return op.kind == D2NN_OP_CONV || op.kind == D2NN_OP_CONV_TRANSPOSE;
}

// Weights of one filter or unit; of a transposed convolution, whose filters do not stand together, as many.
std::size_t filter_size(const d2nn_op& op) {
  if (is_convolution(op)) return static_cast<std::size_t>(op.in_c / op.groups * op.kernel_h * op.kernel_w);
  return static_cast<std::size_t>(op.in_c * op.in_h * op.in_w / op.out_h);
}

bool has_sizes(const d2nn_op& op) {
  if (!is_convolution(op) && op.kind != D2NN_OP_DENSE) return false;
  if (op.in_c < 1 || op.in_h < 1 || op.in_w < 1 || op.out_c < 1) return false;
  if (op.kind == D2NN_OP_DENSE) return op.out_h >= 1 && op.in_c * op.in_h * op.in_w % op.out_h == 0;
  return !is_convolution(op) || (op.groups >= 1 && op.in_c % op.groups == 0 && op.out_c % op.groups == 0 &&
                                 op.kernel_h >= 1 && op.kernel_w >= 1);
}

FoldedWeights fold(OpReader& reader, const d2nn_op& op) {
  if (!has_sizes(op)) {
    reader.fail(D2NN_INVALID_MODULE, "its sizes are those of no conv or dense layer");
    return {};
  }
  const auto outputs = static_cast<std::size_t>(op.out_c);
  const std::size_t size = filter_size(op);
  const auto weight = reader.tensor(op.params[weight_role], outputs * size, "weight");
  const auto bias = reader.tensor(op.params[bias_role], outputs, "bias");
  if (weight.empty()) reader.fail(D2NN_INVALID_MODULE, "it has no weight");
  if (!reader.status().ok()) return {};
  FoldedWeights folded{{weight.begin(), weight.end()}, std::vector<float>(outputs, 0.0f)};
  if (!bias.empty()) folded.bias.assign(bias.begin(), bias.end());
  const bool has_norm = op.fold_params[mean_role] != D2NN_NO_INDEX || op.fold_params[var_role] != D2NN_NO_INDEX;
  if (!has_norm) return folded;
  const Affine norm = reader.batch_norm(op.fold_params, outputs, op.fold_eps);
  if (!reader.status().ok()) return {};
  for (std::size_t o = 0; o < outputs; ++o) {
    for (float& value : std::span(folded.weight).subspan(o * size, size))
      value = reader.rounded(value * norm.scale[o], o);
    folded.bias[o] = reader.rounded(folded.bias[o] * norm.scale[o] + norm.shift[o], o);
  }
  return folded;
}

// [outputs / block][filter size][block], then bias: CONV and DENSE differ only in what a filter is.
storage::AlignedFloats pack_blocks(OpReader& reader, const d2nn_op& op) {
  const FoldedWeights folded = fold(reader, op);
  const std::size_t block = op.pack_block;
  if (block == 0) reader.fail(D2NN_INVALID_MODULE, "its pack block is 0");
  if (!reader.status().ok()) return {};
  const auto outputs = static_cast<std::size_t>(op.out_c);
  if (op.kind == D2NN_OP_CONV_TRANSPOSE) {
    reader.fail(D2NN_INVALID_MODULE, "a transposed convolution is not packed in blocks");
    return {};
  }
  if (is_convolution(op) && op.groups > 1 && (outputs / static_cast<std::size_t>(op.groups)) % block != 0) {
    reader.fail(D2NN_INVALID_MODULE, "a block of " + std::to_string(block) + " filters straddles its groups");
    return {};
  }
  const std::size_t size = filter_size(op);
  const std::size_t padded = round_up(outputs, block);
  storage::AlignedFloats packed(padded * size + padded);
  for (std::size_t o = 0; o < outputs; ++o) {
    float* lane = packed.data() + (o / block) * size * block + o % block;
    for (std::size_t i = 0; i < size; ++i) lane[i * block] = folded.weight[o * size + i];
    packed.data()[padded * size + o] = folded.bias[o];
  }
  return packed;
}

storage::AlignedFloats pack_plain(OpReader& reader, const d2nn_op& op) {
  std::vector<float> values;
  for (const std::uint32_t index : op.params) {
    const auto tensor = reader.tensor(index, 0, "weights");
    values.insert(values.end(), tensor.begin(), tensor.end());
  }
  storage::AlignedFloats packed(values.size());
  std::copy(values.begin(), values.end(), packed.data());
  return packed;
}

storage::AlignedFloats pack_scale(OpReader& reader, const d2nn_op& op) {
  if (op.in_c < 1) reader.fail(D2NN_INVALID_MODULE, "it has no channels");
  if (op.kind == D2NN_OP_NORMALIZE && (op.mean == nullptr || op.std == nullptr))
    reader.fail(D2NN_INVALID_MODULE, "it has no mean or std");
  if (op.kind != D2NN_OP_NORMALIZE && op.kind != D2NN_OP_BATCH_NORM)
    reader.fail(D2NN_INVALID_MODULE, "it is no layer of scale and shift");
  if (!reader.status().ok()) return {};
  const auto channels = static_cast<std::size_t>(op.in_c);
  Affine affine;
  if (op.kind == D2NN_OP_BATCH_NORM) {
    affine = reader.batch_norm(op.params, channels, op.alpha);
  } else {
    for (std::size_t c = 0; c < channels; ++c) {
      affine.scale.push_back(1.0 / op.std[c]);
      affine.shift.push_back(-op.mean[c] / static_cast<double>(op.std[c]));
    }
  }
  if (!reader.status().ok()) return {};
  storage::AlignedFloats packed(2 * channels);
  for (std::size_t c = 0; c < channels; ++c) {
    packed.data()[c] = reader.rounded(affine.scale[c], c);
    packed.data()[channels + c] = reader.rounded(affine.shift[c], c);
  }
  return packed;
}

}  // namespace

Result<storage::AlignedFloats> pack_op(const d2nn_module& module, const d2nn_op& op,
                                       std::span<const float> parameters) {
  OpReader reader(module, op, parameters);
  storage::AlignedFloats packed;
  switch (static_cast<d2nn_pack>(op.pack)) {
    case D2NN_PACK_NONE:
    case D2NN_PACK_LIBRARY:
      break;
    case D2NN_PACK_CONV:
    case D2NN_PACK_DENSE:
      packed = pack_blocks(reader, op);
      break;
    case D2NN_PACK_PLAIN:
      packed = pack_plain(reader, op);
      break;
    case D2NN_PACK_SCALE:
      packed = pack_scale(reader, op);
      break;
    default:
      reader.fail(D2NN_INVALID_MODULE, "it asks for the unknown weight layout " + std::to_string(op.pack));
  }
  if (!reader.status().ok()) return reader.status();
  return packed;
}

Result<FoldedWeights> folded_weights(const d2nn_module& module, const d2nn_op& op, std::span<const float> parameters) {
  OpReader reader(module, op, parameters);
  FoldedWeights folded = fold(reader, op);
  if (!reader.status().ok()) return reader.status();
  return folded;
}

}  // namespace d2nn::weights
