// Reading a trace: what is counted, and what is refused.
#include "draw/frequencies.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "programs.h"

using namespace d2nn;

namespace {

const char* const ran = R"({"actions": {"Q": "run"}, "executed": ["A", "Q"], "cost": 56, "valid": {"y": true}})";
const char* const skipped = R"({"actions": {"Q": "skip"}, "executed": ["Q"], "cost": 8, "valid": {"y": true}})";

struct Read {
  std::optional<draw::Frequencies> frequencies;
  std::string code;
  std::string message;
};

/// Reads a file of this content as a trace of the small network.
Read read(const std::string& content) {
  const auto path = std::filesystem::temp_directory_path() / ("d2nn-trace-test-" + std::to_string(getpid()) + ".json");
  std::ofstream(path) << content;
  const draw::Drawn network = draw::small_network();
  diag::Sink sink;
  Read result{draw::read_trace(path.string(), network.program, sink), "", ""};
  std::filesystem::remove(path);
  CHECK(result.frequencies.has_value() != sink.has_errors());
  if (sink.has_errors()) {
    result.code = sink.all()[0].code->code;
    result.message = sink.all()[0].message;
  }
  return result;
}

std::string trace(const std::string& samples, const std::string& network = "small") {
  return "{\"network\": \"" + network + "\", \"samples\": [" + samples + "]}";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

void refuse(const std::string& content, const std::string& code, const std::string& words) {
  CAPTURE(content);
  const Read result = read(content);
  CHECK(result.code == code);
  CHECK_MESSAGE(result.message.find(words) != std::string::npos, result.message);
}

}  // namespace

TEST_CASE("what the samples did is counted") {
  const std::string samples = std::string(skipped) + ",\n" + ran + ",\n" + skipped + ",\n" + skipped;
  const Read result = read(trace(samples));
  REQUIRE(result.frequencies);
  const draw::Frequencies& counted = *result.frequencies;
  CHECK(counted.samples == 4);
  CHECK(counted.nodes == std::vector<std::size_t>{4, 1, 4, 4, 4});  // x A Q zero y
  CHECK(counted.edges == std::vector<std::size_t>{1, 4, 1, 4});     // x -> A, x -> Q, A -> y, zero -> y
  CHECK(counted.actions[2] == std::vector<std::size_t>{1, 3});
  CHECK(counted.mean_cost == doctest::Approx((3 * 8 + 56) / 4.0));
  REQUIRE(counted.paths.size() == 2);
  CHECK(counted.paths[0].samples == 3);
  CHECK(counted.paths[0].decisions == paths::Decisions{1});
  CHECK(counted.paths[0].cost == 8);
  CHECK(counted.paths[1].cost == 56);
  CHECK(counted.share(1) == doctest::Approx(0.25));
}

TEST_CASE("a trace of another network is refused with the name that this one does not have") {
  refuse(trace(ran, "large"), "E0816", "network `large`, not of `small`");
  refuse(trace(replaced(ran, "\"A\", ", "\"B\", ")), "E0816", "sample 1 names the node `B`, which network `small`");
  refuse(trace(std::string(ran) + "," + replaced(skipped, "skip", "stop")), "E0816",
         "sample 2 takes the action `stop`, which control node `Q` of network `small` does not have");
  refuse(trace(replaced(ran, "{\"Q\": \"run\"}", "{\"P\": null}")), "E0816", "the control node `P`");
  refuse(trace(replaced(ran, "{\"Q\": \"run\"}", "{\"A\": null}")), "E0816", "the control node `A`");
  refuse(trace(replaced(ran, "{\"Q\": \"run\"}", "{}")), "E0816", "says nothing of control node `Q`");
  refuse(trace(replaced(ran, "\"y\"", "\"z\"")), "E0816", "the output `z`");
  refuse(trace(replaced(ran, "56", "57")), "E0816", "cost 57 multiplications, but the nodes that it executed cost 56");
}

TEST_CASE("what is no trace is refused with the place") {
  refuse("", "E0815", "line 1");
  refuse("{\"network\": \"small\", \"samples\": [", "E0815", "line 1");
  refuse("[]", "E0815", "no object");
  refuse("{}", "E0815", "`network`");
  refuse("{\"network\": \"small\"}", "E0815", "`samples`");
  refuse("{\"network\": \"small\", \"samples\": {}}", "E0815", "`samples`");
  refuse("{\"network\": 3, \"samples\": []}", "E0815", "`network`");
  refuse(trace(""), "E0815", "no sample");
  refuse(trace("3"), "E0815", "what is no object");
  refuse(trace("{}"), "E0815", "sample 1 lacks `actions`");
  refuse(trace(replaced(ran, "56", "\"56\"")), "E0815", "`cost`");
  refuse(trace(replaced(ran, "56", "5.5")), "E0815", "`cost`");
  refuse(trace(replaced(ran, "[\"A\", \"Q\"]", "[1]")), "E0815", "`executed`");
  refuse(trace(replaced(ran, "\"run\"", "1")), "E0815", "an action of `Q`");
  refuse(trace(replaced(ran, "true", "1")), "E0815", "`valid`");
}

TEST_CASE("a file that is not there cannot be read") {
  const draw::Drawn network = draw::small_network();
  diag::Sink sink;
  CHECK(!draw::read_trace("none/t.json", network.program, sink));
  CHECK(std::string(sink.all()[0].code->code) == "E0801");
  CHECK(!draw::read_trace("/", network.program, sink));
  CHECK(std::string(sink.all()[1].code->code) == "E0801");
}
