// See schedule.h. Stages are taken in an order that the data allows; one that can go on in the open nest is preferred,
// and the nest keeps the axes that all its stages keep and at which they read each other at the same place.
#include "codegen/expressions/schedule.h"

#include <algorithm>
#include <optional>
#include <set>

#include "codegen/expressions/collapse.h"
#include "codegen/expressions/index.h"
#include "codegen/expressions/stored_terms.h"

namespace d2nn::codegen {

namespace {

using expr::Dims;
using expr::Primitive;
using expr::TermInfo;

/// A stage reads another one.
struct StageReading {
  std::size_t stage;
  std::vector<char> is_same_axis;  // by axis of the reader's domain: at the reader's own position
};

class Scheduler {
 public:
  Scheduler(const expr::Expression& expression, const TargetInfo& target) : target_(target) {
    expr::Expression stripped = expr::without_detach(expression);
    // The order of elements is all that counts in a result.
    for (expr::Term& result : stripped.results) {
      while (stripped[result].primitive == Primitive::reshape) result = stripped[result].terms[0];
    }
    schedule_.expression = collapse_axes(std::move(stripped));
  }

  Schedule run() {
    make_stages();
    for (std::size_t stage = 0; stage < stages().size(); ++stage) readings_.push_back(readings_of(stage));
    make_nests();
    for (Nest& nest : schedule_.nests) place_lanes(nest);
    for (std::size_t stage = 0; stage < stages().size(); ++stage) choose_storage(stage);
    return std::move(schedule_);
  }

 private:
  std::vector<Stage>& stages() { return schedule_.stages; }
  const expr::Expression& expression() const { return schedule_.expression; }

  void make_stages() {
    const std::vector<char> is_stored = choose_stored_terms(expression());
    schedule_.stage_of_term.assign(is_stored.size(), -1);
    for (std::uint32_t term = 0; term < is_stored.size(); ++term) {
      Stage stage;
      stage.term = stage.source = {term};
      for (std::uint32_t result = 0; result < expression().results.size(); ++result) {
        if (expression().results[result] == stage.term) stage.results.push_back(result);
      }
      if (is_stored[term] == 0 && stage.results.empty()) continue;
      const TermInfo& info = expression()[stage.term];
      stage.is_reduction = expr::family(info.primitive) == expr::Family::reduction;
      if (stage.is_reduction) stage.source = info.terms[0];
      stage.domain = expression()[stage.source].dims;
      stage.is_reduced.assign(stage.domain.size(), 0);
      if (stage.is_reduction) {
        for (const std::int64_t axis : info.axes) stage.is_reduced[static_cast<std::size_t>(axis)] = 1;
      }
      if (is_stored[term] != 0) schedule_.stage_of_term[term] = static_cast<int>(stages().size());
      stages().push_back(std::move(stage));
    }
  }

  std::vector<StageReading> readings_of(std::size_t reader) {
    const Stage& stage = stages()[reader];
    Variables variables;
    Place place(stage.domain.size());
    for (std::size_t axis = 0; axis < place.size(); ++axis) {
      if (stage.domain[axis] > 1) place[axis] = Index::of(variables.counter(stage.domain[axis]));
    }
    std::vector<StageReading> found;
    std::set<Reading> seen;
    std::vector<Reading> open{{stage.source, place, {}}};
    while (!open.empty()) {
      const Reading reading = std::move(open.back());
      open.pop_back();
      if (!seen.insert(reading).second) continue;
      const int other = schedule_.stage_of_term[reading.term.index];
      const bool is_itself = other == static_cast<int>(reader);
      if (other >= 0 && !is_itself) {
        StageReading entry{static_cast<std::size_t>(other), std::vector<char>(place.size(), 0)};
        for (std::size_t axis = 0; axis < place.size() && axis < reading.place.size(); ++axis) {
          entry.is_same_axis[axis] = reading.place[axis] == place[axis] ? 1 : 0;
        }
        found.push_back(std::move(entry));
      } else {
        for (Reading& operand : operands_of(expression(), reading, variables)) open.push_back(std::move(operand));
      }
    }
    return found;
  }

  bool is_kept(std::size_t stage, std::size_t axis) {
    const Stage& s = stages()[stage];
    return axis < s.domain.size() && s.domain[axis] > 1 && s.is_reduced[axis] == 0;
  }

  std::vector<std::size_t> kept_axes(std::size_t stage) {
    std::vector<std::size_t> axes;
    for (std::size_t axis = 0; axis < stages()[stage].domain.size(); ++axis) {
      if (is_kept(stage, axis)) axes.push_back(axis);
    }
    return axes;
  }

  // The axes that the nest would share with this stage in it; nullopt: it belongs elsewhere.
  std::optional<std::vector<std::size_t>> axes_shared_with(const Nest& nest, std::size_t nest_index, std::size_t stage) {
    const Stage& first = stages()[nest.passes[0].stages[0]];
    std::vector<std::size_t> axes;
    bool reads_nest = false;
    for (const StageReading& reading : readings_[stage]) {
      reads_nest |= is_scheduled_[reading.stage] != 0 && stages()[reading.stage].nest == nest_index;
    }
    for (const std::size_t axis : nest.shared_axes) {
      bool is_shared = is_kept(stage, axis) && stages()[stage].domain[axis] == first.domain[axis];
      for (const StageReading& reading : readings_[stage]) {
        if (!is_shared || stages()[reading.stage].nest != nest_index) continue;
        is_shared = reading.is_same_axis[axis] != 0 && is_kept(reading.stage, axis);
      }
      if (is_shared) axes.push_back(axis);
    }
    if (axes.empty()) return std::nullopt;
    if (!reads_nest && (axes != nest.shared_axes || axes != kept_axes(stage))) return std::nullopt;
    return axes;
  }

  bool is_ready(std::size_t stage) {
    return is_scheduled_[stage] == 0 &&
           std::all_of(readings_[stage].begin(), readings_[stage].end(),
                       [&](const StageReading& reading) { return is_scheduled_[reading.stage] != 0; });
  }

  void make_nests() {
    is_scheduled_.assign(stages().size(), 0);
    for (std::size_t done = 0; done < stages().size(); ++done) {
      if (!schedule_.nests.empty() && extend_nest()) continue;
      std::size_t stage = 0;
      while (!is_ready(stage)) ++stage;
      Nest nest;
      nest.shared_axes = kept_axes(stage);
      nest.passes.push_back({{stage}});
      stages()[stage].nest = schedule_.nests.size();
      schedule_.nests.push_back(std::move(nest));
      is_scheduled_[stage] = 1;
    }
  }

  bool extend_nest() {
    const std::size_t nest_index = schedule_.nests.size() - 1;
    Nest& nest = schedule_.nests.back();
    for (std::size_t stage = 0; stage < stages().size(); ++stage) {
      if (!is_ready(stage)) continue;
      const auto axes = axes_shared_with(nest, nest_index, stage);
      if (!axes) continue;
      nest.shared_axes = *axes;
      stages()[stage].nest = nest_index;
      add_to_pass(nest, stage);
      is_scheduled_[stage] = 1;
      return true;
    }
    return false;
  }

  bool fits_pass(const Pass& pass, std::size_t stage) {
    const Stage& joining = stages()[stage];
    return std::all_of(pass.stages.begin(), pass.stages.end(), [&](std::size_t index) {
      const Stage& other = stages()[index];
      if (other.domain != joining.domain) return false;
      return !other.is_reduction || !joining.is_reduction || other.is_reduced == joining.is_reduced;
    });
  }

  bool is_same_place(const StageReading& reading) {
    return !stages()[reading.stage].is_reduction &&
           std::all_of(reading.is_same_axis.begin(), reading.is_same_axis.end(), [](char same) { return same != 0; });
  }

  void add_to_pass(Nest& nest, std::size_t stage) {
    std::size_t earliest = 0;
    for (const StageReading& reading : readings_[stage]) {
      const Stage& other = stages()[reading.stage];
      if (other.nest != stages()[stage].nest) continue;
      const bool may_be_one_loop = is_same_place(reading) && other.domain == stages()[stage].domain;
      earliest = std::max(earliest, other.pass + (may_be_one_loop ? 0 : 1));
    }
    std::size_t pass = earliest;
    while (pass < nest.passes.size() && !fits_pass(nest.passes[pass], stage)) ++pass;
    if (pass == nest.passes.size()) nest.passes.emplace_back();
    nest.passes[pass].stages.push_back(stage);
    stages()[stage].pass = pass;
  }

  static std::size_t innermost_axis(const Dims& dims) {
    std::size_t axis = dims.size();
    while (axis > 0 && dims[axis - 1] == 1) --axis;
    return axis;  // one past it; 0: a single number
  }

  void place_lanes(Nest& nest) {
    if (nest.shared_axes.empty()) return;
    const std::size_t last = nest.shared_axes.back();
    for (const Pass& pass : nest.passes) {
      for (const std::size_t stage : pass.stages) {
        if (innermost_axis(stages()[stage].domain) != last + 1) return;
      }
    }
    const std::int64_t extent = stages()[nest.passes[0].stages[0]].domain[last];
    nest.has_shared_lanes = true;
    nest.lanes = 4;
    while (nest.lanes < target_.vector_floats && nest.lanes < extent) nest.lanes *= 2;
    nest.block_floats = std::min(vectors_in_flight, (extent + nest.lanes - 1) / nest.lanes) * nest.lanes;
  }

  // What one round of its nest computes of a stage.
  Dims round_dims(const Stage& stage) {
    const Nest& nest = schedule_.nests[stage.nest];
    Dims dims = expression()[stage.term].dims;
    for (const std::size_t axis : nest.shared_axes) dims[axis] = 1;
    if (nest.has_shared_lanes) dims[nest.shared_axes.back()] = nest.block_floats;
    return dims;
  }

  void choose_storage(std::size_t index) {
    Stage& stage = stages()[index];
    if (schedule_.stage_of_term[stage.term.index] < 0) return;
    const Nest& nest = schedule_.nests[stage.nest];
    const Dims round = round_dims(stage);
    const std::int64_t in_registers = nest.has_shared_lanes ? nest.block_floats : 1;
    for (std::size_t reader = 0; reader < stages().size(); ++reader) {
      for (const StageReading& reading : readings_[reader]) {
        if (reading.stage != index) continue;
        const Stage& other = stages()[reader];
        if (other.nest != stage.nest) {
          stage.storage = Storage::whole;
        } else if (other.pass != stage.pass && expr::elements(round) > in_registers && stage.storage == Storage::none) {
          stage.storage = Storage::round;
        }
      }
    }
    if (stage.storage == Storage::none) return;
    const Dims& dims = stage.storage == Storage::round ? round : expression()[stage.term].dims;
    stage.strides = strides_of(dims);
    if (stage.storage == Storage::round) {
      for (const std::size_t axis : nest.shared_axes) {
        const bool is_lane_axis = nest.has_shared_lanes && axis == nest.shared_axes.back();
        if (!is_lane_axis) stage.strides[axis] = 0;
      }
    }
    stage.scratch_offset = schedule_.scratch_floats;
    schedule_.scratch_floats += expr::elements(dims);
  }

  TargetInfo target_;
  Schedule schedule_;
  std::vector<std::vector<StageReading>> readings_;  // by reader
  std::vector<char> is_scheduled_;
};

}  // namespace

Schedule schedule_expression(const expr::Expression& expression, const TargetInfo& target) {
  return Scheduler(expression, target).run();
}

}  // namespace d2nn::codegen
