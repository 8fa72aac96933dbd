// The arguments of a layer by name, with their types, ranges and defaults.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace d2nn::ops {

/// Height and width, in that order (`pad: 1x2`).
struct Extent {
  std::int64_t h = 1;
  std::int64_t w = 1;
  friend bool operator==(const Extent&, const Extent&) = default;
};

using Integers = std::vector<std::int64_t>;
using Numbers = std::vector<double>;
/// `[1, 2]`; a type of its own, since dims are Integers too.
struct IntegerList {
  Integers values;
  friend bool operator==(const IntegerList&, const IntegerList&) = default;
};
using Word = std::string;

/// How a tensor of weights starts before training.
enum class Start : std::uint8_t {
  fan_in,  ///< uniform in +-1 / sqrt(fan_in), PyTorch's default for conv and linear; the bias too
  zeros,
  ones,
  normal,  ///< with mean 0 and a standard deviation
};
/// `zeros`, `ones`, `normal(0.02)`; no other Start.
struct StartValues {
  Start start = Start::zeros;
  double deviation = 1;  ///< of Start::normal
  friend bool operator==(const StartValues&, const StartValues&) = default;
};

enum class ParamType : std::uint8_t {
  extent,    ///< `3x5`, or one int for both
  integer,   ///< `8`
  boolean,   ///< `true`
  number,    ///< `0.5`
  dims,      ///< `1x28x28`
  numbers,   ///< `[0.5, 0.25]`
  integers,  ///< `[1, 2]`, or one int for a list of it
  word,      ///< `bilinear`; one of ParamInfo::choices
  start,     ///< `zeros`, `ones`, `normal(0.02)`
};

/// One value; the alternatives are those of ParamType, in its order (dims: Integers).
using Argument = std::variant<Extent, std::int64_t, bool, double, Integers, Numbers, IntegerList, Word, StartValues>;

/// One parameter of a layer. `fallback` is its default as written in the language ("0", "true"), or the name of another
/// parameter, whose value it takes ("kernel"); null when it is required. An int, an extent's height and width and every
/// element of dims lie in [least, max_elements]; a number, and every element of a list of them, is finite in f32.
struct ParamInfo {
  const char* name;
  ParamType type;
  const char* fallback;
  const char* doc;
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::span<const char* const> choices = {};  ///< the words that ParamType::word takes
};

/// Values by parameter name. A name that has none is a defect of the caller (std::logic_error): complete() gives every
/// parameter of a layer one.
class Arguments {
 public:
  Arguments() = default;

  /// Sets or replaces. `name` is that of a ParamInfo: the text must outlive the arguments.
  Arguments& set(std::string_view name, Argument value);
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, std::int64_t>)
  Arguments& set(std::string_view name, T value) {
    return set(name, Argument(static_cast<std::int64_t>(value)));
  }

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// nullptr when the name has no value.
  const Argument* find(std::string_view name) const;

  Extent extent(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  bool boolean(std::string_view name) const;
  double number(std::string_view name) const;  ///< of an int too
  const Integers& dims(std::string_view name) const;
  const Numbers& numbers(std::string_view name) const;
  const Integers& integers(std::string_view name) const;
  const Word& word(std::string_view name) const;
  const StartValues& start(std::string_view name) const;

  friend bool operator==(const Arguments&, const Arguments&) = default;

 private:
  std::vector<std::pair<std::string_view, Argument>> values_;  // in the order in which they were set
};

/// The arguments with the defaults of those that are missing. Required ones must be there.
Arguments complete(std::span<const ParamInfo> params, Arguments given);

/// The arguments as written in the language, without those that have their default: "3x3, 8, stride: 2, pad: 1"; empty
/// when there are none. They must be complete.
std::string arguments_text(std::span<const ParamInfo> params, const Arguments& arguments);

/// "conv(kernel, filters, stride: 1, pad: 0, dilation: 1, groups: 1, bias: true)".
std::string signature_text(std::string_view layer, std::span<const ParamInfo> params);

/// A shortest text that reads back as the same number, with digits on both sides of a point: "0.1", "2.0", "1e-05".
std::string number_text(double value);

/// "`nearest` or `bilinear`".
std::string choices_text(std::span<const char* const> choices);

/// "3x3", or "3" when both are equal.
std::string extent_text(Extent extent);

}  // namespace d2nn::ops
