// The tables and functions of the small network: see small_network.h.
#include "small_network.h"

#include <array>
#include <random>

#include "d2nn/rounding.h"
#include "unit/f32_tables.h"

namespace d2nn::test {
namespace {

constexpr std::int64_t padded(std::int64_t elements) {
  return round_up(elements, alignment_floats);
}

// Buffers: N1, N2.dense1, N2.relu1, N2.dense2, N3.dense1, Q.dense1, Q.relu1, Q.dense2.
constexpr std::array<std::int64_t, 8> buffer_elements = {8, 16, 16, 2, 2, 8, 8, 2};
/// Of Q's scores: seven buffers of at most 16 values stand before them.
constexpr std::int64_t score_offset = 7 * 16;
constexpr std::array<std::uint32_t, 8> accumulates = {1, 0, 0, 1, 1, 0, 0, 1};

/// What the compiler would emit for relu on so many elements.
template <std::int64_t elements>
void relu_forward(const float* const* operands, const float* const*, float* const* results, float*) {
  for (std::int64_t i = 0; i < elements; ++i) results[0][i] = operands[0][i] < 0 ? 0.0F : operands[0][i];
}
template <std::int64_t elements>
void relu_backward(const float* const* operands, const float* const*, float* const* results, float*) {
  for (std::int64_t i = 0; i < elements; ++i) results[0][i] = operands[0][i] > 0 ? operands[1][i] : 0.0F;
}

struct Tables {
  std::array<std::int64_t, 1> input_dims = {4};
  std::array<std::int64_t, 1> output_dims = {2};
  std::array<std::array<std::int64_t, 2>, 12> parameter_dims{};
  d2nn_tensor_info input = tests::f32_tensor("x", "", 1, input_dims.data(), 4);
  d2nn_tensor_info output = tests::f32_tensor("scores", "", 1, output_dims.data(), 2);
  std::array<d2nn_node, 4> nodes{};
  std::array<std::uint32_t, 1> high_targets = {node_n2};
  std::array<std::uint32_t, 1> low_targets = {node_n3};
  std::array<d2nn_action, 2> actions{};
  d2nn_control control{};
  std::vector<d2nn_parameter> parameters;
  std::array<d2nn_buffer, 8> buffers{};
  std::array<std::uint32_t, 8> operands = {D2NN_INPUT_OPERAND, 0, 1, 2, 0, 0, 5, 6};
  std::array<d2nn_op, 8> ops{};
  std::array<d2nn_join_edge, 2> edges{};
  d2nn_join join{};
  std::uint32_t output_join = 0;
  std::uint32_t control_buffer = 7;
  d2nn_train_code code{};
  std::array<d2nn_op, 6> inference_ops{};
  std::array<d2nn_buffer, 3> inference_buffers{};
  std::array<d2nn_join_edge, 2> inference_edges{};
  d2nn_join inference_join{};
  d2nn_module module{};

  Tables();
  void add_dense(std::uint32_t op, std::uint32_t node, const char* label, const char* weight, const char* bias,
                 std::int64_t in, std::int64_t out);
  void add_inference();
  template <std::int64_t elements>
  void add_relu(std::uint32_t op, std::uint32_t node, const char* label);
};

std::int64_t list_executed(d2nn_frame* frame, std::uint32_t node, std::int64_t rows) {
  std::int32_t* list = frame->row_lists + node * frame->capacity;
  std::int64_t count = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    if (frame->executed[node * frame->capacity + r] != 0) list[count++] = static_cast<std::int32_t>(r);
  }
  return count;
}

void mark(d2nn_frame* frame, std::uint32_t node, std::int64_t rows, std::int32_t wanted_action) {
  for (std::int64_t r = 0; r < rows; ++r) {
    frame->executed[node * frame->capacity + r] = wanted_action < 0 || frame->actions[r] == wanted_action ? 1 : 0;
  }
}

using OpCall = std::int32_t (*)(d2nn_frame*, std::uint32_t, const std::int32_t*, std::int64_t);

std::int32_t run_ops(d2nn_frame* frame, std::uint32_t node, std::int64_t count,
                     std::initializer_list<std::uint32_t> ops, OpCall call) {
  for (const std::uint32_t op : ops) {
    if (const std::int32_t status = call(frame, op, frame->row_lists + node * frame->capacity, count); status != 0)
      return status;
  }
  return 0;
}

std::int32_t forward(d2nn_frame* frame, std::int64_t rows) {
  mark(frame, node_n1, rows, -1);
  const std::int64_t all = list_executed(frame, node_n1, rows);
  if (const std::int32_t status = run_ops(frame, node_n1, all, {0}, frame->calls->train_forward); status != 0)
    return status;
  mark(frame, node_q, rows, -1);
  const std::int64_t deciding = list_executed(frame, node_q, rows);
  if (const std::int32_t status = run_ops(frame, node_q, deciding, {5, 6, 7}, frame->calls->train_forward); status != 0)
    return status;
  const float* scores = static_cast<const float*>(frame->arena) + score_offset * frame->capacity;
  if (const std::int32_t status =
          frame->calls->decide(frame, 0, scores, 2, frame->row_lists + node_q * frame->capacity, deciding);
      status != 0)
    return status;
  mark(frame, node_n2, rows, 0);
  const std::int64_t high = list_executed(frame, node_n2, rows);
  if (const std::int32_t status = run_ops(frame, node_n2, high, {1, 2, 3}, frame->calls->train_forward); status != 0)
    return status;
  mark(frame, node_n3, rows, 1);
  const std::int64_t low = list_executed(frame, node_n3, rows);
  if (const std::int32_t status = run_ops(frame, node_n3, low, {4}, frame->calls->train_forward); status != 0)
    return status;
  frame->calls->train_join(frame, 0, frame->row_lists + node_n1 * frame->capacity, rows);
  return 0;
}

std::int32_t backward(d2nn_frame* frame, std::int64_t rows) {
  frame->calls->train_join_backward(frame, 0, frame->row_lists + node_n1 * frame->capacity, rows);
  const std::int64_t low = list_executed(frame, node_n3, rows);
  if (const std::int32_t status = run_ops(frame, node_n3, low, {4}, frame->calls->train_backward); status != 0)
    return status;
  const std::int64_t high = list_executed(frame, node_n2, rows);
  if (const std::int32_t status = run_ops(frame, node_n2, high, {3, 2, 1}, frame->calls->train_backward); status != 0)
    return status;
  if (const std::int32_t status = run_ops(frame, node_q, rows, {7, 6, 5}, frame->calls->train_backward); status != 0)
    return status;
  return run_ops(frame, node_n1, rows, {0}, frame->calls->train_backward);
}

// Inference, as plain as it can be: N1 and the hidden layers stand in registers, the rest in the arena.
enum InferenceBuffer : std::uint32_t { buffer_n2, buffer_n3, buffer_q };
constexpr std::int64_t tile_rows = 16;

void dense(const float* packed, std::int64_t in, std::int64_t out, const float* x, bool relu, float* y) {
  const float* bias = packed + in * out;
  for (std::int64_t u = 0; u < out; ++u) {
    float sum = bias[u];
    for (std::int64_t i = 0; i < in; ++i) sum += packed[u * in + i] * x[i];
    y[u] = relu && sum < 0 ? 0 : sum;
  }
}

std::int32_t infer_tile(d2nn_frame* frame, std::int64_t rows) {
  const auto row_of = [frame](std::uint32_t buffer, std::int64_t row) {
    return static_cast<float*>(frame->arena) + 16 * (buffer * frame->capacity + row);
  };
  std::array<float, 16> hidden{};
  std::vector<std::array<float, 8>> values(static_cast<std::size_t>(rows));
  for (std::int64_t r = 0; r < rows; ++r) {
    float* n1 = values[static_cast<std::size_t>(r)].data();
    dense(frame->packed[0], 4, 8, frame->inputs[0] + 4 * r, false, n1);
    dense(frame->packed[1], 8, 8, n1, true, hidden.data());
    dense(frame->packed[2], 8, 2, hidden.data(), false, row_of(buffer_q, r));
    frame->executed[node_n1 * frame->capacity + r] = frame->executed[node_q * frame->capacity + r] = 1;
    frame->row_lists[r] = static_cast<std::int32_t>(r);
  }
  if (const std::int32_t status = frame->calls->decide(frame, 0, row_of(buffer_q, 0), 16, frame->row_lists, rows);
      status != 0)
    return status;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* n1 = values[static_cast<std::size_t>(r)].data();
    const bool is_high = frame->actions[r] == 0;
    frame->executed[(is_high ? node_n2 : node_n3) * frame->capacity + r] = 1;
    if (is_high) {
      dense(frame->packed[3], 8, 16, n1, true, hidden.data());
      dense(frame->packed[4], 16, 2, hidden.data(), false, row_of(buffer_n2, r));
    } else {
      dense(frame->packed[5], 8, 2, n1, false, row_of(buffer_n3, r));
    }
  }
  frame->calls->output(frame, 0, rows);
  return 0;
}

std::int32_t infer_one(d2nn_frame* frame) {
  return infer_tile(frame, 1);
}

void Tables::add_inference() {
  const std::array<std::uint32_t, 6> training_ops = {0, 5, 7, 1, 3, 4};
  for (std::size_t i = 0; i < training_ops.size(); ++i) {
    inference_ops[i] = ops[training_ops[i]];
    inference_ops[i].pack = D2NN_PACK_PLAIN;
  }
  for (std::uint32_t b = 0; b < 3; ++b) inference_buffers[b] = tests::f32_buffer(16 * b, 16, -1, 0);
  inference_edges[0] = {buffer_n2, node_n2, nullptr, 2, nullptr, 0};
  inference_edges[1] = {buffer_n3, node_n3, nullptr, 2, nullptr, 0};
  inference_join = {D2NN_JOIN_LAST, 1, 0, 2, inference_edges.data(), 2};
  module.op_count = 6;
  module.ops = inference_ops.data();
  module.buffer_count = 3;
  module.buffers = inference_buffers.data();
  module.join_count = 1;
  module.joins = &inference_join;
  module.tile_rows = tile_rows;
  module.arena_bytes = 3 * 16 * 4;
  module.forward_one = infer_one;
  module.forward_tile = infer_tile;
}

void Tables::add_dense(std::uint32_t op, std::uint32_t node, const char* label, const char* weight, const char* bias,
                       std::int64_t in, std::int64_t out) {
  d2nn_op& dense = ops[op];
  dense.kind = D2NN_OP_DENSE;
  dense.node = node;
  dense.label = label;
  dense.in_c = in;
  dense.out_c = out;
  dense.cost = in * out;
  for (std::uint32_t role = 0; role < 2; ++role) {
    const auto index = static_cast<std::uint32_t>(parameters.size());
    parameter_dims[index] = role == 0 ? std::array<std::int64_t, 2>{out, in} : std::array<std::int64_t, 2>{out, 0};
    d2nn_parameter parameter{};
    parameter.tensor = tests::f32_tensor(role == 0 ? weight : bias, "", role == 0 ? 2U : 1U,
                                         parameter_dims[index].data(), role == 0 ? in * out : out);
    parameter.start = D2NN_START_FAN_IN;
    parameter.decays = role == 0;
    parameter.is_trained = 1;
    parameter.node = node;
    parameter.fan_in = in;
    parameter.offset = module.parameter_floats;
    module.parameter_floats += padded(parameter.tensor.elements);
    parameters.push_back(parameter);
    dense.params[role] = index;
  }
}

template <std::int64_t elements>
void Tables::add_relu(std::uint32_t op, std::uint32_t node, const char* label) {
  ops[op].kind = D2NN_OP_EXPRESSION;
  ops[op].expression_forward = relu_forward<elements>;
  ops[op].expression_backward = relu_backward<elements>;
  ops[op].node = node;
  ops[op].label = label;
  ops[op].in_c = ops[op].out_c = elements;
}

Tables::Tables() {
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    for (std::uint32_t role = 0; role < 4; ++role) ops[i].params[role] = ops[i].fold_params[role] = D2NN_NO_INDEX;
    ops[i].in_h = ops[i].in_w = ops[i].out_h = ops[i].out_w = 1;
    ops[i].operand_count = 1;
    ops[i].operands = &operands[i];
    ops[i].result = i;
    ops[i].state = D2NN_NO_INDEX;
  }
  parameters.reserve(12);
  add_dense(0, node_n1, "N1.dense1", "N1.dense1.weight", "N1.dense1.bias", 4, 8);
  add_dense(5, node_q, "Q.dense1", "Q.dense1.weight", "Q.dense1.bias", 8, 8);
  add_relu<8>(6, node_q, "Q.relu1");
  add_dense(7, node_q, "Q.dense2", "Q.dense2.weight", "Q.dense2.bias", 8, 2);
  add_dense(1, node_n2, "N2.dense1", "N2.dense1.weight", "N2.dense1.bias", 8, 16);
  add_relu<16>(2, node_n2, "N2.relu1");
  add_dense(3, node_n2, "N2.dense2", "N2.dense2.weight", "N2.dense2.bias", 16, 2);
  add_dense(4, node_n3, "N3.dense1", "N3.dense1.weight", "N3.dense1.bias", 8, 2);

  for (std::size_t b = 0; b < buffers.size(); ++b) {
    buffers[b] = tests::f32_buffer(code.arena_bytes / 4, buffer_elements[b], code.gradient_bytes / 4, accumulates[b]);
    code.arena_bytes += 4 * padded(buffer_elements[b]);
    code.gradient_bytes += 4 * padded(buffer_elements[b]);
  }
  edges[0] = {3, node_n2, nullptr, 2, nullptr, 0};
  edges[1] = {4, node_n3, nullptr, 2, nullptr, 0};
  join = {D2NN_JOIN_LAST, 1, 0, 2, edges.data(), 2};
  code.op_count = 8;
  code.ops = ops.data();
  code.buffer_count = 8;
  code.buffers = buffers.data();
  code.join_count = 1;
  code.joins = &join;
  code.output_joins = &output_join;
  code.control_buffers = &control_buffer;
  code.forward = forward;
  code.backward = backward;

  nodes[node_n1] = {"N1", "", D2NN_NODE_REGULAR, 4 * 8};
  nodes[node_q] = {"Q", "", D2NN_NODE_CONTROL, 8 * 8 + 8 * 2};
  nodes[node_n2] = {"N2", "", D2NN_NODE_REGULAR, 8 * 16 + 16 * 2};
  nodes[node_n3] = {"N3", "", D2NN_NODE_REGULAR, 8 * 2};
  actions[0] = {"high", 1, high_targets.data()};
  actions[1] = {"low", 1, low_targets.data()};
  control = {node_q, 2, actions.data()};

  module.layout = D2NN_MODULE_LAYOUT;
  module.abi_version = D2NN_ABI_VERSION;
  module.name = "small";
  module.doc = module.compiler_version = module.target_cpu = module.target_features = module.manifest = "";
  module.path_count = "2";
  module.least_cost = small_low_cost;
  module.greatest_cost = small_high_cost;
  module.input_count = 1;
  module.inputs = &input;
  module.output_count = 1;
  module.outputs = &output;
  module.node_count = 4;
  module.nodes = nodes.data();
  module.flag_count = 4;
  module.control_count = 1;
  module.controls = &control;
  module.parameter_count = static_cast<std::uint32_t>(parameters.size());
  module.parameters = parameters.data();
  module.train = &code;
  add_inference();
}

const Tables& tables() {
  static const Tables made;
  return made;
}

/// Values kept in memory.
class MemorySource final : public datasets::Source {
 public:
  explicit MemorySource(std::vector<std::array<float, 4>> values) : values_(std::move(values)) {}
  Status fill(std::size_t index, float* out) const override {
    std::copy(values_[index].begin(), values_[index].end(), out);
    return {};
  }

 private:
  std::vector<std::array<float, 4>> values_;
};

}  // namespace

const d2nn_module& small_network() {
  return tables().module;
}

const d2nn_module& renamed_network() {
  static const d2nn_module renamed = [] {
    d2nn_module copy = tables().module;
    copy.name = "other";
    return copy;
  }();
  return renamed;
}

datasets::Dataset small_data(std::size_t samples, std::uint32_t seed, bool skewed) {
  std::mt19937 random(seed);  // its sequence is fixed by the standard; the distributions of <random> are not
  const auto uniform = [&random] { return static_cast<float>(random() >> 8) * 0x1.0p-23F - 1.0F; };
  std::vector<std::array<float, 4>> values;
  std::vector<std::int32_t> labels;
  while (values.size() < samples) {
    std::array<float, 4> x = {uniform(), uniform(), uniform(), (random() & 1) != 0 ? 1.0F : -1.0F};
    const bool is_positive = x[3] < 0 ? x[0] > 0 : (x[1] > 0) == (x[2] > 0);
    if (skewed && is_positive && random() % 3 != 0) continue;
    values.push_back(x);
    labels.push_back(is_positive ? 1 : 0);
  }
  return {std::make_unique<MemorySource>(std::move(values)), {4}, std::move(labels), {"0", "1"}, "small data"};
}

}  // namespace d2nn::test
