// What the tensors of a file are called in a network: a map of names, then rules.
#pragma once

#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "status/status.h"

namespace d2nn::weight_import {

/// Names longer than this are not renamed by rules: the standard library's expressions recurse on every character.
inline constexpr std::size_t longest_renamed_name = 1000;

/// How to rename. Reading it checks its form; whether the names exist is for the caller to see.
class Renames {
 public:
  /// map_path: a JSON object of "name in the file": "name in the network", or null for a tensor to leave out; empty
  /// path: no map. rules: REGEX=REPLACEMENT, cut at the last `=`; ECMAScript, `$1` in the replacement. D2NN_IO_ERROR:
  /// the map cannot be read; D2NN_INVALID_ARGUMENT: it is no such object, or a rule is wrong.
  static Result<Renames> read(const std::string& map_path, const std::vector<std::string>& rules);

  /// The name in the network: that of the map, else every rule applied to the result of the one before, wherever it
  /// matches. nullopt: the map leaves the tensor out.
  std::optional<std::string> apply(const std::string& name) const;
  /// By name in the file.
  const std::map<std::string, std::optional<std::string>>& map() const { return map_; }

 private:
  struct Rule {
    std::regex pattern;
    std::string replacement;
  };
  Status read_map(const std::string& path);
  Status add_rule(const std::string& text);

  std::map<std::string, std::optional<std::string>> map_;
  std::vector<Rule> rules_;
};

/// The rule that renames exactly `from` to `to`, as one writes it on a command line, in quotes.
std::string exact_rule(const std::string& from, const std::string& to);
/// The rule that takes `prefix` off every name, or puts it before every name.
std::string without_prefix_rule(const std::string& prefix);
std::string with_prefix_rule(const std::string& prefix);

}  // namespace d2nn::weight_import
