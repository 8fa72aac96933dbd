// The language server on broken streams and broken sessions: whatever a client sends, it answers or ends, and never
// crashes. A seeded loop; D2NN_FUZZ_SEED and D2NN_FUZZ_ROUNDS make it longer.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "from_environment.h"
#include "fuzz/lsp_once.h"
#include "lsp/lsp.h"
#include "lsp/transport.h"

using namespace d2nn;
using lsp::Json;

namespace {

std::string frame(const std::string& body) {
  return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string message(const Json& json) {
  return frame(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

const std::string program =
    "import std.vision;\nblock b(n: int)(x) { x -> dense(n) -> relu }\nnetwork n(k: int = 2) {\n  input x: f32[4]; // "
    "é\n"
    "  for i in 0..2 { node f[i] { b(4) -> dense(k) } }\n  node g(l, r join sum) { let s = l + r; return s; }\n"
    "  control q { dense(actions) }\n  output y: f32[k] join last;\n  x -> q, f; f[0] -> g.l; f -> g.r; g, f[1] -> y;\n"
    "  q ~> a: f[0], b: none;\n}\n";

class Session {
 public:
  explicit Session(std::uint64_t seed) : random_(seed) {}

  std::string bytes() {
    std::string stream = message({{"id", 0}, {"method", "initialize"}, {"params", Json::object()}});
    stream += message({{"method", "textDocument/didOpen"},
                       {"params", {{"textDocument", {{"uri", "file:///a.d2nn"}, {"text", program}}}}}});
    for (std::uint64_t i = 0, count = 1 + below(12); i < count; ++i) stream += step();
    if (below(4) == 0) corrupt(stream);
    return stream;
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  Json position() { return {{"line", below(14)}, {"character", below(60)}}; }

  Json odd_value() {
    const Json values[]{nullptr, -1, 1e300, "text", Json::array(), Json::object(), true};
    return values[below(7)];
  }

  std::string step() {
    static const char* methods[]{"hover",      "definition", "completion",    "documentSymbol", "formatting",
                                 "codeAction", "references", "prepareRename", "rename",         "fly"};
    Json params{{"textDocument", {{"uri", below(8) == 0 ? "file:///b.d2nn" : "file:///a.d2nn"}}},
                {"position", position()},
                {"context", {{"includeDeclaration", below(2) == 0}}},
                {"newName", below(2) == 0 ? "z" : "b"},
                {"range", {{"start", position()}, {"end", position()}}}};
    if (below(6) == 0) params[below(2) == 0 ? "position" : "textDocument"] = odd_value();
    if (below(2) == 0)
      return message(
          {{"id", below(9)}, {"method", std::string("textDocument/") + methods[below(10)]}, {"params", params}});
    const std::string_view pieces[]{"",
                                    " ",
                                    "\n",
                                    "{",
                                    "}",
                                    "(",
                                    ")",
                                    ";",
                                    "->",
                                    "~>",
                                    "[9]",
                                    "\"",
                                    "/*",
                                    "//",
                                    "repeat 99999999 { b(1) }",
                                    "é𝄞",
                                    "\x80",
                                    "network n { ",
                                    "for i in 0..9 { "};
    Json change{{"text", std::string(pieces[below(19)])}, {"range", {{"start", position()}, {"end", position()}}}};
    if (below(10) == 0) change = {{"text", program}};
    if (below(12) == 0) change["range"] = odd_value();
    params["contentChanges"] = Json::array({change});
    return message(
        {{"method", below(12) == 0 ? "textDocument/didClose" : "textDocument/didChange"}, {"params", params}});
  }

  void corrupt(std::string& stream) {
    const std::size_t at = below(stream.size());
    if (below(2) == 0) {
      stream.resize(at);
    } else {
      stream[at] = static_cast<char>(random_());
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("mutated sessions end with a status of the protocol") {
  const std::uint64_t first = from_environment("D2NN_FUZZ_SEED", 1);
  for (std::uint64_t seed = first; seed < first + from_environment("D2NN_FUZZ_ROUNDS", 300); ++seed) {
    CAPTURE(seed);
    const std::string bytes = Session(seed).bytes();
    std::istringstream in(bytes);
    std::ostringstream out;
    const int status = lsp::serve(in, out);
    CHECK((status == 0 || status == 1));
    CHECK(out.str().starts_with(bytes.empty() ? "" : "Content-Length: "));  // nobody answers a client that said nothing
  }
}

TEST_CASE("the sessions that libFuzzer begins with are served") {
  const std::filesystem::path corpus = std::filesystem::path(std::getenv("D2NN_SOURCE_DIR")) / "tests/fuzz/corpus/lsp";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    CAPTURE(entry.path().string());
    fuzz::lsp_once(bytes.str());  // aborts where a promise is broken
    ++files;
  }
  CHECK(files >= 4);
}
