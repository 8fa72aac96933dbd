// Positions in tensors as sums of loop counters with constant factors: what the schedule compares and the emission
// turns into addresses. The lane of a vector is a variable like any other, so that "contiguous", "the same for all
// lanes" and "every second" are read off the factors. No LLVM.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "expr/expression.h"

namespace d2nn::codegen {

/// A loop counter, the lane, or a rounded-down quotient of an index; by number in its Variables.
using Variable = std::uint32_t;
inline constexpr Variable lane_variable = 0;

/// offset + the sum of factor * variable. Equal sums are equal objects: parts ascend, no factor is 0.
struct Index {
  std::int64_t offset = 0;
  std::vector<std::pair<Variable, std::int64_t>> parts;

  Index() = default;
  Index(std::int64_t value) : offset(value) {}  // NOLINT: a number is an index
  static Index of(Variable variable, std::int64_t factor = 1);
  bool is_constant() const { return parts.empty(); }
  friend bool operator==(const Index&, const Index&) = default;
  friend auto operator<=>(const Index&, const Index&) = default;
};
Index operator+(const Index& a, const Index& b);
Index operator-(const Index& a, const Index& b);
Index operator*(const Index& a, std::int64_t factor);

/// One Index per axis of a term.
using Place = std::vector<Index>;

/// The least and the greatest value.
struct Range {
  std::int64_t first = 0, last = 0;
};

/// What the variables of one function stand for.
class Variables {
 public:
  struct Info {
    std::int64_t count = 0;    ///< values 0 .. count - 1
    Index numerator;           ///< of a quotient
    std::int64_t divisor = 0;  ///< 0: a counter or the lane
  };

  /// The lane has the values 0 .. 15 until narrow_lane.
  Variables();
  /// From here on only lanes below `count` matter.
  void narrow_lane(std::int64_t count) { infos_[lane_variable].count = count; }
  Variable counter(std::int64_t count);
  /// floor(index / divisor), taken apart as far as that is exact.
  Index quotient(const Index& index, std::int64_t divisor);
  Range range(const Index& index) const;
  const Info& operator[](Variable variable) const { return infos_[variable]; }

  bool depends_on_lane(const Index& index) const;
  /// Whether lanes and nothing else decide over this variable.
  bool is_of_lane_alone(Variable variable) const;
  /// The value in a lane of an index for which every variable is of the lane alone.
  std::int64_t value_in_lane(const Index& index, std::int64_t lane) const;

 private:
  std::vector<Info> infos_;
  std::map<std::pair<Index, std::int64_t>, Variable> quotients_;
};

/// Row-major strides.
std::vector<std::int64_t> strides_of(const expr::Dims& dims);
Index flat_index(const Place& place, const std::vector<std::int64_t>& strides);

/// 0 <= index < size: where a term may be read.
struct Condition {
  Index index;
  std::int64_t size = 0;
  friend bool operator==(const Condition&, const Condition&) = default;
  friend auto operator<=>(const Condition&, const Condition&) = default;
};

/// A term read at a place, where all conditions hold.
struct Reading {
  expr::Term term;
  Place place;
  std::vector<Condition> conditions;
  friend bool operator<(const Reading& a, const Reading& b) {
    if (a.term.index != b.term.index) return a.term.index < b.term.index;
    if (a.place != b.place) return a.place < b.place;
    return a.conditions < b.conditions;
  }
};

/// What `reading` of an elementwise or moving term reads, operand by operand. A pad adds its condition unless it always
/// holds.
std::vector<Reading> operands_of(const expr::Expression& expression, const Reading& reading, Variables& variables);

}  // namespace d2nn::codegen
