#include "weight_import/renames.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "io/input_file.h"

namespace d2nn::weight_import {

namespace {

constexpr std::uint64_t greatest_map_bytes = 64 << 20;

/// Text that an expression matches as it stands.
std::string escaped(const std::string& text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

/// Text that a replacement gives as it stands.
std::string literal(const std::string& text) {
  std::string replacement;
  for (const char c : text) replacement += c == '$' ? "$$" : std::string(1, c);
  return replacement;
}

Status wrong_map(const std::string& path, const std::string& words) {
  return Status(D2NN_INVALID_ARGUMENT, "`" + path + "` " + words);
}

}  // namespace

Status Renames::read_map(const std::string& path) {
  const auto bytes = io::read_file(path, greatest_map_bytes);
  if (!bytes.ok()) return bytes.status();
  const nlohmann::json json = nlohmann::json::parse(bytes->begin(), bytes->end(), nullptr, false);
  if (json.is_discarded()) return wrong_map(path, "is not JSON");
  const std::string form = R"({"name in the file": "name in the network"})";
  if (!json.is_object()) return wrong_map(path, "is no rename map; an object " + form + " is needed");
  for (const auto& [name, renamed] : json.items()) {
    if (!renamed.is_string() && !renamed.is_null())
      return wrong_map(
          path, "maps `" + name + "` to `" + renamed.dump() + "`; a name, or null to leave the tensor out, is needed");
    map_[name] = renamed.is_null() ? std::optional<std::string>() : std::optional(renamed.get<std::string>());
  }
  return {};
}

Status Renames::add_rule(const std::string& text) {
  const std::size_t equal = text.rfind('=');
  const auto refuse = [&](const std::string& words) {
    return Status(D2NN_INVALID_ARGUMENT, "`--rename '" + text + "'` " + words);
  };
  if (equal == std::string::npos) return refuse("has no `=`; REGEX=REPLACEMENT is needed");
  if (equal == 0) return refuse("has nothing before its `=`; write `^=` to put text before every name");
  try {
    rules_.push_back({std::regex(text.substr(0, equal)), text.substr(equal + 1)});
  } catch (const std::regex_error& error) {
    return refuse(std::string("is no regular expression: ") + error.what());
  }
  return {};
}

Result<Renames> Renames::read(const std::string& map_path, const std::vector<std::string>& rules) {
  Renames renames;
  if (!map_path.empty()) {
    if (Status status = renames.read_map(map_path); !status.ok()) return status;
  }
  for (const std::string& rule : rules) {
    if (Status status = renames.add_rule(rule); !status.ok()) return status;
  }
  return renames;
}

std::optional<std::string> Renames::apply(const std::string& name) const {
  if (const auto found = map_.find(name); found != map_.end()) return found->second;
  std::string renamed = name;
  for (const Rule& rule : rules_) {
    if (renamed.size() > longest_renamed_name) return renamed;
    renamed = std::regex_replace(renamed, rule.pattern, rule.replacement);
  }
  return renamed;
}

std::string exact_rule(const std::string& from, const std::string& to) {
  return "'^" + escaped(from) + "$=" + literal(to) + "'";
}

std::string without_prefix_rule(const std::string& prefix) {
  return "'^" + escaped(prefix) + "='";
}

std::string with_prefix_rule(const std::string& prefix) {
  return "'^=" + literal(prefix) + "'";
}

}  // namespace d2nn::weight_import
