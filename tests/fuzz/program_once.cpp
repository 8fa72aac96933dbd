#include "fuzz/program_once.h"

#include <algorithm>

#include "graph/verify.h"
#include "sema/check.h"
#include "syntax/parse.h"

namespace d2nn::fuzz {
namespace {

sema::ImportedText load(const sema::ImportRequest& request) {
  sema::ImportedText found;
  found.name = request.path.empty() ? request.file : "vision.d2nn";
  if (!request.path.empty()) found.text = "block conv_relu(n: int)(x) { x -> conv(3x3, n, pad: 1) -> relu }";
  if (request.file == "self.d2nn") found.text = "import \"self.d2nn\"; const k = 1;";
  found.error = "no such file";
  return found;
}

}  // namespace

FrontEndResult program_once(std::string_view text) {
  source::SourceFiles files;
  diag::Sink sink;
  const ast::File tree = syntax::parse(files, files.add("fuzzed.d2nn", std::string(text)), sink);
  if (sink.has_errors()) return {};
  sema::CheckOptions options;
  options.loader = load;
  const std::vector<graph::Program> programs = sema::check(tree, files, options, sink).programs;
  for (const graph::Program& program : programs) {
    if (const auto broken = graph::verify(program); !broken.empty()) return {broken.front(), false};
  }
  const bool has_network = std::any_of(tree.items.begin(), tree.items.end(), [](const ast::FileItem& item) {
    return std::holds_alternative<ast::Network>(item);
  });
  if (has_network && programs.empty() && !sink.has_errors()) return {"a network was neither built nor refused", false};
  return {"", !programs.empty()};
}

}  // namespace d2nn::fuzz
