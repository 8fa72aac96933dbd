// How runtime rooms report failure: a d2nn_status with a full sentence, or a value. No exception leaves a room.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "d2nn/d2nn.h"

namespace d2nn {

/// D2NN_OK, or why not. The message is a full sentence: lower case, no full stop, names the thing, the place and the
/// fix.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(d2nn_status code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == D2NN_OK; }
  d2nn_status code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  d2nn_status code_ = D2NN_OK;
  std::string message_;
};

/// A T, or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT: implicit on purpose, so that `return value;` works
  Result(Status status) : status_(std::move(status)) {}  // NOLINT: the same for failures

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace d2nn
