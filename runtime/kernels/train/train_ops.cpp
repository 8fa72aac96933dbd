// The door of training: one object per op of the table, made after its sizes were checked against the buffers.
#include "kernels/train_ops.h"

#include <array>
#include <new>
#include <string>

#include "d2nn/train_state.h"
#include "kernels/isa/host_loops.h"
#include "kernels/train/train_op.h"

namespace d2nn::kernels {
namespace {

using train::MakeOp;
using train::Shared;
using train::TrainOp;

struct Maker {
  d2nn_op_kind kind;
  MakeOp make;
};

/// Fails to compile when it is reached in a constant expression: a kind without a maker, or with two.
inline void maker_missing_or_doubled() {}

/// The makers by d2nn_op_kind.
template <std::size_t rows>
consteval std::array<MakeOp, D2NN_OP_KINDS> makers_by_kind(const Maker (&list)[rows]) {
  static_assert(rows == D2NN_OP_KINDS, "one maker for each d2nn_op_kind");
  std::array<MakeOp, D2NN_OP_KINDS> makers{};
  for (const Maker& maker : list) {
    if (makers[maker.kind] != nullptr) maker_missing_or_doubled();
    makers[maker.kind] = maker.make;
  }
  return makers;
}

constexpr auto makers = makers_by_kind({
    {D2NN_OP_CONV, train::make_conv},
    {D2NN_OP_CONV_TRANSPOSE, train::make_conv},
    {D2NN_OP_DENSE, train::make_dense},
    {D2NN_OP_MATMUL, train::make_matmul},
    {D2NN_OP_ATTENTION, train::make_attention},
    {D2NN_OP_MAX_POOL, train::make_max_pool},
    {D2NN_OP_AVG_POOL, train::make_avg_pool},
    {D2NN_OP_TOP, train::make_top},
    {D2NN_OP_BATCH_NORM, train::make_batch_norm},
    {D2NN_OP_NORMALIZE, train::make_normalize},
    {D2NN_OP_DROPOUT, train::make_dropout},
    {D2NN_OP_COPY, train::make_copy},
    {D2NN_OP_CONCAT, train::make_concat},
    {D2NN_OP_EXPRESSION, train::make_expression},
});

bool has_window(std::uint32_t kind) {
  return kind == D2NN_OP_CONV || kind == D2NN_OP_CONV_TRANSPOSE || kind == D2NN_OP_MAX_POOL || kind == D2NN_OP_AVG_POOL;
}

/// An op with the fields that its kind leaves unset made harmless.
d2nn_op completed(d2nn_op op) {
  if (!has_window(op.kind)) return op;
  op.dilation_h = std::max<std::int64_t>(op.dilation_h, 1);
  op.dilation_w = std::max<std::int64_t>(op.dilation_w, 1);
  op.groups = std::max<std::int64_t>(op.groups, 1);
  return op;
}

/// Why the kernels cannot run an op, or "". A module from our compiler never fails here; a damaged one must not crash.
class OpCheck {
 public:
  OpCheck(const d2nn_module& module, const d2nn_op& op) : module_(module), code_(*module.train), op_(op) {}

  std::string problem() const {
    if (op_.kind >= D2NN_OP_KINDS) return "its kind is " + std::to_string(op_.kind);
    const bool may_read_nothing = op_.kind == D2NN_OP_EXPRESSION;  // a learned tensor
    if (op_.operand_count == 0 ? !may_read_nothing : !op_.operands) return "it reads no buffer";
    if (op_.result >= code_.buffer_count) return "its result is no buffer";
    for (std::uint32_t i = 0; i < op_.operand_count; ++i)
      if (elements(op_.operands[i]) < 1) return "its operand " + std::to_string(i) + " is no buffer";
    if (op_.kind == D2NN_OP_EXPRESSION) return expression_problem();
    for (const std::int64_t size : {op_.in_c, op_.in_h, op_.in_w, op_.out_c, op_.out_h, op_.out_w})
      if (size < 1) return "a size is " + std::to_string(size);
    const std::int64_t out = elements(op_.result);
    if (op_.kind == D2NN_OP_CONCAT) return concat_problem(out);
    if (elements(op_.operands[0]) != op_.in_c * op_.in_h * op_.in_w)
      return "its operand has another size than its buffer";
    if (out != op_.out_c * op_.out_h * op_.out_w) return "its result has another size than its buffer";
    if (has_window(op_.kind)) return window_problem(out);
    return kind_problem();
  }

 private:
  std::int64_t elements(std::uint32_t buffer) const {
    if (buffer < code_.buffer_count) return code_.buffers[buffer].elements;
    const std::uint32_t input = buffer - D2NN_INPUT_OPERAND;
    return buffer >= D2NN_INPUT_OPERAND && input < module_.input_count ? module_.inputs[input].elements : 0;
  }
  bool has_parameter(std::size_t role, std::int64_t size) const {
    const std::uint32_t p = op_.params[role];
    return p < module_.parameter_count && module_.parameters[p].tensor.elements == size;
  }
  bool has_optional(std::size_t role, std::int64_t size) const {
    return op_.params[role] == D2NN_NO_INDEX || has_parameter(role, size);
  }
  bool gives_size(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                  std::int64_t dilation) const {
    return kernel >= 1 && stride >= 1 && pad >= 0 && (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1 == out;
  }

  std::string concat_problem(std::int64_t out) const {
    std::int64_t sum = 0;
    for (std::uint32_t i = 0; i < op_.operand_count; ++i) sum += elements(op_.operands[i]);
    return sum != out ? "its operands do not fill its result" : "";
  }

  std::string expression_problem() const {
    if (op_.expression_forward == nullptr) return "it has no code";
    if (op_.expression_scratch < 0) return "its scratch is " + std::to_string(op_.expression_scratch);
    for (const std::uint32_t p : op_.params)
      if (p != D2NN_NO_INDEX && p >= module_.parameter_count) return "its parameter is none of the module's";
    return "";
  }

  /// Of a transposed convolution; what `output_pad` adds is less than the stride or the dilation.
  static bool gives_transposed(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                               std::int64_t pad, std::int64_t dilation) {
    if (kernel < 1 || stride < 1 || pad < 0) return false;
    const std::int64_t added = out - ((in - 1) * stride - 2 * pad + dilation * (kernel - 1) + 1);
    return added >= 0 && added < std::max(stride, dilation);
  }

  std::string transposed_problem() const {
    if (!gives_transposed(op_.in_h, op_.out_h, op_.kernel_h, op_.stride_h, op_.pad_h, op_.dilation_h) ||
        !gives_transposed(op_.in_w, op_.out_w, op_.kernel_w, op_.stride_w, op_.pad_w, op_.dilation_w))
      return "its window does not give its result's size";
    if (op_.in_c % op_.groups != 0 || op_.out_c % op_.groups != 0) return "its groups do not divide its channels";
    if (!has_parameter(0, op_.in_c * (op_.out_c / op_.groups) * op_.kernel_h * op_.kernel_w) ||
        !has_optional(1, op_.out_c))
      return "its parameters have other sizes";
    return "";
  }

  std::string window_problem(std::int64_t out) const {
    if (op_.kind == D2NN_OP_CONV_TRANSPOSE) return transposed_problem();
    if (!gives_size(op_.in_h, op_.out_h, op_.kernel_h, op_.stride_h, op_.pad_h, op_.dilation_h) ||
        !gives_size(op_.in_w, op_.out_w, op_.kernel_w, op_.stride_w, op_.pad_w, op_.dilation_w))
      return "its window does not give its result's size";
    if (op_.kind == D2NN_OP_CONV) {
      if (op_.in_c % op_.groups != 0 || op_.out_c % op_.groups != 0) return "its groups do not divide its channels";
      if (!has_parameter(0, op_.out_c * (op_.in_c / op_.groups) * op_.kernel_h * op_.kernel_w) ||
          !has_optional(1, op_.out_c))
        return "its parameters have other sizes";
      return "";
    }
    if (op_.in_c != op_.out_c) return "pooling cannot change the channels";
    if (op_.kind != D2NN_OP_MAX_POOL) return "";
    if (op_.pad_h > op_.dilation_h * (op_.kernel_h - 1) || op_.pad_w > op_.dilation_w * (op_.kernel_w - 1))
      return "a window lies wholly in the padding";
    if (op_.state >= code_.buffer_count ||
        code_.buffers[op_.state].row_bytes < d2nn_train_state_bytes(op_.kind, out, op_.kernel_h, op_.kernel_w))
      return "its state buffer is too small";
    return "";
  }

  std::string matmul_problem() const {
    constexpr auto wrong = "its operands are no matrices that can be multiplied";
    if (op_.operand_count != 2 || op_.in_h != op_.out_h || (op_.axis_count != 0 && !op_.axes)) return wrong;
    const std::int64_t right = elements(op_.operands[1]);
    if (right % (op_.in_w * op_.out_w) != 0) return wrong;
    std::int64_t products = 1;
    std::int64_t last_left = 0;
    std::int64_t last_right = 0;
    for (std::uint32_t i = 0; i < op_.axis_count; ++i) {
      const std::int64_t* axis = op_.axes + 3 * i;
      for (const std::int64_t number : {axis[0] - 1, axis[1], axis[2]})
        if (number < 0 || number > elements(op_.result)) return wrong;
      if (__builtin_mul_overflow(products, axis[0], &products)) return wrong;
      last_left += (axis[0] - 1) * axis[1];
      last_right += (axis[0] - 1) * axis[2];
      if (last_left >= op_.in_c || last_right >= right / (op_.in_w * op_.out_w)) return wrong;
    }
    return products == op_.out_c ? "" : wrong;
  }

  std::string attention_problem() const {
    if (op_.operand_count != 3) return "it has " + std::to_string(op_.operand_count) + " operands";
    if (op_.in_c != 1 || op_.out_c != 1 || op_.in_h != op_.out_h) return "its result has not its queries' size";
    const std::int64_t keys = elements(op_.operands[1]) / op_.in_w;
    if (keys * op_.in_w != elements(op_.operands[1]) || keys * op_.out_w != elements(op_.operands[2]))
      return "its keys and values have other sizes";
    if (op_.groups < 1 || op_.in_w % op_.groups != 0 || op_.out_w % op_.groups != 0)
      return "its heads do not divide its columns";
    return "";
  }

  std::string kind_problem() const {
    const std::int64_t in = op_.in_c * op_.in_h * op_.in_w;
    const std::int64_t out = op_.out_c * op_.out_h * op_.out_w;
    switch (op_.kind) {
      case D2NN_OP_DENSE:
        if (in % op_.out_h != 0) return "its operand does not divide among its places";
        return has_parameter(0, in / op_.out_h * op_.out_c) && has_optional(1, op_.out_c)
                   ? ""
                   : "its parameters have other sizes";
      case D2NN_OP_MATMUL:
        return matmul_problem();
      case D2NN_OP_TOP:
        if (op_.in_h != 1 || op_.in_w != 1 || op_.out_h != 1 || op_.out_w != 1 || op_.out_c > op_.in_c)
          return "it picks more than there is";
        if (op_.state >= code_.buffer_count ||
            code_.buffers[op_.state].row_bytes < d2nn_train_state_bytes(op_.kind, out, 1, 1))
          return "its state buffer is too small";
        return "";
      case D2NN_OP_ATTENTION:
        return attention_problem();
      case D2NN_OP_BATCH_NORM:
        if (in != out) return "its operand and its result have different sizes";
        return has_optional(0, op_.in_c) && has_optional(1, op_.in_c) && has_parameter(2, op_.in_c) &&
                       has_parameter(3, op_.in_c)
                   ? ""
                   : "its parameters have other sizes";
      case D2NN_OP_NORMALIZE:
        if (!op_.mean || !op_.std) return "its mean or std is missing";
        [[fallthrough]];
      default:
        return in == out ? "" : "its operand and its result have different sizes";
    }
  }

  const d2nn_module& module_;
  const d2nn_train_code& code_;
  const d2nn_op& op_;
};

class TrainOpsTable final : public TrainOps {
 public:
  TrainOpsTable(const d2nn_module& module, std::int64_t capacity, threads::ThreadPool& pool, const isa::Loops& loops)
      : shared_{module, *module.train, loops, pool, capacity, {}, {}, {}, {}} {}

  void make() {
    std::int64_t thread_floats = 0;
    std::int64_t op_floats = 0;
    for (std::uint32_t i = 0; i < shared_.code.op_count; ++i) {
      const d2nn_op op = completed(shared_.code.ops[i]);
      ops_.push_back(makers[op.kind](op, i, shared_));
      thread_floats = std::max(thread_floats, ops_.back()->thread_scratch_floats());
      op_floats = std::max(op_floats, ops_.back()->op_scratch_floats());
    }
    for (std::size_t t = 0; t < shared_.pool.threads(); ++t) shared_.thread_scratch.emplace_back(thread_floats);
    shared_.op_scratch = storage::AlignedFloats(op_floats);
  }

  Status begin_step(const TrainMemory& memory, const TrainStep& step) override {
    if (memory.capacity != shared_.capacity)
      return {D2NN_INTERNAL_ERROR, "the training kernels were made for " + std::to_string(shared_.capacity) +
                                       " rows, not for " + std::to_string(memory.capacity)};
    shared_.memory = memory;
    shared_.step = step;
    shared_.has_failed = false;
    auto pack = [this](std::size_t op, std::size_t) { ops_[op]->begin_step(); };
    shared_.pool.run(ops_.size(), pack);
    return {};
  }

  d2nn_status forward(std::uint32_t op, const std::int32_t* rows, std::int64_t count) noexcept override {
    if (op >= ops_.size()) return D2NN_INTERNAL_ERROR;
    if (count > 0) ops_[op]->forward({rows, count});
    return shared_.has_failed ? D2NN_OUT_OF_MEMORY : D2NN_OK;
  }

  d2nn_status backward(std::uint32_t op, const std::int32_t* rows, std::int64_t count) noexcept override {
    if (op >= ops_.size()) return D2NN_INTERNAL_ERROR;
    if (count > 0) ops_[op]->backward({rows, count});
    return shared_.has_failed ? D2NN_OUT_OF_MEMORY : D2NN_OK;
  }

 private:
  Shared shared_;
  std::vector<std::unique_ptr<TrainOp>> ops_;
};

}  // namespace

Result<std::unique_ptr<TrainOps>> train::create_train_ops(const d2nn_module& module, std::int64_t capacity,
                                                          threads::ThreadPool& pool, const isa::Loops& loops) {
  if (!module.train) return Status(D2NN_UNSUPPORTED, "this module was built without training; build it with `--train`");
  if (capacity < 1)
    return Status(D2NN_INVALID_ARGUMENT, "the capacity is " + std::to_string(capacity) + ", it must be at least 1");
  for (std::uint32_t i = 0; i < module.train->op_count; ++i) {
    const d2nn_op op = completed(module.train->ops[i]);
    const std::string problem = OpCheck(module, op).problem();
    if (!problem.empty())
      return Status(D2NN_INVALID_MODULE, "training op " + std::to_string(i) +
                                             (op.label ? " (" + std::string(op.label) + ")" : "") +
                                             " cannot be run: " + problem);
  }
  try {
    auto table = std::make_unique<TrainOpsTable>(module, capacity, pool, loops);
    table->make();
    return std::unique_ptr<TrainOps>(std::move(table));
  } catch (const std::bad_alloc&) {
    return Status(D2NN_OUT_OF_MEMORY,
                  "not enough memory for the training kernels of " + std::to_string(capacity) + " rows");
  }
}

Result<std::unique_ptr<TrainOps>> TrainOps::create(const d2nn_module& module, std::int64_t capacity,
                                                   threads::ThreadPool& pool) {
  return train::create_train_ops(module, capacity, pool, isa::host_loops());
}

}  // namespace d2nn::kernels
