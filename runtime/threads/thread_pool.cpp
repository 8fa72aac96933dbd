// One word per worker says where it is: idle -> posted (by the caller) -> working (by the worker) -> idle (by the
// worker). A caller that has run out of tasks takes back what a sleeping worker has not begun (posted -> idle), so that
// a short job never waits for a thread to wake up. The fields of the job are written only while no worker is posted or
// working.
#include "threads/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "threads/openmp_guard.h"

namespace d2nn::threads {
namespace {

constexpr int idle = 0;
constexpr int posted = 1;
constexpr int working = 2;
constexpr int stopping = 3;

/// How long a thread looks before it sleeps: about what waking it up would cost.
constexpr std::chrono::microseconds spin_time{30};

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Returns when `word` is no longer `value`: spins a little, then sleeps.
void wait_while(const std::atomic<int>& word, int value) {
  const auto start = std::chrono::steady_clock::now();
  do {
    for (int i = 0; i < 64; ++i) {
      if (word.load(std::memory_order_acquire) != value) return;
      relax();
    }
  } while (std::chrono::steady_clock::now() - start < spin_time);
  while (word.load(std::memory_order_acquire) == value) word.wait(value, std::memory_order_acquire);
}

/// In a cache line of its own: neighbours are written by other threads.
struct alignas(64) Worker {
  std::atomic<int> state{working};  // until it is ready to serve
  std::thread thread;
};

}  // namespace

struct ThreadPool::State {
  explicit State(std::size_t worker_count) : workers(worker_count) {}

  /// Takes tasks until none is left.
  void work(std::size_t thread) noexcept {
    for (std::size_t i = next.fetch_add(1, std::memory_order_relaxed); i < count;
         i = next.fetch_add(1, std::memory_order_relaxed)) {
      (*task)(i, thread);
    }
  }

  void serve(std::size_t thread) noexcept {
    const OneOpenMpThread one_thread;
    std::atomic<int>& state = workers[thread - 1].state;
    int starting = working;
    if (state.compare_exchange_strong(starting, idle, std::memory_order_release)) state.notify_one();
    for (;;) {
      wait_while(state, idle);
      int expected = posted;
      if (state.compare_exchange_strong(expected, working, std::memory_order_acquire)) {
        work(thread);
        state.store(idle, std::memory_order_release);
        state.notify_one();
      } else if (expected == stopping) {
        return;
      }
    }
  }

  void stop() noexcept {
    for (Worker& worker : workers) {
      if (!worker.thread.joinable()) continue;
      worker.state.store(stopping, std::memory_order_release);
      worker.state.notify_one();
      worker.thread.join();
    }
  }

  std::vector<Worker> workers;  // thread i is workers[i - 1]
  const TaskRef* task = nullptr;
  std::size_t count = 0;
  alignas(64) std::atomic<std::size_t> next{0};
};

ThreadPool::ThreadPool(std::size_t threads) : state_(std::make_unique<State>(threads - 1)) {
  try {
    for (std::size_t i = 1; i < threads; ++i) {
      state_->workers[i - 1].thread = std::thread([state = state_.get(), i] { state->serve(i); });
    }
    // What a thread allocates when it starts (OpenMP's own state) is allocated here, not in a run.
    for (Worker& worker : state_->workers) wait_while(worker.state, working);
  } catch (...) {
    state_->stop();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  state_->stop();
}

std::size_t ThreadPool::threads() const {
  return state_->workers.size() + 1;
}

void ThreadPool::run(std::size_t count, TaskRef task, std::size_t limit) noexcept {
  const std::size_t most = limit == 0 ? threads() : std::min(limit, threads());
  const std::size_t helpers = count == 0 ? 0 : std::min(most, count) - 1;
  State& state = *state_;
  state.task = &task;
  state.count = count;
  state.next.store(0, std::memory_order_relaxed);
  for (std::size_t i = 0; i < helpers; ++i) {
    state.workers[i].state.store(posted, std::memory_order_release);
    state.workers[i].state.notify_one();
  }
  state.work(0);
  for (std::size_t i = 0; i < helpers; ++i) {
    std::atomic<int>& word = state.workers[i].state;
    int expected = posted;
    if (!word.compare_exchange_strong(expected, idle, std::memory_order_acquire)) wait_while(word, working);
  }
}

}  // namespace d2nn::threads
