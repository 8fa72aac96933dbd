// What went wrong, for d2nn_error_message and d2nn_last_error, and the one way in for every function of the C
// interface.
#pragma once

#include <array>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "d2nn/d2nn.h"
#include "status/status.h"

namespace d2nn::api {

/// A sentence in fixed memory, so that "out of memory" can be said too. Too long a text ends in "...".
class ErrorText {
 public:
  void set(std::string_view text) noexcept;
  const char* text() const noexcept { return text_.data(); }

 private:
  std::array<char, 1024> text_{};
};

/// The calling thread's last error.
ErrorText& last_error() noexcept;

/// Records a failure for this thread and, unless NULL, in `own` (the object's); returns its code.
d2nn_status fail(ErrorText* own, d2nn_status code, std::string_view text) noexcept;

/// Runs `body`, a callable that returns a Status; nothing it throws leaves.
template <class Body>
d2nn_status guard(ErrorText* own, Body&& body) noexcept {
  try {
    const Status status = body();
    return status.ok() ? D2NN_OK : fail(own, status.code(), status.message());
  } catch (const std::bad_alloc&) {
    return fail(own, D2NN_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return fail(own, D2NN_INTERNAL_ERROR, error.what());
  } catch (...) {
    return fail(own, D2NN_INTERNAL_ERROR, "an exception of unknown type");
  }
}

}  // namespace d2nn::api
