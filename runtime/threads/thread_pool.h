// Our own threads: oneDNN always runs on one, we split rows and tiles ourselves (docs/architecture.md).
#pragma once

#include <cstddef>
#include <memory>

namespace d2nn::threads {

/// A reference to a callable `void(std::size_t task, std::size_t thread)`; must not throw; outlives the call it is
/// given to.
class TaskRef {
 public:
  template <class F>
  TaskRef(F& f)  // NOLINT: implicit on purpose
      : object_(&f),
        call_([](void* object, std::size_t task, std::size_t thread) { (*static_cast<F*>(object))(task, thread); }) {}
  void operator()(std::size_t task, std::size_t thread) const { call_(object_, task, thread); }

 private:
  void* object_;
  void (*call_)(void*, std::size_t, std::size_t);
};

/// A fixed set of threads; the calling thread is number 0 and works too. Idle threads spin for some microseconds, then
/// sleep. Every worker sets OpenMP's count to one, so that library kernels never grow pools of their own. One caller at
/// a time.
class ThreadPool {
 public:
  /// threads >= 1, the caller's included; 1 makes no thread. Throws std::system_error when a thread cannot be made.
  explicit ThreadPool(std::size_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t threads() const;
  /// Runs task(0) .. task(count-1), on at most `limit` threads (0: all), and returns when all are done. Allocates
  /// nothing. Which thread runs which task is not fixed: results must not depend on it.
  void run(std::size_t count, TaskRef task, std::size_t limit = 0) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace d2nn::threads
