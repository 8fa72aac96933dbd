// The settings of the `train` block: one row each, with what its value may be. They are options of `d2nn train` under
// the same names, `_` for `-`; a test holds the ranges here against those of the harness.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sema/draft.h"

namespace d2nn::sema {

enum class SettingKind {
  number,   // real, within the range
  integer,  // within the range
  word,     // one of `words`
  epsilon,  // [start, floor] or [start, floor, steps]
  stages,   // [paths, joint, control] or [paths, choice, joint, control]
};

struct SettingInfo {
  std::string_view name;
  SettingKind kind = SettingKind::number;
  double least = 0;
  double greatest = 0;
  bool excludes_least = false;
  bool excludes_greatest = false;
  std::span<const std::string_view> words;
};

/// All settings, in the order of docs/training.md.
std::span<const SettingInfo> train_settings();
/// The row of a name, or nullptr.
const SettingInfo* find_setting(std::string_view name);
/// The value as the command line spells it. Reports what is wrong with it, once, and then gives nothing.
std::optional<std::string> read_setting(const SettingInfo& setting, const ast::Expr& value, const Draft& draft,
                                        diag::Sink& sink);

}  // namespace d2nn::sema
