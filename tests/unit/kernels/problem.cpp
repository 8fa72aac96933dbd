#include "unit/kernels/problem.h"

#include <array>
#include <sstream>
#include <stdexcept>

namespace d2nn::test {
namespace {

constexpr std::array<const char*, D2NN_OP_KINDS> kind_names = {
    "conv", "conv_transpose", "dense",     "matmul",  "attention", "max_pool", "avg_pool",
    "top",  "batch_norm",     "normalize", "dropout", "copy",      "concat",   "expression"};

std::vector<std::int64_t> numbers(const std::string& word, char separator) {
  std::vector<std::int64_t> result;
  std::istringstream in(word);
  for (std::string part; std::getline(in, part, separator);) result.push_back(std::stoll(part));
  return result;
}

std::int64_t outputs(std::int64_t in, std::int64_t k, std::int64_t s, std::int64_t p, std::int64_t d) {
  return (in + 2 * p - d * (k - 1) - 1) / s + 1;
}

void finish_shape(Problem& problem, const std::vector<std::int64_t>& out) {
  d2nn_op& op = problem.op;
  op.out_c = op.in_c;
  op.out_h = op.in_h;
  op.out_w = op.in_w;
  if (op.kind == D2NN_OP_CONV || op.kind == D2NN_OP_MAX_POOL || op.kind == D2NN_OP_AVG_POOL) {
    if (op.kind == D2NN_OP_CONV) op.out_c = out.at(0);
    op.out_h = outputs(op.in_h, op.kernel_h, op.stride_h, op.pad_h, op.dilation_h);
    op.out_w = outputs(op.in_w, op.kernel_w, op.stride_w, op.pad_w, op.dilation_w);
  } else if (op.kind == D2NN_OP_CONV_TRANSPOSE) {
    const auto size = [](std::int64_t in, std::int64_t k, std::int64_t s, std::int64_t p, std::int64_t d) {
      return (in - 1) * s - 2 * p + d * (k - 1) + 1;
    };
    op.out_c = out.at(0);
    op.out_h = size(op.in_h, op.kernel_h, op.stride_h, op.pad_h, op.dilation_h) + problem.output_pad_h;
    op.out_w = size(op.in_w, op.kernel_w, op.stride_w, op.pad_w, op.dilation_w) + problem.output_pad_w;
  } else if (op.kind == D2NN_OP_CONCAT) {
    op.out_c = 0;
    for (int i = 0; i < problem.operands; ++i) op.out_c += operand_elements(problem, i) / (op.in_h * op.in_w);
  } else if (!out.empty()) {
    op.out_c = out.at(0);
    op.out_h = out.size() > 1 ? out.at(1) : 1;
    op.out_w = out.size() > 2 ? out.at(2) : 1;
  }
}

}  // namespace

Problem parse_problem(const std::string& text) {
  Problem problem;
  problem.text = text;
  d2nn_op& op = problem.op;
  op.label = problem.text.c_str();
  op.kernel_h = op.kernel_w = op.stride_h = op.stride_w = op.dilation_h = op.dilation_w = op.groups = 1;
  std::istringstream in(text);
  std::string word;
  in >> word;
  op.kind = D2NN_OP_KINDS;
  for (std::uint32_t kind = 0; kind < D2NN_OP_KINDS; ++kind)
    if (word == kind_names[kind]) op.kind = kind;
  if (op.kind == D2NN_OP_KINDS) throw std::invalid_argument("kind " + word);
  std::vector<std::int64_t> out;
  const auto pair = [&in](std::int64_t& h, std::int64_t& w) {
    std::string value;
    in >> value;
    const auto sizes = numbers(value, 'x');
    h = sizes.at(0);
    w = sizes.back();
  };
  while (in >> word) {
    std::string value;
    if (word == "in" || word == "out") {
      in >> value;
      const auto sizes = numbers(value, 'x');
      if (word == "out") {
        out = sizes;
      } else {
        op.in_c = sizes.at(0);
        op.in_h = sizes.size() > 1 ? sizes.at(1) : 1;
        op.in_w = sizes.size() > 2 ? sizes.at(2) : 1;
      }
    } else if (word == "k") {
      pair(op.kernel_h, op.kernel_w);
    } else if (word == "s") {
      pair(op.stride_h, op.stride_w);
    } else if (word == "p") {
      pair(op.pad_h, op.pad_w);
    } else if (word == "d") {
      pair(op.dilation_h, op.dilation_w);
    } else if (word == "op") {
      pair(problem.output_pad_h, problem.output_pad_w);
    } else if (word == "keys") {
      in >> problem.keys;
    } else if (word == "causal") {
      op.is_causal = 1;
    } else if (word == "axes") {
      in >> value;
      std::istringstream axes(value);
      for (std::string axis; std::getline(axes, axis, ',');)
        for (const std::int64_t number : numbers(axis, 'x')) problem.axes.push_back(number);
      op.axis_count = static_cast<std::uint32_t>(problem.axes.size() / 3);
    } else if (word == "g") {
      in >> op.groups;
    } else if (word == "alpha") {
      in >> op.alpha;
    } else if (word == "momentum") {
      in >> op.momentum;
    } else if (word == "operands") {
      in >> problem.operands;
    } else if (word == "rows") {
      in >> value;
      const std::size_t slash = value.find('/');
      for (const std::int64_t row : numbers(value.substr(0, slash), ','))
        problem.rows.push_back(static_cast<std::int32_t>(row));
      problem.capacity = std::stoll(value.substr(slash + 1));
    } else if (word == "nobias") {
      problem.has_bias = false;
    } else if (word == "add") {
      problem.adds = true;
    } else if (word == "input") {
      problem.reads_input = true;
    } else if (word == "twice") {
      problem.is_twice = true;
    } else if (word == "eval") {
      problem.is_training = false;
    } else if (word == "relu") {
      op.fused_relu = 1;
    } else {
      throw std::invalid_argument(word);
    }
  }
  if (problem.rows.empty()) problem.rows = {0};
  for (std::int64_t c = 0; op.kind == D2NN_OP_NORMALIZE && c < op.in_c; ++c) {
    problem.mean.push_back(0.3F + 0.1F * static_cast<float>(c));
    problem.deviation.push_back(0.7F + 0.2F * static_cast<float>(c));
  }
  finish_shape(problem, out);
  return problem;
}

std::int64_t operand_elements(const Problem& problem, int i) {
  const std::int64_t first = problem.op.in_c * problem.op.in_h * problem.op.in_w;
  if (problem.op.kind == D2NN_OP_MATMUL && i == 1) {
    std::int64_t matrices = 1;
    for (std::size_t axis = 0; axis < problem.axes.size(); axis += 3)
      matrices += (problem.axes[axis] - 1) * problem.axes[axis + 2];
    return matrices * problem.op.in_w * problem.op.out_w;
  }
  if (problem.op.kind == D2NN_OP_ATTENTION && i > 0)
    return problem.keys * (i == 1 ? problem.op.in_w : problem.op.out_w);
  // The later operands of a concat have one channel more each, so that a mix-up shows.
  if (problem.op.kind != D2NN_OP_CONCAT || (problem.is_twice && i == problem.operands - 1)) return first;
  return first + i * problem.op.in_h * problem.op.in_w;
}

std::int64_t result_elements(const Problem& problem) {
  return problem.op.out_c * problem.op.out_h * problem.op.out_w;
}

std::int64_t parameter_elements(const Problem& problem, int role) {
  const d2nn_op& op = problem.op;
  if (op.kind == D2NN_OP_BATCH_NORM) return op.in_c;
  if (op.kind != D2NN_OP_CONV && op.kind != D2NN_OP_CONV_TRANSPOSE && op.kind != D2NN_OP_DENSE) return 0;
  if (role == 1) return problem.has_bias ? op.out_c : 0;
  if (role != 0) return 0;
  if (op.kind == D2NN_OP_DENSE) return operand_elements(problem, 0) / op.out_h * op.out_c;
  return op.out_c * (op.in_c / op.groups) * op.kernel_h * op.kernel_w;
}

}  // namespace d2nn::test
