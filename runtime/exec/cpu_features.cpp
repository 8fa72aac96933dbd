// Read from cpuid itself, because the names that __builtin_cpu_supports knows differ between compilers.
#include "exec/cpu_features.h"

#include <array>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace d2nn::exec {
namespace {

#if defined(__x86_64__)

enum Register : std::uint8_t { eax, ebx, ecx, edx };
enum class Saved : std::uint8_t { always, ymm, zmm };  // registers that the operating system must save

struct Feature {
  std::string_view name;
  std::uint32_t leaf, subleaf;
  Register reg;
  std::uint8_t bit;
  Saved saved;
};

constexpr std::array features{
    Feature{"sse3", 1, 0, ecx, 0, Saved::always},
    Feature{"pclmul", 1, 0, ecx, 1, Saved::always},
    Feature{"ssse3", 1, 0, ecx, 9, Saved::always},
    Feature{"fma", 1, 0, ecx, 12, Saved::ymm},
    Feature{"cx16", 1, 0, ecx, 13, Saved::always},
    Feature{"sse4.1", 1, 0, ecx, 19, Saved::always},
    Feature{"sse4.2", 1, 0, ecx, 20, Saved::always},
    Feature{"movbe", 1, 0, ecx, 22, Saved::always},
    Feature{"popcnt", 1, 0, ecx, 23, Saved::always},
    Feature{"aes", 1, 0, ecx, 25, Saved::always},
    Feature{"avx", 1, 0, ecx, 28, Saved::ymm},
    Feature{"f16c", 1, 0, ecx, 29, Saved::ymm},
    Feature{"sse", 1, 0, edx, 25, Saved::always},
    Feature{"sse2", 1, 0, edx, 26, Saved::always},
    Feature{"bmi", 7, 0, ebx, 3, Saved::always},
    Feature{"avx2", 7, 0, ebx, 5, Saved::ymm},
    Feature{"bmi2", 7, 0, ebx, 8, Saved::always},
    Feature{"avx512f", 7, 0, ebx, 16, Saved::zmm},
    Feature{"avx512dq", 7, 0, ebx, 17, Saved::zmm},
    Feature{"adx", 7, 0, ebx, 19, Saved::always},
    Feature{"avx512ifma", 7, 0, ebx, 21, Saved::zmm},
    Feature{"avx512cd", 7, 0, ebx, 28, Saved::zmm},
    Feature{"sha", 7, 0, ebx, 29, Saved::always},
    Feature{"avx512bw", 7, 0, ebx, 30, Saved::zmm},
    Feature{"avx512vl", 7, 0, ebx, 31, Saved::zmm},
    Feature{"avx512vbmi", 7, 0, ecx, 1, Saved::zmm},
    Feature{"avx512vbmi2", 7, 0, ecx, 6, Saved::zmm},
    Feature{"gfni", 7, 0, ecx, 8, Saved::always},
    Feature{"vaes", 7, 0, ecx, 9, Saved::ymm},
    Feature{"vpclmulqdq", 7, 0, ecx, 10, Saved::ymm},
    Feature{"avx512vnni", 7, 0, ecx, 11, Saved::zmm},
    Feature{"avx512bitalg", 7, 0, ecx, 12, Saved::zmm},
    Feature{"avx512vpopcntdq", 7, 0, ecx, 14, Saved::zmm},
    Feature{"avx512vp2intersect", 7, 0, edx, 8, Saved::zmm},
    Feature{"avx512fp16", 7, 0, edx, 23, Saved::zmm},
    Feature{"avxvnni", 7, 1, eax, 4, Saved::ymm},
    Feature{"avx512bf16", 7, 1, eax, 5, Saved::zmm},
    Feature{"avxifma", 7, 1, eax, 23, Saved::ymm},
    Feature{"avxvnniint8", 7, 1, edx, 4, Saved::ymm},
    Feature{"avxneconvert", 7, 1, edx, 5, Saved::ymm},
    Feature{"avxvnniint16", 7, 1, edx, 10, Saved::ymm},
    Feature{"lzcnt", 0x80000001, 0, ecx, 5, Saved::always},
    Feature{"sse4a", 0x80000001, 0, ecx, 6, Saved::always},
    Feature{"xop", 0x80000001, 0, ecx, 11, Saved::ymm},
    Feature{"fma4", 0x80000001, 0, ecx, 16, Saved::ymm},
    Feature{"tbm", 0x80000001, 0, ecx, 21, Saved::always},
};

bool system_saves(Saved saved) {
  if (saved == Saved::always) return true;
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
  constexpr std::uint32_t osxsave = 1u << 27;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & osxsave) == 0) return false;
  std::uint32_t low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const std::uint32_t needed = saved == Saved::ymm ? 0x06 : 0xe6;  // xmm and ymm; and opmask and both halves of zmm
  return (low & needed) == needed;
}

#endif

}  // namespace

bool host_has_feature(std::string_view name) {
#if defined(__x86_64__)
  for (const Feature& feature : features) {
    if (feature.name != name) continue;
    std::array<std::uint32_t, 4> words{};
    const bool known =
        __get_cpuid_count(feature.leaf, feature.subleaf, &words[eax], &words[ebx], &words[ecx], &words[edx]) != 0;
    return known && (words[feature.reg] >> feature.bit & 1) != 0 && system_saves(feature.saved);
  }
#else
  static_cast<void>(name);
#endif
  return true;
}

std::string missing_features(std::string_view target_features, bool (*has)(std::string_view)) {
  std::string missing;
  while (!target_features.empty()) {
    const std::size_t comma = target_features.find(',');
    const std::string_view item = target_features.substr(0, comma);
    target_features = comma == std::string_view::npos ? std::string_view{} : target_features.substr(comma + 1);
    if (item.size() < 2 || item.front() != '+' || has(item.substr(1))) continue;
    if (!missing.empty()) missing += ", ";
    missing += item.substr(1);
  }
  return missing;
}

}  // namespace d2nn::exec
