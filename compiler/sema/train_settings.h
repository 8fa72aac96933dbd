// The values of the `train` block's settings, as the table of d2nn/train_settings.h has them.
#pragma once

#include <optional>

#include "d2nn/train_settings.h"
#include "sema/draft.h"

namespace d2nn::sema {

/// The value behind `NAME:`, of a setting that is neither `loss` nor `metric`: a number, a word, [start, floor] or
/// [start, floor, steps] of epsilon, [paths, joint, control] or [paths, choice, joint, control] of stages. Reports what
/// is wrong with it, once, and then gives nothing.
std::optional<TrainSettingValue> read_setting(const TrainSettingInfo& setting, const ast::Expr& value,
                                              const Draft& draft, diag::Sink& sink);

}  // namespace d2nn::sema
