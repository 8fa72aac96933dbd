#include "io/trace_json.h"

#include <doctest/doctest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "unit/io/temp_folder.h"

using d2nn::testing::TempFolder;

namespace {

// Network with control node Q and an awkwardly named node, two outputs.
struct Network {
  std::array<d2nn_node, 3> nodes{};
  std::array<d2nn_action, 2> actions{};
  d2nn_control control{};
  std::array<d2nn_tensor_info, 2> outputs{};
  d2nn_module module{};

  Network() {
    nodes[0].name = "Q";
    nodes[1].name = "N\"1\n";
    nodes[2].name = "N2";
    actions[0].name = "high";
    actions[1].name = "low";
    control = {0, 2, actions.data()};
    outputs[0].name = "scores";
    outputs[1].name = "box";
    module.name = "small";
    module.node_count = 3;
    module.nodes = nodes.data();
    module.control_count = 1;
    module.controls = &control;
    module.output_count = 2;
    module.outputs = outputs.data();
  }
};

}  // namespace

TEST_CASE("a trace of two batches is the JSON document of the interface") {
  const TempFolder folder;
  const Network network;
  auto writer = d2nn::io::TraceWriter::create(folder.path("t.json"), network.module);
  REQUIRE(writer.ok());
  std::array<std::int32_t, 2> actions = {0, -1};
  std::array<std::uint8_t, 6> executed = {1, 1, 0, 0, 0, 1};
  std::array<std::int64_t, 2> cost = {123, 9000000000};
  std::array<std::uint8_t, 2> scores_valid = {1, 0}, box_valid = {0, 1};
  const std::array<const std::uint8_t*, 2> valid = {scores_valid.data(), box_valid.data()};
  d2nn_trace trace{sizeof(d2nn_trace), actions.data(), executed.data(), cost.data()};
  REQUIRE(writer->append(2, trace, valid.data()).ok());
  REQUIRE(writer->append(1, trace, valid.data()).ok());
  REQUIRE(writer->finish().ok());
  const auto document = nlohmann::json::parse(TempFolder::read(folder.path("t.json")));
  CHECK(document["network"] == "small");
  REQUIRE(document["samples"].size() == 3);
  CHECK(document["samples"][0] == nlohmann::json::parse(R"({"actions": {"Q": "high"}, "executed": ["Q", "N\"1\n"],
      "cost": 123, "valid": {"scores": true, "box": false}})"));
  CHECK(document["samples"][1] == nlohmann::json::parse(R"({"actions": {"Q": null}, "executed": ["N2"],
      "cost": 9000000000, "valid": {"scores": false, "box": true}})"));
  CHECK(document["samples"][2] == document["samples"][0]);
}

TEST_CASE("an unknown action and an incomplete trace are refused and leave no file") {
  const TempFolder folder;
  const Network network;
  {
    auto writer = d2nn::io::TraceWriter::create(folder.path("t.json"), network.module);
    std::array<std::int32_t, 1> actions = {2};
    std::array<std::uint8_t, 3> executed = {1, 1, 1};
    std::array<std::int64_t, 1> cost = {1};
    const std::array<const std::uint8_t*, 2> valid = {executed.data(), executed.data()};
    d2nn_trace trace{sizeof(d2nn_trace), actions.data(), executed.data(), cost.data()};
    CHECK(writer->append(1, trace, valid.data()).code() == D2NN_INVALID_ARGUMENT);
    trace.cost = nullptr;
    CHECK(writer->append(1, trace, valid.data()).message().find("without a whole trace") != std::string::npos);
  }
  CHECK(folder.files() == 0);
}
