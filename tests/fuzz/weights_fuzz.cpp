// libFuzzer on the safetensors reader (preset `fuzz`): weights_fuzz -dict=weights.dict -rss_limit_mb=2048 CORPUS
#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/weights_once.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  d2nn::fuzz::weights_once(std::as_bytes(std::span(data, size)));
  return 0;
}
