// The executable's own malloc stands in front of the C library's; a sanitizer, which has its own, calls a hook.
#include "allocation_count.h"

#include <atomic>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define D2NN_HAS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define D2NN_HAS_SANITIZER
#endif
#endif

namespace {

constinit std::atomic<std::size_t> count{0};
constinit std::atomic<void (*)()> current_observer{nullptr};
constinit thread_local bool is_observing = false;

void counted() noexcept {
  if (is_observing) return;
  count.fetch_add(1, std::memory_order_relaxed);
  void (*const observer)() = current_observer.load(std::memory_order_relaxed);
  if (observer == nullptr) return;
  is_observing = true;
  observer();
  is_observing = false;
}

}  // namespace

std::size_t d2nn::tests::allocations() noexcept {
  return count.load();
}

void d2nn::tests::observe_allocations(void (*observer)()) noexcept {
  current_observer.store(observer);
}

#ifdef D2NN_HAS_SANITIZER

extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*, std::size_t),
                                                         void (*on_free)(const volatile void*));
namespace {

[[maybe_unused]] const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { counted(); }, [](const volatile void*) {});

}  // namespace

#else

// Visible to the shared libraries of the process: they must call these too.
#pragma GCC visibility push(default)
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  counted();
  return __libc_malloc(size);
}
void* calloc(std::size_t items, std::size_t size) {
  counted();
  return __libc_calloc(items, size);
}
void* realloc(void* memory, std::size_t size) {
  counted();
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  counted();
  return __libc_memalign(alignment, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  counted();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  counted();
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? 12 : 0;  // ENOMEM
}
}
#pragma GCC visibility pop

#endif
