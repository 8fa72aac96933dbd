// Whole sessions over streams: what is published when messages queue up.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "lsp/lsp.h"

using Json = nlohmann::json;

namespace {

std::string frame(const Json& message) {
  const std::string body = message.dump();
  return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::vector<Json> serve(const std::vector<Json>& messages) {
  std::string stream = frame({{"id", 0}, {"method", "initialize"}, {"params", Json::object()}});
  for (const Json& message : messages) stream += frame(message);
  std::istringstream in(stream);
  std::ostringstream out;
  d2nn::lsp::serve(in, out);
  std::vector<Json> answers;
  std::string text = out.str();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t body = text.find("\r\n\r\n", at) + 4;
    const std::size_t length = std::stoul(text.substr(at + 16));
    answers.push_back(Json::parse(text.substr(body, length)));
    at = body + length;
  }
  return answers;
}

Json edit(int version, const std::string& text) {
  return {
      {"method", "textDocument/didChange"},
      {"params",
       {{"textDocument", {{"uri", "file:///n.d2nn"}, {"version", version}}}, {"contentChanges", {{{"text", text}}}}}}};
}

const std::string sound = "network n { input x: f32[2]; output y: f32[2]; x -> y; }";
const Json opened{{"method", "textDocument/didOpen"},
                  {"params", {{"textDocument", {{"uri", "file:///n.d2nn"}, {"version", 1}, {"text", sound}}}}}};

std::vector<Json> published(const std::vector<Json>& answers) {
  std::vector<Json> found;
  for (const Json& answer : answers)
    if (answer.value("method", "") == "textDocument/publishDiagnostics") found.push_back(answer["params"]);
  return found;
}

}  // namespace

TEST_CASE("of edits that queue up the newest text alone is analysed and published") {
  std::vector<Json> messages{opened};
  for (int version = 2; version <= 10; ++version) messages.push_back(edit(version, "network {"));
  messages.push_back(edit(11, sound));
  const std::vector<Json> found = published(serve(messages));
  REQUIRE(found.size() == 2);
  CHECK(found[0]["version"] == 1);
  CHECK(found[1]["version"] == 11);
  CHECK(found[1]["diagnostics"].empty());
}

TEST_CASE("a request between edits sees the edits before it, and they are published before its answer") {
  const Json symbols{{"id", 5},
                     {"method", "textDocument/documentSymbol"},
                     {"params", {{"textDocument", {{"uri", "file:///n.d2nn"}}}}}};
  const std::vector<Json> answers = serve({opened, edit(2, "const k = 1; " + sound), symbols, edit(3, sound)});
  REQUIRE(answers.size() == 5);
  CHECK(answers[2]["params"]["version"] == 2);
  CHECK(answers[3]["id"] == 5);
  CHECK(answers[3]["result"].size() == 2);
  CHECK(answers[4]["params"]["version"] == 3);
}

TEST_CASE("completion and formatting read the newest text without its analysis") {
  const Json params{{"textDocument", {{"uri", "file:///n.d2nn"}}}, {"position", {{"line", 0}, {"character", 3}}}};
  const std::vector<Json> answers = serve({opened,
                                           edit(2, "net"),
                                           {{"id", 5}, {"method", "textDocument/completion"}, {"params", params}},
                                           edit(3, sound),
                                           {{"id", 6}, {"method", "textDocument/formatting"}, {"params", params}}});
  REQUIRE(answers.size() == 5);
  CHECK(answers[2]["id"] == 5);
  CHECK(answers[2]["result"][0]["label"] == "network");
  CHECK(answers[3]["id"] == 6);
  CHECK(published(answers).size() == 2);
}

TEST_CASE("a text that breaks right after it was opened keeps what was known of it") {
  const Json hover{
      {"id", 5},
      {"method", "textDocument/hover"},
      {"params", {{"textDocument", {{"uri", "file:///n.d2nn"}}}, {"position", {{"line", 0}, {"character", 9}}}}}};
  const std::vector<Json> answers = serve({opened, edit(2, sound + "\nnetwork {"), hover});
  CHECK(answers.back()["result"]["contents"]["value"].get<std::string>().find("network n") != std::string::npos);
}
