// See index.h.
#include "codegen/expressions/index.h"

#include <algorithm>

namespace d2nn::codegen {

namespace {

using expr::Primitive;

constexpr std::int64_t most_lanes = 16;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

// The place of the same element under other dims.
Place place_under(const Place& place, const expr::Dims& from, const expr::Dims& to, Variables& variables) {
  Index rest = flat_index(place, strides_of(from));
  const std::vector<std::int64_t> strides = strides_of(to);
  Place result(to.size());
  for (std::size_t axis = 0; axis < to.size(); ++axis) {
    if (to[axis] == 1) continue;
    result[axis] = variables.quotient(rest, strides[axis]);
    rest = rest - result[axis] * strides[axis];
  }
  return result;
}

}  // namespace

Index Index::of(Variable variable, std::int64_t factor) {
  Index result;
  if (factor != 0) result.parts.emplace_back(variable, factor);
  return result;
}

Index operator+(const Index& a, const Index& b) {
  Index sum(a.offset + b.offset);
  auto left = a.parts.begin();
  auto right = b.parts.begin();
  while (left != a.parts.end() || right != b.parts.end()) {
    if (right == b.parts.end() || (left != a.parts.end() && left->first < right->first)) {
      sum.parts.push_back(*left++);
    } else if (left == a.parts.end() || right->first < left->first) {
      sum.parts.push_back(*right++);
    } else {
      const std::int64_t factor = left->second + right->second;
      if (factor != 0) sum.parts.emplace_back(left->first, factor);
      ++left;
      ++right;
    }
  }
  return sum;
}

Index operator*(const Index& a, std::int64_t factor) {
  if (factor == 0) return {};
  Index product = a;
  product.offset *= factor;
  for (auto& part : product.parts) part.second *= factor;
  return product;
}

Index operator-(const Index& a, const Index& b) {
  return a + b * -1;
}

Variables::Variables() {
  infos_.push_back({most_lanes, {}, 0});
}

Variable Variables::counter(std::int64_t count) {
  infos_.push_back({count, {}, 0});
  return static_cast<Variable>(infos_.size() - 1);
}

Range Variables::range(const Index& index) const {
  Range result{index.offset, index.offset};
  for (const auto& [variable, factor] : index.parts) {
    Range values{0, infos_[variable].count - 1};
    if (const std::int64_t divisor = infos_[variable].divisor; divisor != 0) {
      const Range numerator = range(infos_[variable].numerator);
      values = {floor_divide(numerator.first, divisor), floor_divide(numerator.last, divisor)};
    }
    result.first += factor * (factor > 0 ? values.first : values.last);
    result.last += factor * (factor > 0 ? values.last : values.first);
  }
  return result;
}

Index Variables::quotient(const Index& index, std::int64_t divisor) {
  if (divisor == 1) return index;
  Index exact(floor_divide(index.offset, divisor));
  Index rest(index.offset - exact.offset * divisor);
  for (const auto& [variable, factor] : index.parts) {
    if (factor % divisor == 0) {
      exact.parts.emplace_back(variable, factor / divisor);
    } else {
      rest.parts.emplace_back(variable, factor);
    }
  }
  const Range remainder = range(rest);
  if (remainder.first >= 0 && remainder.last < divisor) return exact;
  const auto [entry, is_new] = quotients_.try_emplace({rest, divisor}, static_cast<Variable>(infos_.size()));
  if (is_new) infos_.push_back({0, rest, divisor});
  return exact + Index::of(entry->second);
}

bool Variables::depends_on_lane(const Index& index) const {
  return std::any_of(index.parts.begin(), index.parts.end(), [&](const auto& part) {
    const Info& info = infos_[part.first];
    return part.first == lane_variable || (info.divisor != 0 && depends_on_lane(info.numerator));
  });
}

bool Variables::is_of_lane_alone(Variable variable) const {
  if (variable == lane_variable) return true;
  const Info& info = infos_[variable];
  return info.divisor != 0 && std::all_of(info.numerator.parts.begin(), info.numerator.parts.end(),
                                          [&](const auto& part) { return is_of_lane_alone(part.first); });
}

std::int64_t Variables::value_in_lane(const Index& index, std::int64_t lane) const {
  std::int64_t value = index.offset;
  for (const auto& [variable, factor] : index.parts) {
    const Info& info = infos_[variable];
    value += factor * (info.divisor == 0 ? lane : floor_divide(value_in_lane(info.numerator, lane), info.divisor));
  }
  return value;
}

std::vector<std::int64_t> strides_of(const expr::Dims& dims) {
  std::vector<std::int64_t> strides(dims.size(), 1);
  for (std::size_t axis = dims.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * dims[axis];
  return strides;
}

Index flat_index(const Place& place, const std::vector<std::int64_t>& strides) {
  Index flat;
  for (std::size_t axis = 0; axis < place.size(); ++axis) flat = flat + place[axis] * strides[axis];
  return flat;
}

std::vector<Reading> operands_of(const expr::Expression& expression, const Reading& reading, Variables& variables) {
  const expr::TermInfo& info = expression[reading.term];
  std::vector<Reading> operands;
  for (const expr::Term term : info.terms) {
    const expr::Dims& dims = expression[term].dims;
    Reading operand{term, reading.place, reading.conditions};
    const std::size_t axis = info.axes.empty() ? 0 : static_cast<std::size_t>(info.axes[0]);
    switch (info.primitive) {
      case Primitive::broadcast:
        operand.place.resize(dims.size());
        break;
      case Primitive::reshape:
        operand.place = place_under(reading.place, info.dims, dims, variables);
        break;
      case Primitive::permute:
        for (std::size_t i = 0; i < dims.size(); ++i) {
          operand.place[static_cast<std::size_t>(info.axes[i])] = reading.place[i];
        }
        break;
      case Primitive::slice:
        operand.place[axis] = reading.place[axis] + info.from;
        break;
      case Primitive::pad: {
        operand.place[axis] = reading.place[axis] - info.from;
        const Range range = variables.range(operand.place[axis]);
        if (range.first < 0 || range.last >= dims[axis]) {
          operand.conditions.push_back({operand.place[axis], dims[axis]});
          std::sort(operand.conditions.begin(), operand.conditions.end());
        }
        break;
      }
      case Primitive::repeat:
        operand.place[axis] = variables.quotient(reading.place[axis], info.from);
        break;
      case Primitive::operand:
      case Primitive::weight:
      case Primitive::constant:
      case Primitive::negate:
      case Primitive::exp:
      case Primitive::log:
      case Primitive::sqrt:
      case Primitive::abs:
      case Primitive::tanh:
      case Primitive::erf:
      case Primitive::detach:
      case Primitive::add:
      case Primitive::subtract:
      case Primitive::multiply:
      case Primitive::divide:
      case Primitive::maximum:
      case Primitive::minimum:
      case Primitive::greater:
      case Primitive::equal:
      case Primitive::select:
      case Primitive::sum:
      case Primitive::max:
        break;
    }
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] == 1) operand.place[i] = Index();
    }
    operands.push_back(std::move(operand));
  }
  return operands;
}

}  // namespace d2nn::codegen
