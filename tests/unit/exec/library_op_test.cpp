// A network whose one op runs on the kernel library: weights packed with the batch norm folded in, called from every
// thread.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "allocation_count.h"
#include "d2nn/module.h"
#include "exec/context.h"
#include "exec/model.h"
#include "unit/f32_tables.h"
#include "weights/safetensors.h"

using d2nn::exec::Context;
using d2nn::exec::Model;

namespace {

constexpr std::int64_t channels = 16, side = 6, plane = side * side, elements = channels * plane, tile = 3;
constexpr float epsilon = 1e-3f;

/// y = relu(batch_norm(conv3x3(x))), with its weights, as the compiler would lay it out.
struct ConvNetwork {
  ConvNetwork() {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> values(-1, 1);
    weights.resize(channels * channels * 9 + 5 * channels);
    for (float& value : weights) value = values(random);
    float* variance = weights.data() + weights.size() - channels;
    for (std::int64_t c = 0; c < channels; ++c) variance[c] = 0.5f + std::abs(variance[c]);

    std::int64_t offset = 0;
    const auto add = [&](const char* name, const std::int64_t* dims, std::size_t rank, std::int64_t count,
                         std::uint32_t role) {
      d2nn_parameter parameter{};
      parameter.tensor = d2nn::tests::f32_tensor(name, "", rank, dims, count);
      parameter.is_trained = role < 2;
      parameter.offset = offset;
      parameters.push_back(parameter);
      offset += count;
    };
    add("N.conv1.weight", weight_dims.data(), 4, channels * channels * 9, 0);
    add("N.conv1.bias", vector_dims.data(), 1, channels, 1);
    add("N.batch_norm1.weight", vector_dims.data(), 1, channels, 0);
    add("N.batch_norm1.bias", vector_dims.data(), 1, channels, 1);
    add("N.batch_norm1.running_mean", vector_dims.data(), 1, channels, 2);
    add("N.batch_norm1.running_var", vector_dims.data(), 1, channels, 3);

    op.kind = D2NN_OP_CONV;
    op.label = "N.conv1";
    op.in_c = op.out_c = channels;
    op.in_h = op.in_w = op.out_h = op.out_w = side;
    op.kernel_h = op.kernel_w = 3;
    op.stride_h = op.stride_w = op.pad_h = op.pad_w = op.dilation_h = op.dilation_w = op.groups = 1;
    std::copy_n(std::array{0u, 1u, D2NN_NO_INDEX, D2NN_NO_INDEX}.begin(), 4, op.params);
    std::copy_n(std::array{2u, 3u, 4u, 5u}.begin(), 4, op.fold_params);
    op.fold_eps = epsilon;
    op.pack = D2NN_PACK_LIBRARY;
    op.fused_relu = 1;

    module.layout = D2NN_MODULE_LAYOUT;
    module.abi_version = D2NN_ABI_VERSION;
    module.name = "conv";
    module.input_count = module.output_count = module.node_count = module.flag_count = 1;
    module.inputs = &x;
    module.outputs = &y;
    module.nodes = &node;
    module.parameter_count = static_cast<std::uint32_t>(parameters.size());
    module.parameters = parameters.data();
    module.parameter_floats = offset;
    module.op_count = 1;
    module.ops = &op;
    module.buffer_count = 2;
    module.buffers = buffers.data();
    module.join_count = 1;
    module.joins = &join;
    module.tile_rows = tile;
    module.arena_bytes = 2 * 4 * elements;
    module.forward_one = [](d2nn_frame* frame) -> std::int32_t { return forward(frame, 1); };
    module.forward_tile = forward;
  }

  /// Planar rows at 64-byte boundaries, as library kernels want them.
  static std::int32_t forward(d2nn_frame* frame, std::int64_t rows) {
    float* const arena = static_cast<float*>(frame->arena);
    float* result = arena + elements * tile;
    for (std::int64_t row = 0; row < rows; ++row) {
      float* source = arena + row * elements;
      std::memcpy(source, frame->inputs[0] + row * elements, elements * sizeof(float));
      const std::int32_t status = frame->calls->library_op(frame, 0, source, result + row * elements);
      if (status != 0) return status;
      frame->executed[row] = 1;
    }
    frame->calls->output(frame, 0, rows);
    return 0;
  }

  std::unique_ptr<Model> make_model() const {
    const auto file = d2nn::weights::encode(d2nn::weights::parameter_views(module, weights));
    REQUIRE_MESSAGE(file.ok(), file.status().message());
    const d2nn_weights_source source = {sizeof(source), D2NN_WEIGHTS_MEMORY, nullptr, file->data(), file->size()};
    auto model = Model::create(module, &source);
    REQUIRE_MESSAGE(model.ok(), model.status().message());
    return *std::move(model);
  }

  /// One element of one sample, in naive double arithmetic.
  double expected(const float* sample, std::int64_t out, std::int64_t h, std::int64_t w) const {
    const float* bias = weights.data() + channels * channels * 9;
    const float *scale = bias + channels, *shift = scale + channels, *mean = shift + channels,
                *variance = mean + channels;
    double sum = bias[out];
    for (std::int64_t in = 0; in < channels; ++in) {
      for (std::int64_t kh = 0; kh < 3; ++kh) {
        for (std::int64_t kw = 0; kw < 3; ++kw) {
          const std::int64_t y_in = h + kh - 1, x_in = w + kw - 1;
          if (y_in < 0 || x_in < 0 || y_in >= side || x_in >= side) continue;
          sum += static_cast<double>(weights[((out * channels + in) * 3 + kh) * 3 + kw]) *
                 sample[in * plane + y_in * side + x_in];
        }
      }
    }
    const double normal = (sum - mean[out]) / std::sqrt(static_cast<double>(variance[out]) + epsilon);
    return std::max(0.0, normal * scale[out] + shift[out]);
  }

  std::vector<float> weights;
  std::array<std::int64_t, 4> weight_dims{channels, channels, 3, 3};
  std::array<std::int64_t, 1> vector_dims{channels};
  std::array<std::int64_t, 3> image_dims{channels, side, side};
  std::vector<d2nn_parameter> parameters;
  d2nn_tensor_info x = d2nn::tests::f32_tensor("x", "", 3, image_dims.data(), elements);
  d2nn_tensor_info y = d2nn::tests::f32_tensor("y", "", 3, image_dims.data(), elements);
  d2nn_node node{"N", "", D2NN_NODE_REGULAR, channels* channels * 9 * plane};
  std::array<d2nn_buffer, 2> buffers{d2nn::tests::f32_buffer(0, elements, -1, 0),
                                     d2nn::tests::f32_buffer(elements, elements, -1, 0)};
  d2nn_join_edge edge{1, 0, nullptr, elements, nullptr, 0};
  d2nn_join join{D2NN_JOIN_NONE, 1, 0, 1, &edge, elements};
  d2nn_op op{};
  d2nn_module module{};
};

std::vector<float> run(Context& context, const std::vector<float>& input) {
  std::vector<float> output(input.size(), -1);
  const float* const inputs[] = {input.data()};
  float* const outputs[] = {output.data()};
  const d2nn::Status status = context.run({.batch = input.size() / elements, .inputs = inputs, .outputs = outputs});
  REQUIRE_MESSAGE(status.ok(), status.message());
  return output;
}

}  // namespace

TEST_CASE("a library op computes with its batch norm folded in, alone, in tiles and on several threads") {
  const ConvNetwork network;
  const auto model = network.make_model();
  CHECK(model->packed()[0] == nullptr);
  REQUIRE(model->library_op(0) != nullptr);
  CHECK(model->packed_bytes() >= channels * channels * 9 * sizeof(float));

  std::vector<float> input(10 * elements);
  std::mt19937 random(1);
  std::uniform_real_distribution<float> values(-1, 1);
  for (float& value : input) value = values(random);
  auto one_thread = Context::create(*model, 10, 1);
  auto three_threads = Context::create(*model, 10, 3);
  REQUIRE(one_thread.ok());
  REQUIRE(three_threads.ok());
  const std::vector<float> output = run(**one_thread, input);
  double worst = 0;
  for (std::int64_t i = 0; i < 10 * elements; ++i) {
    const std::int64_t place = i % elements;
    const double expected =
        network.expected(&input[i / elements * elements], place / plane, place % plane / side, place % side);
    worst = std::max(worst, std::abs(output[i] - expected));
  }
  CHECK(worst < 1e-4);
  CHECK(run(**three_threads, input) == output);

  const std::vector<float> alone = run(**one_thread, {input.begin() + 4 * elements, input.begin() + 5 * elements});
  CHECK(std::equal(alone.begin(), alone.end(), output.begin() + 4 * elements));
}

TEST_CASE("allocations of a library kernel are the library's own: few, and the same in every run") {
  const ConvNetwork network;
  const auto model = network.make_model();
  auto context = Context::create(*model, 1, 1);
  REQUIRE(context.ok());
  const std::vector<float> input(elements, 0.5f);
  std::vector<float> output(elements);
  const float* const inputs[] = {input.data()};
  float* const outputs[] = {output.data()};
  std::array<std::size_t, 3> counts{};
  for (std::size_t& count : counts) {
    const std::size_t before = d2nn::tests::allocations();
    const bool ok = (*context)->run({.batch = 1, .inputs = inputs, .outputs = outputs}).ok();
    count = d2nn::tests::allocations() - before;
    REQUIRE(ok);
  }
  MESSAGE("allocations per call of the library: " << counts[2]);
  CHECK(counts[1] == counts[2]);
  CHECK(counts[2] <= 40);  // up to three primitives (two reorders and the kernel) of 6 to 9 each
}
