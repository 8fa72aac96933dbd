// Random bodies of nodes: pipelines of layers with arguments that fit, expressions over let, operators, numbers and
// products, attention and concat, and blocks, repetitions, choices and lists that hold some of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "differential/random_source.h"
#include "ops/shape.h"

namespace d2nn::differential {

constexpr std::int64_t most_elements = 1200;  // of any tensor: the reference interpreter is slow

/// A piece of text and the shape of the tensor it stands for.
struct Piece {
  std::string text;
  ops::Shape shape;
};

/// An input of the node that the body may read; `name` is empty for the one unnamed input.
struct BodyInput {
  std::string name;
  ops::Shape shape;
};

class BodyGenerator {
 public:
  /// Counts what it uses in `features`.
  BodyGenerator(RandomSource& random, std::map<std::string, int>& features) : random_(random), features_(features) {}

  /// " -> conv(3x3, 4) -> relu" with up to `most_layers` layers, on a tensor of this shape; may be empty.
  Piece pipeline(const ops::Shape& input, std::size_t most_layers);
  /// What stands between a node's braces. `units`: the result must be a vector of this many elements, written as the
  /// text `units_text` ("actions"); 0: any shape.
  Piece body(const std::vector<BodyInput>& inputs, std::int64_t units, const std::string& units_text);
  /// Declarations of the blocks that the bodies so far use.
  const std::string& blocks() const { return blocks_; }

 private:
  Piece layer(const ops::Shape& input);
  /// Hides the layers of a pipeline in a `repeat`, an `if` or a block, with one of its numbers as a parameter; not
  /// always.
  Piece hidden(const Piece& pipeline, const ops::Shape& input);
  std::string repeated(const std::string& layers);
  std::string in_a_block(const std::string& layers);
  std::string chosen(const std::string& layers);
  Piece over_a_list(const ops::Shape& input);
  Piece unnamed_body(const BodyInput& input);
  Piece named_body(const std::vector<BodyInput>& inputs);
  /// An operator between them or concat(left, right), whatever their shapes allow.
  Piece combined(const Piece& left, const Piece& right);
  Piece with_number(const Piece& tensor);
  Piece with_parameter(const Piece& tensor);
  Piece matrix(const Piece& tensor);
  Piece attention(const Piece& from, const Piece& to);
  Piece matrix_product(const Piece& tensor);
  std::optional<Piece> halves(const Piece& tensor, std::string& lets);
  void count(const std::string& feature) { ++features_[feature]; }

  RandomSource& random_;
  std::map<std::string, int>& features_;
  std::string blocks_;
  int block_count_ = 0;
  int labels_ = 0;
};

}  // namespace d2nn::differential
