// The training table of examples/high_low, written by hand: what the compiler emits for it, without the compiler, so
// that the kernels can be timed alone.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "kernels/train_ops.h"

namespace d2nn::bench {

/// One op of the table with the rows that execute it.
struct ListedOp {
  std::uint32_t op;
  const std::vector<std::int32_t>* rows;
};

/// The module, its memory for one batch, and the order of execution. Parameters are small random numbers.
class HighLowTable {
 public:
  /// batch: rows; even rows take the high path, odd rows the low one.
  explicit HighLowTable(std::int64_t batch);
  HighLowTable(const HighLowTable&) = delete;
  HighLowTable& operator=(const HighLowTable&) = delete;

  const d2nn_module& module() const { return module_; }
  kernels::TrainMemory memory();
  const std::vector<ListedOp>& order() const { return order_; }
  const d2nn_op& op(std::uint32_t i) const { return ops_[i]; }
  /// Zeroes what backward adds to.
  void clear_gradients();
  /// Plain SGD.
  void update(float rate);

 private:
  std::uint32_t add_buffer(std::int64_t elements, bool accumulates);
  std::uint32_t add_parameter(std::int64_t elements);
  /// Appends an op that reads `operand`; returns its result.
  std::uint32_t add(d2nn_op op, const std::string& label, std::uint32_t operand, const std::vector<std::int32_t>& rows,
                    bool is_node_value = false);

  std::int64_t batch_;
  std::vector<std::int32_t> all_, even_, odd_;
  std::vector<d2nn_buffer> buffers_;
  std::vector<d2nn_parameter> parameter_infos_;
  std::vector<d2nn_op> ops_;
  std::deque<std::string> labels_;
  std::deque<std::uint32_t> operands_;
  std::vector<ListedOp> order_;
  std::int64_t arena_floats_ = 0, gradient_floats_ = 0, parameter_floats_ = 0;
  d2nn_tensor_info input_info_{};
  d2nn_train_code code_{};
  d2nn_module module_{};
  std::vector<float> values_, gradients_, parameters_, parameter_gradients_, input_;
  const float* inputs_[1] = {nullptr};
};

}  // namespace d2nn::bench
