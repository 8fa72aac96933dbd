// Which of the tensors that found no place was probably meant: a misspelling, or a prefix that one side has and the
// other has not.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace d2nn::weight_import {

/// A tensor by name and shape.
struct Named {
  std::string name;
  std::vector<std::int64_t> shape;
};

/// The candidate most like `wanted`: one spelled nearly alike, else one of equal shape and last step (`weight`) whose
/// name shares the longest end. nullptr when there is none.
const Named* most_alike(const Named& wanted, std::span<const Named> candidates);

/// The one rename rule that would give every missing name from one of `loose`, as on a command line; empty when no
/// prefix does that.
std::string prefix_rule(std::span<const Named> missing, std::span<const Named> loose);

}  // namespace d2nn::weight_import
