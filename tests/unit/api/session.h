// A model of the fake module and a context, made through the C interface as a user would.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "d2nn/d2nn.h"
#include "fake_module.h"

namespace d2nn::tests {

/// Owns both; fails the test when they cannot be made.
struct Session {
  explicit Session(std::size_t max_batch, std::size_t threads = 1) {
    REQUIRE(d2nn_model_create(fork_module(), nullptr, &model) == D2NN_OK);
    const d2nn_context_options options = {sizeof(options), max_batch, threads};
    REQUIRE(d2nn_context_create_with(model, &options, &context) == D2NN_OK);
  }
  ~Session() {
    d2nn_context_destroy(context);
    d2nn_model_destroy(model);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  d2nn_model* model = nullptr;
  d2nn_context* context = nullptr;
};

/// The options of a run that asks for nothing.
inline d2nn_run_options plain_options() {
  d2nn_run_options options{};
  options.struct_size = sizeof(options);
  return options;
}

}  // namespace d2nn::tests
