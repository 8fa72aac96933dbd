// See conv_plan.h. The choice of channels per block and rows per band minimises an estimate of cycles: two
// multiply-adds and two loads per cycle, and at least eight sums in flight.
#include "codegen/kernels/conv_plan.h"

#include <algorithm>
#include <limits>

#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

namespace {

constexpr std::int64_t max_block = 16;
// Staged rows beyond this leave the second-level cache no room for weights and results.
constexpr std::int64_t max_staged_floats = 64 * 1024;
// Conv rows that wait for their pool should not leave the first-level cache.
constexpr std::int64_t max_buffer_floats = 8 * 1024;

// Vectors of pixels that fit beside `block` channels in registers: the sums, the smaller side held, one more.
std::int64_t max_vectors(std::int64_t block, int registers) {
  std::int64_t vectors = 0;
  while (vectors < 16 && block * (vectors + 1) + std::min(block, vectors + 1) + 1 <= registers &&
         block * (vectors + 1) <= registers - 4) {
    ++vectors;
  }
  return vectors;
}

// Half cycles of one tap over a group of vectors.
std::int64_t group_cost(std::int64_t block, std::int64_t vectors) {
  return std::max<std::int64_t>({block * vectors, block + vectors, 8});
}

PixelGroups split_pixels(std::int64_t pixels, std::int64_t most, int lanes) {
  const std::int64_t vectors = ceil_div(pixels, lanes);
  const std::int64_t groups = ceil_div(vectors, most);
  PixelGroups result;
  result.size = vectors / groups;
  result.large = vectors % groups;
  result.small = groups - result.large;
  result.partial = pixels % lanes;
  if (result.partial != 0) --result.small;
  return result;
}

std::int64_t tap_cost(std::int64_t pixels, std::int64_t block, const TargetInfo& target) {
  const PixelGroups groups = split_pixels(pixels, max_vectors(block, target.vector_registers), target.vector_floats);
  return groups.large * group_cost(block, groups.size + 1) +
         (groups.small + (groups.partial != 0 ? 1 : 0)) * group_cost(block, groups.size);
}

// The block whose estimate is least for this many pixels, the larger on a tie; with several groups it divides them.
std::int64_t best_block(std::int64_t pixels, std::int64_t channels, bool must_divide, const TargetInfo& target,
                        std::int64_t& cost) {
  std::int64_t best = 1;
  cost = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t block = 1; block <= std::min(channels, max_block); ++block) {
    if (must_divide && channels % block != 0) continue;
    if (max_vectors(block, target.vector_registers) == 0) break;
    const std::int64_t estimate = ceil_div(channels, block) * tap_cost(pixels, block, target);
    if (estimate <= cost) {
      cost = estimate;
      best = block;
    }
  }
  return best;
}

}  // namespace

ConvPlan plan_conv(const KernelProblem& problem, const TargetInfo& target) {
  ConvPlan plan;
  const int lanes = target.vector_floats;
  plan.in_per_group = problem.in_c / problem.groups;
  plan.out_per_group = problem.out_c / problem.groups;
  const auto conv_size = [](std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                            std::int64_t dilation) {
    return (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
  };
  plan.conv_h = conv_size(problem.in_h, problem.kernel_h, problem.stride_h, problem.pad_h, problem.dilation_h);
  plan.conv_w = conv_size(problem.in_w, problem.kernel_w, problem.stride_w, problem.pad_w, problem.dilation_w);
  const bool is_pooled = problem.pool.kernel_h > 0;
  const bool must_divide = problem.groups > 1;
  const bool is_point = problem.kernel_h == 1 && problem.kernel_w == 1 && problem.stride_h == 1 &&
                        problem.stride_w == 1 && problem.pad_h == 0 && problem.pad_w == 0;
  std::int64_t cost = 0;
  if (is_point && !is_pooled) {
    plan.is_staged = false;
    plan.band_rows = plan.conv_h;
    const std::int64_t pixels = plan.conv_h * plan.conv_w;
    plan.channel_pitch = pixels;
    plan.row_offsets.push_back(0);
    plan.block = best_block(pixels, plan.out_per_group, must_divide, target, cost);
    plan.blocks = ceil_div(plan.out_per_group, plan.block);
    plan.pixels = split_pixels(pixels, max_vectors(plan.block, target.vector_registers), lanes);
    return plan;
  }

  std::int64_t deepest = 0;
  for (std::int64_t row = 0; row < problem.kernel_h; ++row) {
    const std::int64_t phase = row * problem.dilation_h % problem.stride_h;
    if (std::find(plan.phases.begin(), plan.phases.end(), phase) == plan.phases.end()) plan.phases.push_back(phase);
    deepest = std::max(deepest, row * problem.dilation_h / problem.stride_h);
  }
  const auto phase_count = static_cast<std::int64_t>(plan.phases.size());
  const auto plane_floats = [&](std::int64_t rows) { return round_up((rows + deepest) * plan.conv_w + lanes, 16); };
  const std::int64_t planes = plan.in_per_group * problem.kernel_w * phase_count;

  // Rows come in steps of the pool's stride; `carried` is what stands before them in the buffer.
  const std::int64_t step = is_pooled ? problem.pool.stride_h : 1;
  const std::int64_t steps = is_pooled ? problem.out_h : plan.conv_h;
  plan.carried_rows = is_pooled ? problem.pool.kernel_h - problem.pool.stride_h : 0;
  const auto buffer_pitch = [&](std::int64_t rows) {
    return round_up((plan.carried_rows + rows) * plan.conv_w + lanes, 16);
  };
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t count = 1; count <= steps; ++count) {
    const std::int64_t rows = count * step;
    const bool fits = planes * plane_floats(rows) <= max_staged_floats &&
                      (!is_pooled || plan.out_per_group * buffer_pitch(rows) <= max_buffer_floats);
    if (count > 1 && !fits) break;
    const std::int64_t bands = ceil_div(steps, count);
    const std::int64_t block = best_block(rows * plan.conv_w, plan.out_per_group, must_divide, target, cost);
    const std::int64_t staging = planes * (rows + deepest) * ceil_div(plan.conv_w, lanes) * 6;
    const std::int64_t estimate = bands * (cost * problem.kernel_h * problem.kernel_w * plan.in_per_group + staging);
    if (estimate <= least) {
      least = estimate;
      plan.bands = bands;
      plan.band_rows = rows;
      plan.block = block;
    }
  }
  plan.blocks = ceil_div(plan.out_per_group, plan.block);
  plan.pixels = split_pixels(plan.band_rows * plan.conv_w, max_vectors(plan.block, target.vector_registers), lanes);
  plan.phase_rows = plan.band_rows + deepest;
  plan.plane_floats = plane_floats(plan.band_rows);
  plan.column_pitch = phase_count * plan.plane_floats;
  plan.channel_pitch = problem.kernel_w * plan.column_pitch;
  for (std::int64_t row = 0; row < problem.kernel_h; ++row) {
    const auto* phase = std::find(plan.phases.begin(), plan.phases.end(), row * problem.dilation_h % problem.stride_h);
    plan.row_offsets.push_back((phase - plan.phases.begin()) * plan.plane_floats +
                               row * problem.dilation_h / problem.stride_h * plan.conv_w);
  }
  plan.scratch = plan.in_per_group * plan.channel_pitch;
  if (is_pooled) {
    plan.pool_rows = plan.band_rows / step;
    plan.buffer_pitch = buffer_pitch(plan.band_rows);
    plan.buffer_offset = plan.scratch;
    plan.scratch += plan.out_per_group * plan.buffer_pitch;
  }
  return plan;
}

}  // namespace d2nn::codegen
