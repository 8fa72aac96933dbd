// The floating-point mode of a run: round to nearest, subnormals flushed (they cost a hundredfold), no traps; the
// caller's comes back.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace d2nn::exec {

/// Sets the calling thread's mode while it lives, then restores it with its sticky flags. Costs some nanoseconds.
class FlushSubnormals {
 public:
#if defined(__x86_64__)
  FlushSubnormals() noexcept : former_(_mm_getcsr()) {
    constexpr unsigned all_masked = 0x1f80, flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
    _mm_setcsr(all_masked | flush_to_zero | denormals_are_zero);
  }
  ~FlushSubnormals() { _mm_setcsr(former_); }
#elif defined(__aarch64__)
  FlushSubnormals() noexcept {
    asm volatile("mrs %0, fpcr" : "=r"(former_));
    const std::uint64_t flush_to_zero = std::uint64_t{1} << 24;
    asm volatile("msr fpcr, %0" : : "r"(flush_to_zero));
  }
  ~FlushSubnormals() { asm volatile("msr fpcr, %0" : : "r"(former_)); }
#else
#error "floating-point mode of this processor is not known"
#endif
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
#if defined(__x86_64__)
  unsigned former_;
#else
  std::uint64_t former_ = 0;
#endif
};

}  // namespace d2nn::exec
