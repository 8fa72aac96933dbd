// Shapes of the values of one body, each known as soon as it is made.
#pragma once

#include <optional>
#include <utility>

#include "sema/draft.h"

namespace d2nn::sema {

class BodyShapes {
 public:
  /// `is_known`: the node's inputs have shapes. Else no value of the body has one, and nothing is said of any.
  BodyShapes(Draft& draft, graph::NodeId id, bool is_known) : draft_(draft), id_(id), is_known_(is_known) {}

  /// The node's last op gets its shape and cost, its facts the weights. The first op that does not fit its operands
  /// (E0301, E0304, E0308, E0310), or whose cost exceeds 64 bits (E0308), is kept as the body's mistake; no value
  /// made from then on has a shape.
  void infer_last_op();
  /// Null: unknown.
  const ops::Shape* find(graph::ValueId value) const;
  /// The mistake of the body, once, with its place at the use of the block that brought it.
  std::optional<diag::Diagnostic> take_mistake() { return std::exchange(mistake_, std::nullopt); }
  /// All values have shapes.
  bool is_known() const { return is_known_; }
  /// Set by readers that could not go on without a shape that is unknown.
  bool is_missed = false;

 private:
  void keep(diag::Diagnostic mistake, std::size_t op);
  diag::Diagnostic misfit(std::size_t op, const ops::ShapeError& error) const;

  Draft& draft_;
  graph::NodeId id_;
  bool is_known_;
  std::optional<diag::Diagnostic> mistake_;
};

}  // namespace d2nn::sema
