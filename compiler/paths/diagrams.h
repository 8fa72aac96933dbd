// Decision diagrams over yes/no variables: BuDDy, made safe. Its state is global, its errors look like the predicate
// "never", and its defaults exit the process or print; none of that leaves diagrams.cpp: one session at a time, every
// operation checked, an error is a DiagramError. Used inside the paths room only.
#pragma once

#include <functional>
#include <mutex>
#include <span>
#include <stdexcept>
#include <vector>

namespace d2nn::paths {

/// BuDDy could not carry out an operation: the diagrams outgrew their limit or memory ran out. Caught by analyse().
class DiagramError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A yes/no function of the session's variables. Equal functions are equal values. Must not outlive its session.
class Predicate {
 public:
  Predicate(const Predicate& other);
  Predicate(Predicate&& other) noexcept;
  Predicate& operator=(Predicate other) noexcept;
  ~Predicate();

  bool is_never() const;
  bool is_always() const;
  /// The first variable in the order that the predicate depends on, and what is left when it is no or yes.
  /// Only for predicates that are neither never nor always.
  int variable() const;
  Predicate when_no() const;
  Predicate when_yes() const;
  /// Its value when variable v is values[v]; the values must reach to the last variable it depends on.
  bool holds(const std::vector<bool>& values) const;
  /// A key for tables: equal for equal predicates while one of them lives.
  int key() const { return node_; }

  /// A predicate, usually smaller, that agrees with this one wherever `care` holds; care is not never.
  Predicate simplified(const Predicate& care) const;

  friend Predicate operator!(const Predicate& predicate);
  friend Predicate operator&(const Predicate& left, const Predicate& right);
  friend Predicate operator|(const Predicate& left, const Predicate& right);
  friend bool operator==(const Predicate& left, const Predicate& right) { return left.node_ == right.node_; }

 private:
  friend class DiagramSession;
  /// Takes a reference to a BuDDy node; throws DiagramError when the operation that made it failed.
  explicit Predicate(int node);
  int node_;
};

/// The only owner of BuDDy while it lives; a second session waits for the first to end.
class DiagramSession {
 public:
  /// Variables 0 .. variable_count-1, in this order in the diagrams. `node_limit` bounds the memory (about 40 bytes a
  /// node).
  DiagramSession(int variable_count, int node_limit);
  DiagramSession(const DiagramSession&) = delete;
  DiagramSession& operator=(const DiagramSession&) = delete;
  ~DiagramSession();

  Predicate always() const;
  Predicate never() const;
  /// True when the variable is yes.
  Predicate variable(int index) const;
  /// True when some (every) value of the variables makes the predicate true.
  Predicate exists(const Predicate& predicate, std::span<const int> variables) const;
  Predicate for_all(const Predicate& predicate, std::span<const int> variables) const;
  /// What is left of `predicate` when the variables take the values that make `values` true, a conjunction of variables
  /// and negated variables.
  Predicate restricted(const Predicate& predicate, const Predicate& values) const;

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace d2nn::paths
