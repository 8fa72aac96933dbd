// Where the elements of a tensor stand along its axes; written out, one number per element.
#pragma once

#include <algorithm>
#include <vector>

#include "ops/shape.h"

namespace d2nn::reference {

/// The place along each axis of element number `index`.
inline std::vector<std::int64_t> coordinates(const ops::Shape& shape, std::size_t index) {
  std::vector<std::int64_t> places(shape.rank());
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    const auto size = std::size_t(shape.dims[axis]);
    places[axis] = std::int64_t(index % size);
    index /= size;
  }
  return places;
}

/// The number of the element at those places.
inline std::size_t element_at(const ops::Shape& shape, const std::vector<std::int64_t>& places) {
  std::size_t index = 0;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    index = index * std::size_t(shape.dims[axis]) + std::size_t(places[axis]);
  }
  return index;
}

/// For each element of a tensor the number of the one that a reduction over `axes` makes of it.
inline std::vector<std::size_t> reduced_elements(const ops::Shape& shape, const std::vector<std::int64_t>& axes) {
  ops::Shape reduced = shape;
  for (std::int64_t axis : axes) reduced.dims[std::size_t(axis)] = 1;
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < std::size_t(shape.elements()); ++i) {
    std::vector<std::int64_t> places = coordinates(shape, i);
    for (std::int64_t axis : axes) places[std::size_t(axis)] = 0;
    numbers.push_back(element_at(reduced, places));
  }
  return numbers;
}

/// The axes of a sample that stand for height and width.
inline const std::vector<std::int64_t> image_axes{1, 2};

}  // namespace d2nn::reference
