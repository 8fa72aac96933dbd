// Rewards and losses of a mini-batch: see objective.h.
#include "train/objective.h"

#include <algorithm>
#include <cmath>

#include "train/losses.h"
#include "train/random.h"

namespace d2nn::train {

struct Objective::BagTotals {
  double reward = 0;
  double cost = 0;  // sum over the rows
};

Objective::Objective(const d2nn_module& module, const TrainOptions& options, std::vector<OutputLoss> losses,
                     std::int64_t capacity)
    : module_(module),
      losses_(std::move(losses)),
      reward_(make_reward(module, options)),
      bag_reward_(options.bag_reward),
      explore_(options.explore),
      control_weight_(options.control_weight),
      seed_(options.seed),
      capacity_(capacity) {
  const auto rows = static_cast<std::size_t>(capacity);
  decisions_.resize(module.output_count * rows);
  costs_.resize(rows);
  bag_counts_.resize(module.output_count);
  other_counts_.resize(module.output_count);
  std::int64_t columns = 1;
  for (std::uint32_t o = 0; o < module.output_count; ++o) columns = std::max(columns, module.outputs[o].elements);
  std::size_t actions = 0;
  for (std::uint32_t k = 0; k < module.control_count; ++k) {
    forced_begin_.push_back(actions);
    actions += module.controls[k].action_count;
    columns = std::max<std::int64_t>(columns, module.controls[k].action_count);
  }
  targets_.resize(static_cast<std::size_t>(options.bag * columns));
  if (explore_ == Explore::all) {
    forced_decisions_.resize(actions * module.output_count * rows);
    forced_costs_.resize(actions * rows);
  }
}

double Objective::reward_of(std::span<const MetricCounts> counts, double cost, std::int64_t bag_size) {
  const double reward = reward_(counts, cost / static_cast<double>(bag_size));
  has_wrong_reward_ = has_wrong_reward_ || !std::isfinite(reward);
  return reward;
}

double Objective::share(std::int64_t taking, std::int64_t bag_size) const {
  return bag_reward_ == BagReward::whole ? 1.0 : static_cast<double>(taking) / static_cast<double>(bag_size);
}

void Objective::record_forced(const StepRunner& runner, const BatchView& batch, std::uint32_t control,
                              std::int32_t action) {
  const std::size_t index = forced_begin_[control] + static_cast<std::size_t>(action);
  for (std::int64_t r = 0; r < batch.rows; ++r)
    forced_costs_[index * static_cast<std::size_t>(capacity_) + static_cast<std::size_t>(r)] = runner.cost(r);
  for (std::uint32_t o = 0; o < module_.output_count; ++o) {
    std::int32_t* decisions =
        forced_decisions_.data() + static_cast<std::int64_t>(index * module_.output_count + o) * capacity_;
    const std::int64_t columns = module_.outputs[o].elements;
    for (std::int64_t r = 0; r < batch.rows; ++r) {
      decisions[r] = runner.valid(o)[r] != 0 ? greatest_score(runner.output(o) + r * columns, columns) : null_decision;
    }
  }
}

void Objective::decide(const StepRunner& runner, const BatchView& batch, const StepPlan& plan, std::uint64_t step) {
  for (std::int64_t r = 0; r < batch.rows; ++r) costs_[static_cast<std::size_t>(r)] = runner.cost(r);
  for (std::uint32_t o = 0; o < module_.output_count; ++o) {
    const std::int64_t columns = module_.outputs[o].elements;
    const bool explores = losses_[o].kind == LossKind::q_learning_plain && plan.epsilon > 0;
    std::int32_t* decisions = decisions_.data() + o * capacity_;
    for (std::int64_t r = 0; r < batch.rows; ++r) {
      if (runner.valid(o)[r] == 0) {
        decisions[r] = null_decision;
        continue;
      }
      if (explores) {
        const Draw draw(seed_, Purpose::decision, o, step, batch.samples[r]);
        if (draw.uniform() < plan.epsilon) {
          decisions[r] = static_cast<std::int32_t>(draw.below(static_cast<std::uint32_t>(columns)));
          continue;
        }
      }
      decisions[r] = greatest_score(runner.output(o) + r * columns, columns);
    }
  }
}

Objective::BagTotals Objective::total(const BatchView& batch, std::int64_t begin) {
  BagTotals totals;
  for (std::int64_t r = begin; r < begin + batch.bag_size; ++r)
    totals.cost += static_cast<double>(costs_[static_cast<std::size_t>(r)]);
  for (std::uint32_t o = 0; o < module_.output_count; ++o) {
    MetricCounts counts;
    for (std::int64_t r = begin; r < begin + batch.bag_size; ++r)
      counts.add(batch.labels[r], decisions_[static_cast<std::size_t>(o * capacity_ + r)], reward_.metric);
    bag_counts_[o] = counts;
  }
  totals.reward = reward_of(bag_counts_, totals.cost, batch.bag_size);
  return totals;
}

double Objective::output_loss(StepRunner& runner, const BatchView& batch, const BagTotals& totals, std::uint32_t output,
                              std::int64_t begin, double scale) {
  const std::int64_t columns = module_.outputs[output].elements;
  const BagScores bag{runner.output(output) + begin * columns, runner.output_gradient(output) + begin * columns,
                      batch.bag_size, columns, columns};
  const std::uint8_t* valid = runner.valid(output) + begin;
  const LossKind kind = losses_[output].kind;
  if (kind == LossKind::cross_entropy) return cross_entropy(bag, batch.labels + begin, valid, scale);

  const std::int32_t* chosen = decisions_.data() + output * capacity_ + begin;
  const double part = share(std::count(valid, valid + batch.bag_size, std::uint8_t{1}), batch.bag_size);
  if (kind == LossKind::q_learning_plain) return regress_bag(bag, chosen, totals.reward * part, scale);

  other_counts_ = bag_counts_;
  for (std::int64_t r = 0; r < batch.bag_size; ++r) {
    if (chosen[r] < 0) continue;
    MetricCounts without = bag_counts_[output];
    without.remove(batch.labels[begin + r], chosen[r], reward_.metric);
    for (std::int64_t c = 0; c < columns; ++c) {
      MetricCounts with = without;
      with.add(batch.labels[begin + r], static_cast<std::int32_t>(c), reward_.metric);
      other_counts_[output] = with;
      targets_[static_cast<std::size_t>(r * columns + c)] =
          part * reward_of(other_counts_, totals.cost, batch.bag_size);
    }
  }
  return regress_every_choice(bag, chosen, targets_.data(), scale);
}

double Objective::control_loss(StepRunner& runner, const BatchView& batch, const BagTotals& totals,
                               std::uint32_t control, std::int64_t begin, double scale) {
  const std::int64_t stride = runner.score_stride(control);
  const std::int64_t columns = module_.controls[control].action_count;
  float* gradient = runner.score_gradient(control);
  const BagScores bag{runner.scores(control) + begin * stride,
                      gradient == nullptr ? nullptr : gradient + begin * stride, batch.bag_size, columns, stride};
  const std::int32_t* chosen = runner.actions(control) + begin;
  if (explore_ == Explore::chosen) {
    const auto taking = std::count_if(chosen, chosen + batch.bag_size, [](std::int32_t action) { return action >= 0; });
    return regress_bag(bag, chosen, totals.reward * share(taking, batch.bag_size), scale);
  }

  for (std::int64_t r = 0; r < batch.bag_size; ++r) {
    if (chosen[r] < 0) continue;
    const std::int64_t row = begin + r;
    for (std::int64_t a = 0; a < columns; ++a) {
      const std::size_t index = forced_begin_[control] + static_cast<std::size_t>(a);
      const double cost =
          totals.cost + static_cast<double>(
                            forced_costs_[index * static_cast<std::size_t>(capacity_) + static_cast<std::size_t>(row)] -
                            costs_[static_cast<std::size_t>(row)]);
      for (std::uint32_t o = 0; o < module_.output_count; ++o) {
        MetricCounts& counts = other_counts_[o];
        counts = bag_counts_[o];
        counts.remove(batch.labels[row], decisions_[static_cast<std::size_t>(o * capacity_ + row)], reward_.metric);
        counts.add(batch.labels[row],
                   forced_decisions_[(index * module_.output_count + o) * static_cast<std::size_t>(capacity_) +
                                     static_cast<std::size_t>(row)],
                   reward_.metric);
      }
      targets_[static_cast<std::size_t>(r * columns + a)] =
          static_cast<double>(batch.bag_size) * reward_of(other_counts_, cost, batch.bag_size);
    }
  }
  return regress_differences(bag, chosen, targets_.data(), scale);
}

StepResult Objective::evaluate(StepRunner& runner, const BatchView& batch, const StepPlan& plan, std::uint64_t step) {
  decide(runner, batch, plan, step);
  StepResult result;
  const std::int64_t bags = batch.rows / batch.bag_size;
  const double scale = 1.0 / static_cast<double>(bags);
  for (std::int64_t begin = 0; begin < batch.rows; begin += batch.bag_size) {
    has_wrong_reward_ = false;
    const BagTotals totals = total(batch, begin);
    result.reward += scale * totals.reward;
    result.cost += totals.cost / static_cast<double>(batch.rows);
    result.counts += bag_counts_[0];
    if (trains(plan.stage, false)) {
      for (std::uint32_t o = 0; o < module_.output_count; ++o) {
        if (losses_[o].weight > 0)
          result.output_loss += output_loss(runner, batch, totals, o, begin, scale * losses_[o].weight);
      }
    }
    if (trains(plan.stage, true) && control_weight_ > 0) {
      for (std::uint32_t k = 0; k < module_.control_count; ++k) {
        result.control_loss += control_loss(runner, batch, totals, k, begin, scale * control_weight_) / control_weight_;
      }
    }
    if (has_wrong_reward_ && result.wrong_bag < 0) result.wrong_bag = begin / batch.bag_size;
  }
  result.loss = result.output_loss + control_weight_ * result.control_loss;
  return result;
}

}  // namespace d2nn::train
