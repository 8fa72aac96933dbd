#include "codegen/kernels/target_info.h"

#include <string>

namespace d2nn::codegen {

TargetInfo target_info(std::string_view arch, std::string_view features) {
  const auto has = [&](std::string_view feature) {
    const std::string wanted = "+" + std::string(feature);
    for (std::size_t at = features.find(wanted); at != std::string_view::npos; at = features.find(wanted, at + 1)) {
      const std::size_t end = at + wanted.size();
      if (end == features.size() || features[end] == ',') return true;
    }
    return false;
  };
  if (arch != "x86_64") return {4, 32};
  if (has("avx512f") && has("avx512vl") && has("avx512dq") && has("avx512bw")) return {16, 32};
  if (has("avx2") && has("fma")) return {8, 16};
  return {4, 16};
}

}  // namespace d2nn::codegen
