// Names for generated C: a program may call an input `int`, `NULL` or `size_t`, and two of its names may fold to one.
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

namespace d2nn::driver {

/// Letters, digits and underscores: "leaf[2]" gives "leaf_2".
std::string fold_to_identifier(std::string_view name);

/// An include guard's middle part; different names give different ones: "net-2" gives "net_2D2".
std::string fold_injectively(std::string_view name);

/// Identifiers that may stand side by side in one C scope.
class CNames {
 public:
  /// taken: what the scope holds already.
  CNames(std::initializer_list<std::string_view> taken) : taken_(taken.begin(), taken.end()) {}

  /// The wanted identifier, with `n_` before it if it begins like a name of the C library or of d2nn/d2nn.h, and with
  /// underscores appended until it is not a keyword of C or C++ and has not been given before.
  std::string take(std::string wanted);

 private:
  std::set<std::string, std::less<>> taken_;
};

}  // namespace d2nn::driver
