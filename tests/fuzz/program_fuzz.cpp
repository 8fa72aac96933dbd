// libFuzzer on the whole front end (preset `fuzz`): program_fuzz -dict=parse.dict -rss_limit_mb=2048 CORPUS
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz/program_once.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto result = d2nn::fuzz::program_once({reinterpret_cast<const char*>(data), size});
  if (!result.problem.empty()) {
    std::fprintf(stderr, "%s\n", result.problem.c_str());
    std::abort();
  }
  return 0;
}
