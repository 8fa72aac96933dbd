// The one kind of memory that kernels read and write: zeroed, at a boundary of cache lines.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "d2nn/rounding.h"

namespace d2nn::storage {

/// `size` zeros of a plain type at a 64-byte boundary. Move-only; without memory (data() is nullptr) when the size is
/// 0.
template <class T>
class AlignedBuffer {
  static_assert(std::is_trivial_v<T>);

 public:
  AlignedBuffer() = default;
  /// Throws std::bad_alloc, also for a size that no memory could hold.
  explicit AlignedBuffer(std::size_t size) : size_(size) {
    if (size == 0) return;
    if (size > (PTRDIFF_MAX - static_cast<std::size_t>(alignment_bytes)) / sizeof(T)) throw std::bad_alloc();
    void* memory = std::aligned_alloc(alignment_bytes, round_up(size * sizeof(T), alignment_bytes));
    if (memory == nullptr) throw std::bad_alloc();
    data_.reset(static_cast<T*>(memory));
    std::fill_n(data_.get(), size, T{});
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::span<T> values() { return {data_.get(), size_}; }
  std::span<const T> values() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(T* memory) const { std::free(memory); }
  };
  std::unique_ptr<T[], Free> data_;
  std::size_t size_ = 0;
};

using AlignedFloats = AlignedBuffer<float>;
using AlignedBytes = AlignedBuffer<std::byte>;

}  // namespace d2nn::storage
