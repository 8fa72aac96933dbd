#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <limits>

#include "unit/io/temp_folder.h"
#include "unit/weights/small_module.h"
#include "weights/safetensors.h"

using namespace d2nn::weights;
using d2nn::testing::SmallModule;
using d2nn::testing::TempFolder;

namespace {

// Tensors by name and shape, values counting up from 1 over the whole file; `change` may spoil them.
struct Tensor {
  std::string name;
  std::vector<std::int64_t> shape;
};

template <class Change>
std::string make(const std::vector<Tensor>& tensors, Change change) {
  std::vector<float> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i + 1);
  change(values);
  std::vector<TensorView> views;
  std::size_t at = 0;
  for (const Tensor& tensor : tensors) {
    std::size_t elements = 1;
    for (const std::int64_t dim : tensor.shape) elements *= static_cast<std::size_t>(dim);
    views.push_back({tensor.name, tensor.shape, std::span(values).subspan(at, elements)});
    at += elements;
  }
  return *encode(views);
}

std::string make(const std::vector<Tensor>& tensors) {
  return make(tensors, [](std::vector<float>&) {});
}

d2nn_weights_source memory(const std::string& bytes) {
  return {sizeof(d2nn_weights_source), D2NN_WEIGHTS_MEMORY, nullptr, bytes.data(), bytes.size()};
}

const std::vector<SmallModule::Parameter> parameters = {
    {"N1.conv.weight", {2, 3}}, {"N1.conv.bias", {2}}, {"N1.bn.running_var", {2}, true}};

}  // namespace

TEST_CASE("parameters land at their offsets whatever their order in the file, and batch counters are ignored") {
  SmallModule module(parameters);
  const std::string bytes = make({{"N1.bn.running_var", {2}},
                                  {"N1.bn.num_batches_tracked", {}},
                                  {"N1.conv.weight", {2, 3}},
                                  {"N1.conv.bias", {2}}});
  const d2nn_weights_source source = memory(bytes);
  const auto set = load(module.get(), &source);
  REQUIRE_MESSAGE(set.ok(), set.status().message());
  CHECK(set->values == std::vector<float>{4, 5, 6, 7, 8, 9, 10, 11, 1, 2});
}

TEST_CASE("files, embedded weights and missing sources are told apart") {
  SmallModule module(parameters);
  const std::string bytes = make({{"N1.conv.weight", {2, 3}}, {"N1.conv.bias", {2}}, {"N1.bn.running_var", {2}}});
  CHECK(load(module.get(), nullptr).status().message().find("was built without weights") != std::string::npos);
  module.get().embedded_weights = bytes.data();
  module.get().embedded_size = bytes.size();
  CHECK(load(module.get(), nullptr).ok());
  const TempFolder folder;
  const std::string path = folder.write("w.safetensors", bytes);
  d2nn_weights_source source{sizeof(d2nn_weights_source), D2NN_WEIGHTS_FILE, path.c_str(), nullptr, 0};
  CHECK(load(module.get(), &source)->values.size() == 10);
  const std::string missing = folder.path("none");
  source.path = missing.c_str();
  CHECK(load(module.get(), &source).status().code() == D2NN_IO_ERROR);
  source.path = nullptr;
  CHECK(load(module.get(), &source).status().code() == D2NN_INVALID_ARGUMENT);
}

TEST_CASE("a file that is not this network's is refused with tensor, expected and actual") {
  struct Case {
    std::string bytes, words;
  };
  const std::vector<Tensor> good = {{"N1.conv.weight", {2, 3}}, {"N1.conv.bias", {2}}, {"N1.bn.running_var", {2}}};
  const float inf = std::numeric_limits<float>::infinity();
  const Case cases[] = {
      {make({{"N1.conv.bias", {2}}}), "tensor `N1.conv.weight` [2, 3] (and 1 more) of network `small` is missing"},
      {make({{"conv.weight", {2, 3}}, {"N1.conv.bias", {2}}, {"N1.bn.running_var", {2}}}),
       "is missing; the file holds tensor `conv.weight` [2, 3], which network `small` does not have"},
      {make({{"N1.conv.weight", {2, 3}}, {"N1.conv.bias", {2}}, {"N1.bn.running_var", {2}}, {"x", {1}}}),
       "the file holds tensor `x` [1]"},
      {make({{"N1.conv.weight", {3, 2}}, {"N1.conv.bias", {2}}, {"N1.bn.running_var", {2}}}),
       "tensor `N1.conv.weight` has shape [3, 2]; network `small` needs [2, 3]"},
      {make(good, [](auto& v) { v[7] = std::numeric_limits<float>::quiet_NaN(); }),
       "tensor `N1.conv.bias` [2] holds nan at position 1"},
      {make(good, [&](auto& v) { v[0] = -inf; }), "holds -inf at position 0; weights must be finite"},
      {make(good, [](auto& v) { v[9] = -1; }), "holds -1.000000 at position 1; a variance cannot be negative"},
  };
  SmallModule module(parameters);
  for (const Case& item : cases) {
    const d2nn_weights_source source = memory(item.bytes);
    const auto set = load(module.get(), &source);
    REQUIRE_FALSE(set.ok());
    CHECK(set.status().code() == D2NN_INVALID_WEIGHTS);
    CHECK_MESSAGE(set.status().message().find(item.words) != std::string::npos, set.status().message());
  }
}

TEST_CASE("leading dimensions of size 1 do not count, on either side; others do") {
  SmallModule module({{"position", {3, 4}}, {"token", {1, 1, 2}}, {"scale", {1}}});
  const auto load_shapes = [&](std::vector<std::int64_t> position, std::vector<std::int64_t> token,
                               std::vector<std::int64_t> scale) {
    const std::string bytes =
        make({{"position", std::move(position)}, {"token", std::move(token)}, {"scale", std::move(scale)}});
    const d2nn_weights_source source = memory(bytes);
    return load(module.get(), &source);
  };
  const auto set = load_shapes({1, 1, 3, 4}, {2}, {});
  REQUIRE_MESSAGE(set.ok(), set.status().message());
  CHECK(set->values[0] == 1);
  CHECK(set->values[11] == 12);
  CHECK_FALSE(load_shapes({3, 1, 4}, {2}, {1}).ok());
  CHECK_FALSE(load_shapes({12}, {2}, {1}).ok());
  CHECK_FALSE(load_shapes({4, 3}, {2}, {1}).ok());
  CHECK_FALSE(load_shapes({3, 4}, {2, 1}, {1}).ok());
}

TEST_CASE("half precision is refused by type, with its name") {
  const std::string header =
      R"({"N1.conv.weight":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},"N1.conv.bias":{"dtype":"F32","shape":[2],"data_offsets":[12,20]},"N1.bn.running_var":{"dtype":"F32","shape":[2],"data_offsets":[20,28]}})";
  const std::string bytes =
      d2nn::testing::bytes_of(static_cast<std::uint64_t>(header.size())) + header + std::string(28, '\0');
  SmallModule module(parameters);
  const d2nn_weights_source source = memory(bytes);
  CHECK(load(module.get(), &source).status().message().find("`N1.conv.weight` has type `BF16`; `F32` is needed") !=
        std::string::npos);
}

TEST_CASE("tensors under a prefix can be left to somebody else, and a module's own views save and load again") {
  SmallModule module(parameters);
  std::vector<float> values = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  std::vector<TensorView> views = parameter_views(module.get(), values);
  views.push_back({"optimizer.step", {1}, std::span(values).first(1)});
  const std::string bytes = *encode(views);
  const auto file = Safetensors::from_memory(std::as_bytes(std::span(bytes)), "c");
  REQUIRE(file.ok());
  CHECK_FALSE(load(module.get(), *file).ok());
  const auto set = load(module.get(), *file, "optimizer.");
  REQUIRE(set.ok());
  CHECK(set->values == values);
}

TEST_CASE("the pretrained ResNet-20 opens with its tensors and parameter count") {
  const char* data = std::getenv("D2NN_DATA");
  const char* source = std::getenv("D2NN_SOURCE_DIR");
  const std::string folder = data != nullptr ? data : std::string(source != nullptr ? source : ".") + "/../shared/data";
  const std::string path = folder + "/resnet/resnet20.safetensors";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: there is no ", path, "; set D2NN_DATA");
    return;
  }
  const auto file = Safetensors::open(path);
  REQUIRE_MESSAGE(file.ok(), file.status().message());
  std::int64_t learned = 0;
  for (const TensorEntry& tensor : file->tensors()) {
    if (tensor.name.find("running_") == std::string::npos && tensor.dtype == "F32") learned += tensor.elements;
  }
  CHECK(learned == 269722);
  const TensorEntry* first = file->find("conv1.weight");
  REQUIRE(first != nullptr);
  CHECK(first->shape == std::vector<std::int64_t>{16, 3, 3, 3});
}
