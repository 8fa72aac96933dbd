// libFuzzer on the readers of JPEG, PNG and EXIF (preset `fuzz`): images_fuzz -dict=images.dict -rss_limit_mb=4096
// CORPUS
#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/images_once.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  d2nn::fuzz::images_once(std::span(data, size));
  return 0;
}
