// Checks of what a caller of the C interface passed, before anything is read or written. Each refusal names the
// argument, what it is and what was expected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "d2nn/d2nn.h"
#include "d2nn/module.h"
#include "exec/context.h"
#include "status/status.h"

namespace d2nn::api {

Status check_source(const d2nn_weights_source* source);
Status check_options(const d2nn_context_options* options);

/// Checks the arguments of d2nn_run; keeps the memory that needs.
class RunArguments {
 public:
  explicit RunArguments(const d2nn_module& module);

  /// On success fills `request`. Allocates nothing unless it fails.
  Status check(const exec::Context& context, std::size_t batch, const float* const* inputs, float* const* outputs,
               const d2nn_run_options* options, exec::RunRequest& request);

 private:
  enum class Role : std::uint8_t { input, output, valid, trace_actions, trace_executed, trace_cost };

  /// The bytes of one buffer of a run.
  struct Range {
    std::uintptr_t begin = 0, end = 0;
    std::uint32_t index = 0;
    Role role = Role::input;
  };

  Status check_buffers(const char* argument, Role role, const float* const* buffers, const d2nn_tensor_info* tensors,
                       std::uint32_t count, std::size_t batch);
  Status check_options(const exec::Context& context, const d2nn_run_options& options, std::size_t batch);
  Status check_trace(const d2nn_trace& trace, std::size_t batch);
  Status add(Role role, std::uint32_t index, const void* begin, std::size_t batch, std::size_t bytes_per_sample,
             std::size_t alignment);
  Status check_overlap();
  std::string name(Role role, std::uint32_t index) const;

  const d2nn_module& module_;
  std::vector<Range> ranges_;
};

}  // namespace d2nn::api
