// What a program says about its training (`train { ... }` of docs/language.md): losses, metric, reward and settings, as
// plain data. Nothing that runs a sample reads it; codegen writes it into the module, where the harness finds it. The
// codes and the settings are those of d2nn/train_settings.h, which the harness reads too.
#pragma once

#include <optional>
#include <vector>

#include "d2nn/train_settings.h"
#include "graph/ids.h"

namespace d2nn::graph {

/// The loss of one output.
struct OutputLoss {
  NodeId output;
  LossKind kind = LossKind::cross_entropy;
  double weight = 1;  // finite, at least 0
};

/// One step of a reward in postfix order.
struct RewardStep {
  RewardCode code = RewardCode::number;
  NodeId output;      // metric, accuracy, f1: of this output; not valid: the mean over all outputs
  double number = 0;  // of `number`, finite
};

/// A setting and its value, which is one that its row allows.
struct TrainSetting {
  TrainSettingId id{};
  TrainSettingValue value;
};

struct TrainSpec {
  std::vector<OutputLoss> losses;  // at most one per output, in order of the text
  std::optional<Metric> metric;
  std::vector<RewardStep> reward;      // empty: the harness's own
  std::vector<TrainSetting> settings;  // in order of the text; neither loss nor metric
};

}  // namespace d2nn::graph
