// Memory whose neighbours on both sides cannot be touched: a kernel that reads or writes one float too far ends with
// SIGSEGV.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <vector>

namespace d2nn::testing {

/// `count` floats that begin right behind, or end right before, an unreadable page. They start as NaN, so that a value
/// used before it is written shows. Empty: no memory, data() is null.
class GuardedRow {
 public:
  enum class Side { begin, end };

  GuardedRow(std::size_t count, Side side) : count_(count) {
    if (count == 0) return;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t body = (count * sizeof(float) + page - 1) / page * page;
    mapped_bytes_ = body + 2 * page;
    mapped_ = ::mmap(nullptr, mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) throw std::bad_alloc();
    char* begin = static_cast<char*>(mapped_) + page;
    if (::mprotect(begin, body, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    data_ = reinterpret_cast<float*>(side == Side::begin ? begin : begin + body - count * sizeof(float));
    std::fill_n(data_, count, std::numeric_limits<float>::quiet_NaN());
  }
  GuardedRow(const std::vector<float>& values, Side side) : GuardedRow(values.size(), side) {
    std::copy(values.begin(), values.end(), data_);
  }
  ~GuardedRow() {
    if (mapped_ != nullptr) ::munmap(mapped_, mapped_bytes_);
  }
  GuardedRow(const GuardedRow&) = delete;
  GuardedRow& operator=(const GuardedRow&) = delete;

  float* data() { return data_; }
  std::vector<float> values() const { return {data_, data_ + count_}; }

 private:
  std::size_t count_;
  std::size_t mapped_bytes_ = 0;
  void* mapped_ = nullptr;
  float* data_ = nullptr;
};

}  // namespace d2nn::testing
