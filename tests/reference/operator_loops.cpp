// Operators of bodies: between tensors, whose axes of size 1 are repeated along the others', and with a number.
#include <stdexcept>
#include <string_view>

#include "reference/layer_loops.h"

namespace d2nn::reference {
namespace {

/// The element of an operand that meets an element of the result.
std::size_t place_in(const ops::Shape& operand, const ops::Shape& result, std::size_t element) {
  std::size_t place = 0, step = 1;
  for (std::size_t axis = result.rank(); axis-- > 0;) {
    const auto size = std::size_t(result.dims[axis]);
    if (operand.dims[axis] > 1) place += element % size * step;
    element /= size;
    step *= std::size_t(operand.dims[axis]);
  }
  return place;
}

/// Of two numbers: the value, and its slopes in the left and the right one.
struct Operator {
  std::string_view layer;
  double (*value)(double a, double b);
  double (*left)(double a, double b);
  double (*right)(double a, double b);
};
constexpr Operator all_operators[] = {
    {"add", [](double a, double b) { return a + b; }, [](double, double) { return 1.0; },
     [](double, double) { return 1.0; }},
    {"subtract", [](double a, double b) { return a - b; }, [](double, double) { return 1.0; },
     [](double, double) { return -1.0; }},
    {"multiply", [](double a, double b) { return a * b; }, [](double, double b) { return b; },
     [](double a, double) { return a; }},
    {"divide", [](double a, double b) { return a / b; }, [](double, double b) { return 1 / b; },
     [](double a, double b) { return -a / (b * b); }},
};

/// Of one number: the value and its slope.
struct Unary {
  std::string_view layer;
  double (*value)(double x, double number);
  double (*slope)(double x, double number);
};
constexpr Unary all_unaries[] = {
    {"negate", [](double x, double) { return -x; }, [](double, double) { return -1.0; }},
    {"add_number", [](double x, double n) { return x + n; }, [](double, double) { return 1.0; }},
    {"multiply_number", [](double x, double n) { return x * n; }, [](double, double n) { return n; }},
    {"divide_by_number", [](double x, double n) { return x / n; }, [](double, double n) { return 1 / n; }},
    {"number_minus", [](double x, double n) { return n - x; }, [](double, double) { return -1.0; }},
    {"number_over", [](double x, double n) { return n / x; }, [](double x, double n) { return -n / (x * x); }},
};

template <class Row, std::size_t size>
const Row& find(const Row (&rows)[size], std::string_view layer) {
  for (const Row& row : rows) {
    if (row.layer == layer) return row;
  }
  throw std::logic_error("`" + std::string(layer) + "` is no operator");
}

double number_of(const graph::Op& op) {
  return op.arguments.has("number") ? double(float(op.arguments.number("number"))) : 0;
}

}  // namespace

/// Of more than two operands from left to right, as `a + b + c`.
template <class Scalar>
void operator_forward(OpForward<Scalar>& call) {
  const Operator& op = find(all_operators, call.op.layer->name);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const auto& operands = call.operands[row];
    const auto value = [&](std::size_t operand, std::size_t i) {
      return double((*operands[operand])[place_in(call.operand_shapes[operand], call.op.shape, i)]);
    };
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      double result = value(0, i);
      for (std::size_t operand = 1; operand < operands.size(); ++operand) result = op.value(result, value(operand, i));
      (*call.results[row])[i] = Scalar(result);
    }
  }
}

template <class Scalar>
void operator_backward(OpBackward<Scalar>& call) {
  const Operator& op = find(all_operators, call.op.layer->name);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    const std::size_t count = call.operands[row].size();
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      std::vector<std::size_t> places;
      std::vector<double> partial;  // of the first operands together
      for (std::size_t k = 0; k < count; ++k) {
        places.push_back(place_in(call.operand_shapes[k], call.op.shape, i));
        const double value = (*call.operands[row][k])[places[k]];
        partial.push_back(k == 0 ? value : op.value(partial[k - 1], value));
      }
      double gradient = (*call.result_gradients[row])[i];
      for (std::size_t k = count; k-- > 1;) {
        const double value = (*call.operands[row][k])[places[k]];
        (*call.operand_gradients[row][k])[places[k]] += Scalar(gradient * op.right(partial[k - 1], value));
        gradient *= op.left(partial[k - 1], value);
      }
      (*call.operand_gradients[row][0])[places[0]] += Scalar(gradient);
    }
  }
}

template <class Scalar>
void number_forward(OpForward<Scalar>& call) {
  const Unary& op = find(all_unaries, call.op.layer->name);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      (*call.results[row])[i] = Scalar(op.value((*call.operands[row][0])[i], number_of(call.op)));
    }
  }
}

template <class Scalar>
void number_backward(OpBackward<Scalar>& call) {
  const Unary& op = find(all_unaries, call.op.layer->name);
  for (std::size_t row = 0; row < call.results.size(); ++row) {
    for (std::size_t i = 0; i < call.results[row]->size(); ++i) {
      const double slope = op.slope((*call.operands[row][0])[i], number_of(call.op));
      (*call.operand_gradients[row][0])[i] += Scalar(double((*call.result_gradients[row])[i]) * slope);
    }
  }
}

template void operator_forward(OpForward<float>&);
template void operator_forward(OpForward<double>&);
template void operator_backward(OpBackward<float>&);
template void operator_backward(OpBackward<double>&);
template void number_forward(OpForward<float>&);
template void number_forward(OpForward<double>&);
template void number_backward(OpBackward<float>&);
template void number_backward(OpBackward<double>&);

}  // namespace d2nn::reference
