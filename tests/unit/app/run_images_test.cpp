// `run` on images: what is printed, and what is refused.
#include "app/run_images.h"

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <sstream>
#include <vector>

#include "app/run_files.h"
#include "d2nn/module.h"
#include "fake_module.h"
#include "scratch_folder.h"
#include "unit/f32_tables.h"

using d2nn::app::run_images;
using d2nn::exec::Model;
using d2nn::tests::ScratchFolder;

namespace {

/// f32[3, 2, 2] in, the means of the three colours out; no nodes.
struct ColourNetwork {
  ColourNetwork() {
    module = *fork_module();
    module.name = "colours";
    module.input_count = 1;
    module.inputs = &input;
    module.output_count = 1;
    module.outputs = &output;
    module.node_count = module.flag_count = module.control_count = module.op_count = module.parameter_count = 0;
    module.parameter_floats = 0;
    module.forward_one = run_one;
    static constexpr char header[] = "\x02\0\0\0\0\0\0\0{}";
    module.embedded_weights = header;
    module.embedded_size = sizeof(header) - 1;
    auto made = Model::create(module, nullptr);
    REQUIRE_MESSAGE(made.ok(), made.status().message());
    model = *std::move(made);
  }
  static std::int32_t run_one(d2nn_frame* frame) {
    for (int c = 0; c < 3; ++c) {
      const float* plane = frame->inputs[0] + c * 4;
      frame->outputs[0][c] = (plane[0] + plane[1] + plane[2] + plane[3]) / 4;
    }
    frame->valid[0][0] = 1;
    return 0;
  }

  std::array<std::int64_t, 3> input_dims{3, 2, 2};
  std::array<std::int64_t, 1> output_dims{3};
  d2nn_tensor_info input = d2nn::tests::f32_tensor("image", "", 3, input_dims.data(), 12);
  d2nn_tensor_info output = d2nn::tests::f32_tensor("means", "", 1, output_dims.data(), 3);
  d2nn_module module;
  std::unique_ptr<Model> model;
};

/// A picture of one colour.
std::vector<std::uint8_t> plain(std::size_t pixels, std::array<std::uint8_t, 3> colour) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < pixels; ++i) bytes.insert(bytes.end(), colour.begin(), colour.end());
  return bytes;
}

}  // namespace

TEST_CASE("each image gets its answer, path, nodes and multiplications, in the order given") {
  const ScratchFolder folder;
  const ColourNetwork network;
  folder.write_png("blue.png", 2, 2, plain(4, {0, 51, 255}));
  folder.write_png("red.png", 2, 2, plain(4, {255, 0, 0}));
  std::ostringstream out;
  const d2nn::Status status = run_images(
      *network.model, {{folder.path("red.png"), folder.path("blue.png")}, false, folder.path("t.json")}, out);
  REQUIRE_MESSAGE(status.ok(), status.message());
  const std::string same = "  path: the only one\n  executed: \n  multiplications: 0\n";
  CHECK(out.str() == folder.path("red.png") + "\n  means: 0 of 3 (1, 0, 0)\n" + same + folder.path("blue.png") +
                         "\n  means: 2 of 3 (0, 0.2, 1)\n" + same);
  CHECK(folder.read_text("t.json").find("\"means\": true") != std::string::npos);
}

TEST_CASE("an image of another size is refused unless it may be scaled") {
  const ScratchFolder folder;
  const ColourNetwork network;
  folder.write_png("large.png", 6, 4, plain(24, {0, 255, 0}));
  std::ostringstream out;
  const d2nn::Status refused = run_images(*network.model, {{folder.path("large.png")}, false, ""}, out);
  CHECK(refused.code() == D2NN_INVALID_ARGUMENT);
  CHECK(refused.message().find("large.png") != std::string::npos);
  CHECK(out.str().empty());
  CHECK(run_images(*network.model, {{folder.path("large.png")}, true, ""}, out).ok());
  CHECK(out.str().find("means: 1 of 3 (0, 1, 0)") != std::string::npos);
}

TEST_CASE("a network that does not take one image says so") {
  auto model = Model::create(*fork_module(), nullptr);
  REQUIRE(model.ok());
  std::ostringstream out;
  CHECK(run_images(**model, {{"a.png"}, false, ""}, out).message().find("the network `fork` has 2 inputs") == 0);
}

TEST_CASE("a network without control nodes runs on npy files too, with a trace") {
  const ScratchFolder folder;
  const ColourNetwork network;
  const std::vector<float> image{0, 0, 0, 0, 1, 1, 1, 1, 0.5f, 0.5f, 0.5f, 0.5f};
  folder.write_npy("x.npy", image, network.input_dims);
  const auto summary = d2nn::app::run_files(
      *network.model, {{{"", folder.path("x.npy")}}, folder.path("y.npy"), folder.path("t.json"), 1});
  REQUIRE_MESSAGE(summary.ok(), summary.status().message());
  CHECK(folder.read_npy("y.npy") == std::vector<float>{0, 1, 0.5f});
  CHECK(folder.read_text("t.json").find("\"actions\": {}") != std::string::npos);
}
