// Enumerations that come from C.
#pragma once

#include <cstring>
#include <type_traits>

namespace d2nn::api {

/// The number in an enumeration that a caller filled. C may put any there, which C++ must not read as the enumeration.
template <class Enum>
int number_of(const Enum& value) {
  static_assert(std::is_enum_v<Enum> && sizeof(value) == sizeof(int));
  int number = 0;
  std::memcpy(&number, &value, sizeof(number));
  return number;
}

}  // namespace d2nn::api
