// OpenMP in the kernel library follows a setting of the calling thread: without this, each of our threads would grow a
// pool.
#pragma once

namespace d2nn::threads {

/// While it lives, OpenMP uses one thread in regions entered from the calling thread; then the former count is back.
/// Put around the creation of library kernels (they are chosen for the count) and around their calls. Cheap; nests.
class OneOpenMpThread {
 public:
  OneOpenMpThread() noexcept;
  ~OneOpenMpThread();
  OneOpenMpThread(const OneOpenMpThread&) = delete;
  OneOpenMpThread& operator=(const OneOpenMpThread&) = delete;

 private:
  int former_count_;
};

}  // namespace d2nn::threads
