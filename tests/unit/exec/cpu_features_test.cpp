// Features of the processor, by LLVM's names.
#include "exec/cpu_features.h"

#include <doctest/doctest.h>

using d2nn::exec::host_has_feature;
using d2nn::exec::missing_features;

TEST_CASE("only required features that are denied are missing, in their order") {
  const auto no_avx512 = [](std::string_view name) { return name.substr(0, 6) != "avx512"; };
  CHECK(missing_features("+avx2,+avx512f,-avx512bw,+fma,+avx512vl", no_avx512) == "avx512f, avx512vl");
  CHECK(missing_features("+avx2,-sse4a", no_avx512).empty());
  CHECK(missing_features("", no_avx512).empty());
  CHECK(missing_features(",+,", no_avx512).empty());
}

#if defined(__x86_64__)
TEST_CASE("what every x86-64 processor has is there, what no compiler turns into instructions is not asked for") {
  CHECK(host_has_feature("sse2"));
  CHECK(host_has_feature("cx8"));
  CHECK(missing_features("+sse,+sse2,+64bit").empty());
}

TEST_CASE("the compiler's own answer agrees on the vector features") {
  __builtin_cpu_init();
  CHECK(host_has_feature("avx") == (__builtin_cpu_supports("avx") != 0));
  CHECK(host_has_feature("avx2") == (__builtin_cpu_supports("avx2") != 0));
  CHECK(host_has_feature("fma") == (__builtin_cpu_supports("fma") != 0));
  CHECK(host_has_feature("bmi2") == (__builtin_cpu_supports("bmi2") != 0));
  CHECK(host_has_feature("avx512f") == (__builtin_cpu_supports("avx512f") != 0));
  CHECK(host_has_feature("avx512vl") == (__builtin_cpu_supports("avx512vl") != 0));
  CHECK(host_has_feature("avx512vnni") == (__builtin_cpu_supports("avx512vnni") != 0));
  CHECK(host_has_feature("xop") == (__builtin_cpu_supports("xop") != 0));
  CHECK(host_has_feature("fma4") == (__builtin_cpu_supports("fma4") != 0));
}
#endif
