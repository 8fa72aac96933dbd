#include "fuzz/lsp_once.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>

#include "lsp/lsp.h"

namespace d2nn::fuzz {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void serve(const std::string& stream) {
  std::istringstream in(stream);
  std::ostringstream out;
  const int status = lsp::serve(in, out);
  require(status == 0 || status == 1);
  require(out.str().empty() || out.str().starts_with("Content-Length: "));
}

std::string frame(std::string_view body) {
  return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace

void lsp_once(std::string_view bytes) {
  serve(std::string(bytes));
  std::string session = frame(R"({"id":0,"method":"initialize","params":{}})");
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
    session += frame(bytes.substr(begin, end - begin));
    begin = end + 1;
  }
  serve(session);
}

}  // namespace d2nn::fuzz
