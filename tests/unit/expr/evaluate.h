// The meaning of expressions, naively and in double: one loop over all elements per term.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <stdexcept>
#include <vector>

#include "expr/expression.h"

namespace d2nn::expr::test {

using Elements = std::vector<double>;

/// What the leaves hold.
struct Leaves {
  std::vector<Elements> operands;
  std::vector<Elements> weights;
};

/// The place of a flat number.
inline Dims place_of(std::int64_t flat, const Dims& dims) {
  Dims place(dims.size());
  for (std::size_t i = dims.size(); i-- > 0;) {
    place[i] = flat % dims[i];
    flat /= dims[i];
  }
  return place;
}

inline std::size_t flat_of(const Dims& place, const Dims& dims) {
  std::int64_t flat = 0;
  for (std::size_t i = 0; i < dims.size(); ++i) flat = flat * dims[i] + place[i];
  return static_cast<std::size_t>(flat);
}

inline double greatest(double a, double b) {
  return std::isnan(a) || a > b ? a : b;
}
inline double least(double a, double b) {
  return std::isnan(a) || a < b ? a : b;
}

inline double elementwise(Primitive primitive, const std::vector<double>& x) {
  switch (primitive) {
    case Primitive::negate:
      return -x[0];
    case Primitive::exp:
      return std::exp(x[0]);
    case Primitive::log:
      return std::log(x[0]);
    case Primitive::sqrt:
      return std::sqrt(x[0]);
    case Primitive::abs:
      return std::fabs(x[0]);
    case Primitive::tanh:
      return std::tanh(x[0]);
    case Primitive::erf:
      return std::erf(x[0]);
    case Primitive::detach:
      return x[0];
    case Primitive::add:
      return x[0] + x[1];
    case Primitive::subtract:
      return x[0] - x[1];
    case Primitive::multiply:
      return x[0] * x[1];
    case Primitive::divide:
      return x[0] / x[1];
    case Primitive::maximum:
      return greatest(x[0], x[1]);
    case Primitive::minimum:
      return least(x[0], x[1]);
    case Primitive::greater:
      return x[0] > x[1];
    case Primitive::equal:
      return x[0] == x[1];
    case Primitive::select:
      return x[0] != 0 ? x[1] : x[2];
    default:
      throw std::logic_error("not elementwise");
  }
}

/// The place of the source from which a movement takes what stands at `place`; false: pad puts its number there.
inline bool source_place(const TermInfo& info, const Dims& source_dims, Dims& place) {
  const auto axis = info.axes.empty() ? 0 : static_cast<std::size_t>(info.axes[0]);
  switch (info.primitive) {
    case Primitive::broadcast:
      for (std::size_t i = 0; i < place.size(); ++i) place[i] = source_dims[i] == 1 ? 0 : place[i];
      return true;
    case Primitive::reshape:
      place = place_of(static_cast<std::int64_t>(flat_of(place, info.dims)), source_dims);
      return true;
    case Primitive::permute: {
      const Dims result = place;
      for (std::size_t i = 0; i < result.size(); ++i) place[static_cast<std::size_t>(info.axes[i])] = result[i];
      return true;
    }
    case Primitive::slice:
      place[axis] += info.from;
      return true;
    case Primitive::pad:
      place[axis] -= info.from;
      return place[axis] >= 0 && place[axis] < source_dims[axis];
    case Primitive::repeat:
      place[axis] /= info.from;
      return true;
    default:
      throw std::logic_error("no movement");
  }
}

inline Elements evaluate_term(const Expression& expression, const TermInfo& info, const std::vector<Elements>& values,
                              const Leaves& leaves) {
  if (info.primitive == Primitive::operand) return leaves.operands.at(info.index);
  if (info.primitive == Primitive::weight) return leaves.weights.at(info.index);
  const auto count = static_cast<std::size_t>(elements(info.dims));
  Elements result(count, info.primitive == Primitive::max ? -INFINITY : 0);
  if (info.primitive == Primitive::constant) return Elements(count, info.number);
  const Dims& source_dims = expression[info.terms[0]].dims;
  const Elements& source = values[info.terms[0].index];
  if (family(info.primitive) == Family::reduction) {
    for (std::size_t i = 0; i < source.size(); ++i) {
      Dims place = place_of(static_cast<std::int64_t>(i), source_dims);
      for (std::int64_t axis : info.axes) place[static_cast<std::size_t>(axis)] = 0;
      double& into = result[flat_of(place, info.dims)];
      into = info.primitive == Primitive::sum ? into + source[i] : greatest(source[i], into);
    }
    return result;
  }
  for (std::size_t i = 0; i < count; ++i) {
    Dims place = place_of(static_cast<std::int64_t>(i), info.dims);
    if (family(info.primitive) == Family::movement) {
      result[i] = source_place(info, source_dims, place) ? source[flat_of(place, source_dims)] : info.number;
      continue;
    }
    std::vector<double> x;
    for (Term term : info.terms) x.push_back(values[term.index][i]);
    result[i] = elementwise(info.primitive, x);
  }
  return result;
}

/// The elements of each result.
inline std::vector<Elements> evaluate(const Expression& expression, const Leaves& leaves) {
  std::vector<Elements> values;
  for (const TermInfo& info : expression.terms) values.push_back(evaluate_term(expression, info, values, leaves));
  std::vector<Elements> results;
  for (Term result : expression.results) results.push_back(values[result.index]);
  return results;
}

inline Elements random_elements(const Dims& dims, std::mt19937& random, double least, double greatest) {
  Elements result(static_cast<std::size_t>(elements(dims)));
  for (double& x : result) x = std::uniform_real_distribution(least, greatest)(random);
  return result;
}

}  // namespace d2nn::expr::test
