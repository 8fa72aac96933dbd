#include "weight_import/resemblance.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "diag/spelling.h"
#include "weight_import/renames.h"
#include "weights/safetensors_header.h"

namespace d2nn::weight_import {

namespace {

std::string_view last_step(std::string_view name) {
  return name.substr(name.rfind('.') + 1);  // npos + 1 is 0
}

std::size_t common_end(std::string_view a, std::string_view b) {
  const auto differ = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  return static_cast<std::size_t>(differ.first - a.rbegin());
}

}  // namespace

const Named* most_alike(const Named& wanted, std::span<const Named> candidates) {
  std::vector<std::string_view> names;
  for (const Named& candidate : candidates) names.push_back(candidate.name);
  const std::string_view close = diag::closest(wanted.name, names);
  const Named* best = nullptr;
  std::size_t best_end = 0;
  for (const Named& candidate : candidates) {
    if (!close.empty() && candidate.name == close) return &candidate;
    if (!weights::fits_shape(candidate.shape, wanted.shape) || last_step(candidate.name) != last_step(wanted.name))
      continue;
    if (const std::size_t end = common_end(candidate.name, wanted.name); end > best_end) {
      best = &candidate;
      best_end = end;
    }
  }
  return best;
}

std::string prefix_rule(std::span<const Named> missing, std::span<const Named> loose) {
  if (missing.empty()) return {};
  std::set<std::string_view> loose_names;
  for (const Named& tensor : loose) loose_names.insert(tensor.name);
  const auto all_given = [&](auto given) { return std::ranges::all_of(missing, given); };
  const std::string_view first = missing.front().name;
  for (const Named& tensor : loose) {
    const std::string_view name = tensor.name;
    if (name == first) continue;
    if (name.ends_with(first)) {
      const std::string prefix(name.substr(0, name.size() - first.size()));
      if (all_given([&](const Named& wanted) { return loose_names.contains(prefix + wanted.name); }))
        return without_prefix_rule(prefix);
    } else if (first.ends_with(name)) {
      const std::string prefix(first.substr(0, first.size() - name.size()));
      const auto is_given = [&](const Named& wanted) {
        return wanted.name.starts_with(prefix) &&
               loose_names.contains(std::string_view(wanted.name).substr(prefix.size()));
      };
      if (all_given(is_given)) return with_prefix_rule(prefix);
    }
  }
  return {};
}

}  // namespace d2nn::weight_import
