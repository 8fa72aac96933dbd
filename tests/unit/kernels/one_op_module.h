// A module whose training table has one op, with its memory: what the tests of kernels run.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/train_ops.h"
#include "unit/kernels/naive.h"
#include "unit/kernels/problem.h"

namespace d2nn::test {

/// Buffers: the operands (or inputs), the result, the state. All values are drawn from the seed; rows that are not
/// executed, and what must be overwritten, hold sentinel.
class OneOpModule {
 public:
  static constexpr float sentinel = -7777.0F;

  OneOpModule(const Problem& problem, std::uint32_t seed);
  OneOpModule(const OneOpModule&) = delete;
  OneOpModule& operator=(const OneOpModule&) = delete;

  const d2nn_module& module() const { return module_; }
  kernels::TrainMemory memory();

  /// Row r of operand i's, or the result's, values and gradient.
  float* operand(int i, std::int64_t row);
  float* operand_gradient(int i, std::int64_t row);
  float* result(std::int64_t row);
  float* result_gradient(std::int64_t row);
  float* parameter(int role) { return parameters_.data() + offsets_[static_cast<std::size_t>(role)]; }
  float* parameter_gradient(int role) { return parameter_gradients_.data() + offsets_[static_cast<std::size_t>(role)]; }
  /// The buffer that operand i reads: another one's when the problem gives it twice.
  int buffer_of(int i) const { return problem_.is_twice && i == problem_.operands - 1 ? 0 : i; }

  /// The executed rows as the naive loops want them.
  NaiveInput naive_input();

 private:
  const Problem& problem_;
  std::vector<d2nn_buffer> buffers_;
  std::vector<std::uint32_t> operands_;
  std::vector<d2nn_parameter> parameter_infos_;
  std::vector<std::int64_t> offsets_;
  d2nn_tensor_info input_info_{};
  d2nn_op op_{};
  d2nn_train_code code_{};
  d2nn_module module_{};
  std::vector<float> values_, gradients_, parameters_, parameter_gradients_, input_;
  const float* inputs_[1] = {nullptr};
};

}  // namespace d2nn::test
