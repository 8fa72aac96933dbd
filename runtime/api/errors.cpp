#include "api/errors.h"

#include <algorithm>

#include "api/enum_number.h"

namespace d2nn::api {

void ErrorText::set(std::string_view text) noexcept {
  constexpr std::string_view more = "...";
  std::size_t length = text.size();
  if (length >= text_.size()) {
    length = text_.size() - 1 - more.size();
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;  // not inside a character
  }
  char* end = std::copy_n(text.data(), length, text_.data());
  if (length < text.size()) end = std::copy(more.begin(), more.end(), end);
  *end = '\0';
}

ErrorText& last_error() noexcept {
  thread_local constinit ErrorText text;
  return text;
}

d2nn_status fail(ErrorText* own, d2nn_status code, std::string_view text) noexcept {
  last_error().set(text);
  if (own != nullptr) own->set(text);
  return code;
}

}  // namespace d2nn::api

extern "C" {

const char* d2nn_last_error(void) {
  return d2nn::api::last_error().text();
}

const char* d2nn_status_name(d2nn_status status) {
  switch (d2nn::api::number_of(status)) {
    case D2NN_OK:
      return "ok";
    case D2NN_INVALID_ARGUMENT:
      return "invalid argument";
    case D2NN_INVALID_MODULE:
      return "invalid module";
    case D2NN_INVALID_WEIGHTS:
      return "invalid weights";
    case D2NN_IO_ERROR:
      return "input or output failed";
    case D2NN_OUT_OF_MEMORY:
      return "out of memory";
    case D2NN_NONFINITE_CONTROL:
      return "control score not finite";
    case D2NN_BUDGET_TOO_SMALL:
      return "cost budget too small";
    case D2NN_UNSUPPORTED:
      return "unsupported";
    case D2NN_INTERNAL_ERROR:
      return "internal error";
    default:
      return "unknown status";
  }
}

}  // extern "C"
