// The pool: every task once, on the threads asked for, at any size; safe to reuse at once and to leave idle.
#include "threads/thread_pool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "threads/openmp_guard.h"

extern "C" int omp_get_max_threads(void);

using d2nn::threads::OneOpenMpThread;
using d2nn::threads::ThreadPool;

TEST_CASE("every task runs exactly once, whatever the number of threads and tasks") {
  for (std::size_t threads : {1u, 2u, 3u, 5u}) {
    ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    for (std::size_t count : {0u, 1u, 2u, 3u, 7u, 100u, 1000u}) {
      std::vector<std::atomic<int>> runs(count);
      auto task = [&](std::size_t i, std::size_t) { runs[i].fetch_add(1, std::memory_order_relaxed); };
      pool.run(count, task);
      std::size_t once = 0;
      for (const std::atomic<int>& n : runs) once += n.load() == 1;
      CHECK(once == count);
    }
  }
}

TEST_CASE("tasks see what the caller wrote before, and the caller sees what tasks wrote, without atomics") {
  ThreadPool pool(4);
  std::vector<int> values(257, 0);
  for (int round = 1; round <= 2000; ++round) {
    const int step = round;
    auto task = [&](std::size_t i, std::size_t) { values[i] += step; };
    pool.run(values.size(), task);
  }
  for (int value : values) REQUIRE(value == 2000 * 2001 / 2);
}

TEST_CASE("thread numbers stay below the limit, and thread 0 is the caller") {
  ThreadPool pool(4);
  for (std::size_t limit : {1u, 2u, 3u, 4u, 9u}) {
    std::atomic<bool> within{true};
    std::atomic<bool> zero_is_caller{true};
    const std::thread::id caller = std::this_thread::get_id();
    auto task = [&](std::size_t, std::size_t thread) {
      if (thread >= std::min<std::size_t>(limit, 4)) within = false;
      if ((thread == 0) != (std::this_thread::get_id() == caller)) zero_is_caller = false;
    };
    pool.run(64, task, limit);
    CHECK(within.load());
    CHECK(zero_is_caller.load());
  }
}

TEST_CASE("tasks run at the same time on different threads") {
  ThreadPool pool(2);
  std::atomic<int> arrived{0};
  auto meet = [&](std::size_t, std::size_t) {
    arrived.fetch_add(1);
    while (arrived.load() < 2) std::this_thread::yield();  // ends only when the other task runs meanwhile
  };
  pool.run(2, meet);
  CHECK(arrived.load() == 2);
}

TEST_CASE("workers that went to sleep wake up for the next job") {
  ThreadPool pool(3);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic<int> arrived{0};
    auto meet = [&](std::size_t, std::size_t) {
      arrived.fetch_add(1);
      while (arrived.load() < 3) std::this_thread::yield();
    };
    pool.run(3, meet);
    CHECK(arrived.load() == 3);
  }
}

TEST_CASE("OpenMP uses one thread in every worker, and in the caller only while the guard lives") {
  const int before = omp_get_max_threads();
  ThreadPool pool(3);
  std::atomic<int> arrived{0};
  std::atomic<int> workers_with_one{0};
  auto task = [&](std::size_t, std::size_t thread) {
    if (thread != 0 && omp_get_max_threads() == 1) workers_with_one.fetch_add(1);
    arrived.fetch_add(1);
    while (arrived.load() < 3) std::this_thread::yield();
  };
  pool.run(3, task);
  CHECK(workers_with_one.load() == 2);
  {
    const OneOpenMpThread one;
    CHECK(omp_get_max_threads() == 1);
    const OneOpenMpThread nested;
    CHECK(omp_get_max_threads() == 1);
  }
  CHECK(omp_get_max_threads() == before);
}
