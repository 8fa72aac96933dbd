// libFuzzer on the language server (preset `fuzz`): lsp_fuzz -dict=lsp.dict -rss_limit_mb=2048 CORPUS
#include <cstddef>
#include <cstdint>

#include "fuzz/lsp_once.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  d2nn::fuzz::lsp_once({reinterpret_cast<const char*>(data), size});
  return 0;
}
