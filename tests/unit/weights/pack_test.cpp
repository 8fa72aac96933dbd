#include "weights/pack.h"

#include <doctest/doctest.h>

#include <cmath>

#include "unit/weights/small_module.h"

using namespace d2nn::weights;
using d2nn::testing::SmallModule;

namespace {

d2nn_op make_op(d2nn_op_kind kind, d2nn_pack pack, std::uint32_t block) {
  d2nn_op op = {};
  op.kind = kind;
  op.label = "N1.layer";
  op.groups = 1;
  op.in_h = op.in_w = op.out_h = op.out_w = op.kernel_h = op.kernel_w = 1;
  op.pack = pack;
  op.pack_block = block;
  for (std::uint32_t i = 0; i < 4; ++i) op.params[i] = op.fold_params[i] = D2NN_NO_INDEX;
  return op;
}

std::vector<float> counting(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.25f * static_cast<float>(i + 1);
  return values;
}

}  // namespace

TEST_CASE("a convolution is packed in blocks of filters, the last padded, then its bias") {
  SmallModule module({{"w", {5, 2, 3, 2}}, {"b", {5}}});
  d2nn_op op = make_op(D2NN_OP_CONV, D2NN_PACK_CONV, 4);
  op.in_c = 2;
  op.out_c = 5;
  op.kernel_h = 3;
  op.kernel_w = 2;
  op.params[0] = 0;
  op.params[1] = 1;
  const auto values = counting(module.get().parameter_floats);
  auto packed = pack_op(module.get(), op, values);
  REQUIRE_MESSAGE(packed.ok(), packed.status().message());
  REQUIRE(packed->size() == 8 * 12 + 8);
  CHECK(reinterpret_cast<std::uintptr_t>(packed->data()) % 64 == 0);
  for (std::size_t block = 0; block < 2; ++block) {
    for (std::size_t i = 0; i < 12; ++i) {
      for (std::size_t lane = 0; lane < 4; ++lane) {
        const std::size_t filter = block * 4 + lane;
        CHECK(packed->data()[(block * 12 + i) * 4 + lane] == (filter < 5 ? values[filter * 12 + i] : 0.0f));
      }
    }
  }
  for (std::size_t o = 0; o < 8; ++o) CHECK(packed->data()[96 + o] == (o < 5 ? values[60 + o] : 0.0f));
}

TEST_CASE("filters of a grouped convolution hold their group's channels and blocks do not straddle groups") {
  SmallModule module({{"w", {6, 2, 1, 1}}});
  d2nn_op op = make_op(D2NN_OP_CONV, D2NN_PACK_CONV, 1);
  op.in_c = 4;
  op.out_c = 6;
  op.groups = 2;
  op.params[0] = 0;
  const auto values = counting(12);
  auto packed = pack_op(module.get(), op, values);
  REQUIRE(packed.ok());
  CHECK(std::vector<float>(packed->data(), packed->data() + 12) == values);  // block 1 is the file's own order
  CHECK(std::vector<float>(packed->data() + 12, packed->data() + 18) == std::vector<float>(6, 0.0f));
  op.pack_block = 3;
  CHECK(pack_op(module.get(), op, values).ok());
  op.pack_block = 2;
  CHECK(pack_op(module.get(), op, values).status().message().find("straddles its groups") != std::string::npos);
}

TEST_CASE("a dense layer after an image takes its elements in C, H, W order") {
  SmallModule module({{"w", {3, 8}}, {"b", {3}}});
  d2nn_op op = make_op(D2NN_OP_DENSE, D2NN_PACK_DENSE, 2);
  op.in_c = op.in_h = op.in_w = 2;
  op.out_c = 3;
  op.params[0] = 0;
  op.params[1] = 1;
  const auto values = counting(27);
  auto packed = pack_op(module.get(), op, values);
  REQUIRE(packed.ok());
  REQUIRE(packed->size() == 4 * 8 + 4);
  for (std::size_t unit = 0; unit < 3; ++unit) {
    for (std::size_t i = 0; i < 8; ++i)
      CHECK(packed->data()[(unit / 2 * 8 + i) * 2 + unit % 2] == values[unit * 8 + i]);
    CHECK(packed->data()[32 + unit] == values[24 + unit]);
  }
}

TEST_CASE("a dense layer at several places has one weight for all of them") {
  SmallModule module({{"w", {2, 3}}});
  d2nn_op op = make_op(D2NN_OP_DENSE, D2NN_PACK_DENSE, 1);
  op.in_c = 3;
  op.in_h = op.out_h = 5;
  op.out_c = 2;
  op.params[0] = 0;
  const auto values = counting(6);
  const auto packed = pack_op(module.get(), op, values);
  REQUIRE(packed.ok());
  REQUIRE(packed->size() == 8);
  CHECK(std::vector<float>(packed->data(), packed->data() + 6) == values);
  op.out_h = 4;  // does not divide the operand
  CHECK(pack_op(module.get(), op, values).status().code() == D2NN_INVALID_MODULE);
}

TEST_CASE("a folded batch norm gives the same result as the norm after the layer") {
  SmallModule module({{"w", {2, 3, 1, 1}}, {"b", {2}}, {"g", {2}}, {"beta", {2}}, {"mean", {2}}, {"var", {2}}});
  const std::vector<float> values = {0.5f, -1.25f, 2,    3,    0.125f, -4, 0.1f,  -0.2f,
                                     1.5f, -0.75f, 0.3f, 0.6f, -2,     1,  0.04f, 9};
  d2nn_op op = make_op(D2NN_OP_CONV, D2NN_PACK_CONV, 2);
  op.in_c = 3;
  op.out_c = 2;
  op.params[0] = 0;
  op.params[1] = 1;
  for (std::uint32_t i = 0; i < 4; ++i) op.fold_params[i] = 2 + i;
  op.fold_eps = 1e-5f;
  const auto folded = folded_weights(module.get(), op, values);
  REQUIRE_MESSAGE(folded.ok(), folded.status().message());
  const double x[3] = {0.7, -1.1, 0.4};
  for (std::size_t o = 0; o < 2; ++o) {
    double plain = values[6 + o], direct = folded->bias[o];
    for (std::size_t i = 0; i < 3; ++i) {
      plain += values[o * 3 + i] * x[i];
      direct += folded->weight[o * 3 + i] * x[i];
    }
    const double normed =
        (plain - values[12 + o]) / std::sqrt(values[14 + o] + double{1e-5f}) * values[8 + o] + values[10 + o];
    CHECK(direct == doctest::Approx(normed).epsilon(1e-6));
  }
  auto packed = pack_op(module.get(), op, values);
  REQUIRE(packed.ok());
  CHECK(packed->data()[0] == folded->weight[0]);
  CHECK(packed->data()[1] == folded->weight[3]);
  CHECK(packed->data()[6] == folded->bias[0]);
}

TEST_CASE("batch norm and normalize become scale and shift") {
  SmallModule module({{"g", {2}}, {"beta", {2}}, {"mean", {2}}, {"var", {2}}});
  const std::vector<float> values = {2, 3, 0.5f, -1, 4, 8, 1, 0.25f};
  d2nn_op norm = make_op(D2NN_OP_BATCH_NORM, D2NN_PACK_SCALE, 1);
  norm.in_c = 2;
  norm.alpha = 0;
  for (std::uint32_t i = 0; i < 4; ++i) norm.params[i] = i;
  auto packed = pack_op(module.get(), norm, values);
  REQUIRE(packed.ok());
  CHECK(std::vector<float>(packed->data(), packed->data() + 4) == std::vector<float>{2, 6, 0.5f - 8, -1 - 48});
  const float mean[2] = {0.5f, 0.25f}, std_values[2] = {0.5f, 0.125f};
  d2nn_op normalize = make_op(D2NN_OP_NORMALIZE, D2NN_PACK_SCALE, 1);
  normalize.in_c = 2;
  normalize.mean = mean;
  normalize.std = std_values;
  packed = pack_op(module.get(), normalize, values);
  REQUIRE(packed.ok());
  CHECK(std::vector<float>(packed->data(), packed->data() + 4) == std::vector<float>{2, 8, -1, -2});
}

TEST_CASE("plain weights stand one behind the other and ops without weights have none") {
  SmallModule module({{"w", {2}}, {"skipped", {3}}, {"b", {2}}});
  const auto values = counting(7);
  d2nn_op op = make_op(D2NN_OP_DENSE, D2NN_PACK_PLAIN, 1);
  op.params[0] = 0;
  op.params[1] = 2;
  auto packed = pack_op(module.get(), op, values);
  REQUIRE(packed.ok());
  CHECK(std::vector<float>(packed->data(), packed->data() + 4) ==
        std::vector<float>{values[0], values[1], values[5], values[6]});
  op.pack = D2NN_PACK_NONE;
  CHECK(pack_op(module.get(), op, values)->size() == 0);
}

TEST_CASE("a variance of zero without epsilon is refused by layer and channel") {
  SmallModule module({{"w", {1, 1}}, {"mean", {1}}, {"var", {1}}});
  d2nn_op op = make_op(D2NN_OP_DENSE, D2NN_PACK_DENSE, 1);
  op.in_c = op.out_c = 1;
  op.params[0] = 0;
  op.fold_params[2] = 1;
  op.fold_params[3] = 2;
  const std::vector<float> values = {1, 0, 0};
  const auto packed = pack_op(module.get(), op, values);
  CHECK(packed.status().code() == D2NN_INVALID_WEIGHTS);
  CHECK(packed.status().message().find("layer `N1.layer`: channel 0 is not finite") != std::string::npos);
}

TEST_CASE("an op that does not fit its module is refused, not read past the end") {
  SmallModule module({{"w", {4}}});
  const auto values = counting(4);
  d2nn_op good = make_op(D2NN_OP_DENSE, D2NN_PACK_DENSE, 1);
  good.in_c = good.out_c = 2;
  good.params[0] = 0;
  REQUIRE(pack_op(module.get(), good, values).ok());
  const auto refused = [&](auto change) {
    d2nn_op op = good;
    change(op);
    return pack_op(module.get(), op, values).status().code();
  };
  CHECK(refused([](d2nn_op& op) { op.params[0] = 1; }) == D2NN_INVALID_MODULE);
  CHECK(refused([](d2nn_op& op) { op.params[0] = D2NN_NO_INDEX; }) == D2NN_INVALID_MODULE);
  CHECK(refused([](d2nn_op& op) { op.in_c = 3; }) == D2NN_INVALID_MODULE);
  CHECK(refused([](d2nn_op& op) { op.out_c = 0; }) == D2NN_INVALID_MODULE);
  CHECK(refused([](d2nn_op& op) { op.pack_block = 0; }) == D2NN_INVALID_MODULE);
  CHECK(refused([](d2nn_op& op) { op.pack = 77; }) == D2NN_INVALID_MODULE);
  CHECK(refused([](d2nn_op& op) { op.kind = D2NN_OP_COPY; }) == D2NN_INVALID_MODULE);
  CHECK(pack_op(module.get(), good, std::span(values).first(3)).status().code() == D2NN_INVALID_MODULE);
}
