// See conv_plan.h. The choice of channels per block and rows per band minimises an estimate of cycles: two
// multiply-adds and two loads per cycle, and at least eight sums in flight.
#include "codegen/kernels/conv_plan.h"

#include <algorithm>
#include <limits>
#include <map>

#include "codegen/kernels/kernel_builder.h"

namespace d2nn::codegen {

namespace {

constexpr std::int64_t max_block = 16;
// Staged rows beyond this leave the second-level cache no room for weights and results.
constexpr std::int64_t max_staged_floats = 64 * 1024;
// What the taps of one group of pixels read should stay in the first-level cache while all blocks of output channels
// use it; and a band's part of the result, read and written by every pass, in the second-level one.
constexpr std::int64_t max_group_floats = 4 * 1024;
constexpr std::int64_t max_passed_floats = 64 * 1024;
// Half cycles to stage one vector.
constexpr std::int64_t staging_cost = 6;
// Entries of the table of masks for one band.
constexpr std::int64_t max_band_masks = 2048;
// Conv rows that wait for their pool should not leave the first-level cache where a row is quickly made; where many
// channels go into it, larger bands stage fewer rows twice and fill the register groups better.
constexpr std::int64_t max_row_buffer_floats = 8 * 1024;
constexpr std::int64_t max_buffer_floats = 24 * 1024;
// Of blocks with equal estimates the largest up to this: twelve channels by two vectors ran at half the speed of eight
// by three.
constexpr std::int64_t largest_tied_block = 8;

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

// The block whose estimate is least for this many pixels; with several groups it divides them.
std::int64_t best_block(std::int64_t pixels, std::int64_t channels, bool must_divide, const TargetInfo& target,
                        std::int64_t& cost) {
  std::int64_t best = 1;
  cost = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t block = 1; block <= std::min(channels, max_block); ++block) {
    if (must_divide && channels % block != 0) continue;
    if (max_vectors(block, target.vector_registers) == 0) break;
    const std::int64_t estimate = ceil_div(channels, block) * tap_cost(pixels, block, target);
    if (estimate < cost || (estimate == cost && block <= largest_tied_block)) {
      cost = estimate;
      best = block;
    }
  }
  return best;
}

// The largest part of the channels, up to `most`, that leaves least padding, or divides them.
std::int64_t even_block(std::int64_t channels, std::int64_t most, bool must_divide) {
  std::int64_t block = ceil_div(channels, ceil_div(channels, most));
  while (must_divide && channels % block != 0) --block;
  return block;
}

// Steps by which bands grow, and what stands in scratch for a fused pool.
struct BandSteps {
  std::int64_t rows = 1;   // conv rows of one step
  std::int64_t count = 1;  // steps of the whole image
  std::int64_t carried = 0;
};

class Planner {
 public:
  Planner(const KernelProblem& problem, const TargetInfo& target)
      : problem_(problem), target_(target), is_pooled_(problem.pool.kernel_h > 0), must_divide_(problem.groups > 1) {
    plan_.in_per_group = problem.in_c / problem.groups;
    plan_.out_per_group = problem.out_c / problem.groups;
    plan_.pass_channels = plan_.in_per_group;
    plan_.conv_h = conv_size(problem.in_h, problem.kernel_h, problem.stride_h, problem.pad_h, problem.dilation_h);
    plan_.conv_w = conv_size(problem.in_w, problem.kernel_w, problem.stride_w, problem.pad_w, problem.dilation_w);
    plan_.channel_pitch = problem.in_h * problem.in_w;
    plan_.source = choose_source();
    steps_ = is_pooled_ ? BandSteps{problem.pool.stride_h, problem.out_h, problem.pool.kernel_h - problem.pool.stride_h}
                        : BandSteps{1, plan_.conv_h, 0};
  }

  ConvPlan plan() {
    switch (plan_.source) {
      case ConvSource::point:
        plan_point();
        break;
      case ConvSource::masked:
        plan_masked();
        break;
      case ConvSource::staged:
        plan_staged();
        break;
      case ConvSource::rows:
        plan_rows();
        break;
    }
    plan_.blocks = ceil_div(plan_.out_per_group, plan_.block);
    if (plan_.source != ConvSource::rows) {
      plan_.pixels = split_pixels(plan_.band_rows * plan_.conv_w, max_vectors(plan_.block, target_.vector_registers),
                                  target_.vector_floats);
    }
    if (is_pooled_) {
      plan_.carried_rows = steps_.carried;
      plan_.pool_rows = plan_.band_rows / steps_.rows;
      plan_.buffer_pitch = buffer_pitch(plan_.band_rows);
      plan_.buffer_offset = plan_.scratch;
      plan_.scratch += plan_.out_per_group * plan_.buffer_pitch;
    }
    if (plan_.source == ConvSource::masked) make_masks();
    return plan_;
  }

 private:
  static std::int64_t conv_size(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
                                std::int64_t dilation) {
    return (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
  }

  ConvSource choose_source() const {
    const KernelProblem& p = problem_;
    const bool has_stride = p.stride_h != 1 || p.stride_w != 1;
    const bool is_point = p.kernel_h * p.kernel_w == 1 && !has_stride && p.pad_h == 0 && p.pad_w == 0;
    const bool has_masks = target_.vector_floats == 16;
    const std::int64_t row_vectors = ceil_div(plan_.conv_w, target_.vector_floats);
    const bool fills_rows = 5 * plan_.conv_w >= 4 * row_vectors * target_.vector_floats;
    if (is_point && !is_pooled_) return ConvSource::point;
    if (has_masks && !has_stride && plan_.conv_w == p.in_w) return ConvSource::masked;
    if (has_masks && has_stride && p.stride_w <= 3 && fills_rows && plan_.in_per_group <= 4) return ConvSource::rows;
    return ConvSource::staged;
  }

  std::int64_t taps() const { return problem_.kernel_h * problem_.kernel_w; }
  std::int64_t buffer_pitch(std::int64_t rows) const {
    return round_up((steps_.carried + rows) * plan_.conv_w + target_.vector_floats, 16);
  }
  bool buffer_fits(std::int64_t rows) const {
    const std::int64_t most = plan_.source == ConvSource::rows ? max_row_buffer_floats : max_buffer_floats;
    return !is_pooled_ || plan_.out_per_group * buffer_pitch(rows) <= most;
  }

  // Rows per band and channels per block with the least estimate of cycles; `extra` is what a band costs besides its
  // sums.
  void choose_bands(llvm::function_ref<bool(std::int64_t rows)> fits,
                    llvm::function_ref<std::int64_t(std::int64_t rows)> extra) {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (std::int64_t count = 1; count <= steps_.count; ++count) {
      const std::int64_t rows = count * steps_.rows;
      if (count > 1 && !(fits(rows) && buffer_fits(rows))) break;
      const std::int64_t bands = ceil_div(steps_.count, count);
      std::int64_t cost = 0;
      const std::int64_t block = best_block(rows * plan_.conv_w, plan_.out_per_group, must_divide_, target_, cost);
      const std::int64_t estimate = bands * (cost * taps() * plan_.in_per_group + extra(rows));
      if (estimate <= least) {
        least = estimate;
        plan_.bands = bands;
        plan_.band_rows = rows;
        plan_.block = block;
      }
    }
  }

  void plan_point() {
    std::int64_t cost = 0;
    plan_.band_rows = plan_.conv_h;
    plan_.block = best_block(plan_.conv_h * plan_.conv_w, plan_.out_per_group, must_divide_, target_, cost);
    plan_.row_offsets.push_back(0);
  }

  void plan_masked() {
    for (std::int64_t row = 0; row < problem_.kernel_h; ++row) {
      plan_.row_offsets.push_back((row * problem_.dilation_h - problem_.pad_h) * problem_.in_w - problem_.pad_w);
    }
    plan_.column_pitch = problem_.dilation_w;
    choose_bands(
        [&](std::int64_t rows) {
          return ceil_div(rows * plan_.conv_w, target_.vector_floats) * taps() <= max_band_masks;
        },
        [](std::int64_t) { return 0; });
  }

  // The lanes of each load that are inside the source, for every band; equal bands share.
  void make_masks() {
    const KernelProblem& p = problem_;
    const std::int64_t lanes = target_.vector_floats;
    const std::int64_t pixels = plan_.band_rows * plan_.conv_w;
    plan_.full_taps.assign(static_cast<std::size_t>(taps()), true);
    std::map<std::vector<std::uint16_t>, std::int64_t> classes;
    for (std::int64_t band = 0; band < plan_.bands; ++band) {
      std::vector<std::uint16_t> masks;
      for (std::int64_t start = 0; start < pixels; start += lanes) {
        for (std::int64_t tap = 0; tap < taps(); ++tap) {
          const std::int64_t dy = tap / p.kernel_w * p.dilation_h - p.pad_h;
          const std::int64_t dx = tap % p.kernel_w * p.dilation_w - p.pad_w;
          unsigned mask = 0;
          for (std::int64_t lane = 0; lane < std::min(lanes, pixels - start); ++lane) {
            const std::int64_t y = plan_.first_row(band) + (start + lane) / plan_.conv_w + dy;
            const std::int64_t x = (start + lane) % plan_.conv_w + dx;
            if (y >= 0 && y < p.in_h && x >= 0 && x < p.in_w) mask |= 1U << lane;
          }
          masks.push_back(static_cast<std::uint16_t>(mask));
          if (start + lanes <= pixels && mask != 0xFFFFU) plan_.full_taps[static_cast<std::size_t>(tap)] = false;
        }
      }
      const auto [place, is_new] = classes.emplace(masks, static_cast<std::int64_t>(classes.size()));
      if (is_new) plan_.masks.insert(plan_.masks.end(), masks.begin(), masks.end());
      plan_.band_classes.push_back(place->second);
    }
  }

  void plan_rows() {
    plan_.block = even_block(plan_.out_per_group, 8, must_divide_);
    plan_.run_group = std::clamp<std::int64_t>(16 / plan_.block, 1, 4);
    std::int64_t count = steps_.count;
    while (count > 1 && !buffer_fits(count * steps_.rows)) --count;
    plan_.bands = ceil_div(steps_.count, count);
    plan_.band_rows = ceil_div(steps_.count, plan_.bands) * steps_.rows;
  }

  void plan_staged() {
    std::int64_t deepest = 0;
    for (std::int64_t row = 0; row < problem_.kernel_h; ++row) {
      const std::int64_t phase = row * problem_.dilation_h % problem_.stride_h;
      if (std::find(plan_.phases.begin(), plan_.phases.end(), phase) == plan_.phases.end()) {
        plan_.phases.push_back(phase);
      }
      deepest = std::max(deepest, row * problem_.dilation_h / problem_.stride_h);
    }
    const auto phase_count = static_cast<std::int64_t>(plan_.phases.size());
    choose_passes();
    const std::int64_t planes = plan_.pass_channels * problem_.kernel_w * phase_count;
    const auto plane_floats = [&](std::int64_t rows) {
      return round_up((rows + deepest) * plan_.conv_w + target_.vector_floats, 16);
    };
    const std::int64_t row_vectors = ceil_div(plan_.conv_w, target_.vector_floats);
    const auto fits = [&](std::int64_t rows) {
      const std::int64_t staged = planes * plane_floats(rows);
      return plan_.passes == 1 ? staged <= max_staged_floats
                               : staged + plan_.out_per_group * rows * plan_.conv_w <= max_passed_floats;
    };
    choose_bands(
        fits, [&](std::int64_t rows) { return plan_.passes * planes * (rows + deepest) * row_vectors * staging_cost; });
    plan_.phase_rows = plan_.band_rows + deepest;
    plan_.plane_floats = plane_floats(plan_.band_rows);
    plan_.column_pitch = phase_count * plan_.plane_floats;
    plan_.channel_pitch = problem_.kernel_w * plan_.column_pitch;
    for (std::int64_t row = 0; row < problem_.kernel_h; ++row) {
      const auto* phase =
          std::find(plan_.phases.begin(), plan_.phases.end(), row * problem_.dilation_h % problem_.stride_h);
      plan_.row_offsets.push_back((phase - plan_.phases.begin()) * plan_.plane_floats +
                                  row * problem_.dilation_h / problem_.stride_h * plan_.conv_w);
    }
    plan_.scratch = plan_.pass_channels * plan_.channel_pitch;
  }

  // Equal passes over the input channels, of at least eight: a pass also reads and writes the sums.
  void choose_passes() {
    if (target_.vector_floats > 8) return;
    const std::int64_t channel_floats = taps() * 3 * target_.vector_floats;
    std::int64_t channels = std::min(plan_.in_per_group, std::max<std::int64_t>(max_group_floats / channel_floats, 1));
    while (plan_.in_per_group % channels != 0) --channels;
    if (channels < 8) return;
    plan_.pass_channels = channels;
    plan_.passes = plan_.in_per_group / channels;
  }

  const KernelProblem& problem_;
  const TargetInfo& target_;
  const bool is_pooled_;
  const bool must_divide_;
  BandSteps steps_;
  ConvPlan plan_;
};

}  // namespace

std::int64_t ConvPlan::first_row(std::int64_t band) const {
  return pool_rows > 0 ? band * band_rows : std::min(band * band_rows, conv_h - band_rows);
}

ConvPlan plan_conv(const KernelProblem& problem, const TargetInfo& target) {
  return Planner(problem, target).plan();
}

}  // namespace d2nn::codegen
