// The reference interpreter: what a program means, in naive loops over the graph, forward and backward. The judge of
// the compiled code. It knows graph::Program and nothing else of the compiler, no kernel library and no pass, and is
// written to be read beside docs/language.md ("Semantics, per sample") and training.md rather than to be fast. Values
// are kept in Scalar between ops and summed up in double inside them: float for comparisons with compiled code, double
// for finite differences.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "reference/op_loops.h"

namespace d2nn::reference {

/// All parameters of a program, by ParamId::index, in the shapes of graph::Parameter.
template <class Scalar>
using Weights = std::vector<Tensor<Scalar>>;

/// The inputs of one sample, in order of nodes_of(input).
template <class Scalar>
using Sample = std::vector<Tensor<Scalar>>;

/// eval: running statistics, no dropout. train: batch norm by the rows that execute the node, dropout as `uniform`
/// says.
enum class Mode { eval, train };

template <class Scalar>
struct Options {
  Mode mode = Mode::eval;
  /// Chooses the action of a control node for a row from its finite scores; empty: highest score, ties to the first.
  std::function<std::uint32_t(std::size_t row, graph::NodeId control, std::span<const Scalar> scores)> policy;
  /// train: a number in [0, 1) per dropout element; below p it is dropped. `op` indexes Node::ops. Required if there is
  /// dropout.
  std::function<double(graph::NodeId node, std::size_t op, std::size_t row, std::size_t element)> uniform;
  /// train: the rows that a node is expected to see; batch norm's momentum is scaled by rows / expected_rows, to at
  /// most 1. 0: the rows of the batch.
  double expected_rows = 0;
};

/// What happened to one sample.
template <class Scalar>
struct SampleResult {
  std::vector<bool> executed;                          // by NodeId::index; an output: its value is not null
  std::vector<std::optional<std::uint32_t>> actions;   // in order of nodes_of(control); nullopt: did not execute
  std::vector<Tensor<Scalar>> scores;                  // in the same order; empty: did not execute
  std::vector<std::optional<Tensor<Scalar>>> outputs;  // in order of nodes_of(output); nullopt: null
  std::int64_t cost = 0;                               // multiplications of the nodes executed
  /// A control score was not finite: names the sample and the control node. The sample stops there, its outputs are
  /// null.
  std::optional<std::string> error;
};

/// A batch after forward(): results, and all that backward() reads. Belongs to the interpreter that made it.
template <class Scalar>
struct Batch {
  std::vector<SampleResult<Scalar>> results;  // by row
  /// [row][NodeId::index][value]: as graph::ValueId counts; of inputs, dummies and outputs one value. Empty where
  /// skipped.
  std::vector<std::vector<std::vector<Tensor<Scalar>>>> values;
  /// [NodeId::index][op]
  std::vector<std::vector<OpState<Scalar>>> states;
  /// The rows that executed each node, ascending; by NodeId::index.
  std::vector<std::vector<std::size_t>> rows;
  /// The weights after the step: batch norm has moved its running statistics, all else is as before.
  Weights<Scalar> weights_after;
};

/// d(loss) with respect to what a batch reported. An empty tensor means zero.
template <class Scalar>
struct LossGradients {
  std::vector<std::vector<Tensor<Scalar>>> outputs;  // [row][output]; ignored where the output is null
  std::vector<std::vector<Tensor<Scalar>>> scores;   // [row][control]; ignored where it did not execute
};

template <class Scalar>
struct Gradients {
  Weights<Scalar> parameters;                       // zero for running statistics and what no row executed
  std::vector<std::vector<Tensor<Scalar>>> inputs;  // [row][input]
};

/// Instantiated for float and double.
template <class Scalar>
class Interpreter {
 public:
  /// `program` must outlive the interpreter and pass graph::verify.
  Interpreter(const graph::Program& program, Weights<Scalar> weights);

  SampleResult<Scalar> run_sample(const Sample<Scalar>& sample, const Options<Scalar>& options = {}) const;
  Batch<Scalar> forward(const std::vector<Sample<Scalar>>& samples, const Options<Scalar>& options = {}) const;
  /// Through executed nodes only (docs/training.md, "The losses"). The choice of an action has no gradient.
  Gradients<Scalar> backward(const Batch<Scalar>& batch, const LossGradients<Scalar>& loss) const;

 private:
  const graph::Program& program_;
  Weights<Scalar> weights_;
};

/// A policy that takes these actions (in order of nodes_of(control)) and the highest score where one is nullopt.
template <class Scalar>
std::function<std::uint32_t(std::size_t, graph::NodeId, std::span<const Scalar>)> forced_actions(
    const graph::Program& program, std::vector<std::optional<std::uint32_t>> actions);

}  // namespace d2nn::reference
