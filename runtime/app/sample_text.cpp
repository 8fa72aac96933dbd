#include "app/sample_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <vector>

namespace d2nn::app {
namespace {

std::string number(float value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.4g", static_cast<double>(value));
  return text;
}

/// NaN counts as the smallest, so that the order is one.
bool is_better(float a, float b) {
  return !std::isnan(a) && (std::isnan(b) || a > b);
}

}  // namespace

std::string answer_text(std::span<const float> values, bool is_valid) {
  if (!is_valid) return "null";
  if (values.size() == 1) return number(values[0]);
  std::vector<std::size_t> places(values.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  constexpr std::size_t shown_whole = 10, shown_best = 5;
  const std::size_t sorted = values.size() > shown_whole ? shown_best : std::size_t{1};
  std::partial_sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(sorted), places.end(),
                    [&](std::size_t a, std::size_t b) {
                      return is_better(values[a], values[b]) || (!is_better(values[b], values[a]) && a < b);
                    });
  std::string text = std::to_string(places[0]) + " of " + std::to_string(values.size()) + " (";
  if (sorted == 1) {
    for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ", ") + number(values[i]);
  } else {
    for (std::size_t i = 0; i < sorted; ++i) {
      text += (i == 0 ? "" : ", ") + std::to_string(places[i]) + ": " + number(values[places[i]]);
    }
    text += ", ...";
  }
  return text + ")";
}

std::string path_text(const d2nn_module& module, const std::int32_t* actions) {
  std::string text;
  for (std::uint32_t i = 0; i < module.control_count; ++i) {
    const d2nn_control& control = module.controls[i];
    text += (i == 0 ? "" : ", ") + std::string(module.nodes[control.node].name) + ": ";
    text += actions[i] < 0 ? "skipped" : control.actions[actions[i]].name;
  }
  return text.empty() ? "the only one" : text;
}

std::string executed_text(const d2nn_module& module, const std::uint8_t* executed) {
  std::string text;
  for (std::uint32_t node = 0; node < module.node_count; ++node) {
    if (executed[node] == 0) continue;
    if (!text.empty()) text += ' ';
    text += module.nodes[node].name;
  }
  return text;
}

std::string shape_text(const d2nn_tensor_info& tensor) {
  std::string text = "[";
  for (std::size_t i = 0; i < tensor.rank; ++i) text += (i == 0 ? "" : ", ") + std::to_string(tensor.dims[i]);
  return text + "]";
}

std::string count_text(std::int64_t count) {
  std::string text = std::to_string(count);
  const std::size_t digits_begin = count < 0 ? 1 : 0;
  for (std::size_t place = text.size(); place > digits_begin + 3;) {
    place -= 3;
    text.insert(place, 1, ',');
  }
  return text;
}

}  // namespace d2nn::app
