// Direct convolution as conv_plan.h cuts it: for each group of channels and band of rows, stage the source where that
// is the plan, then for each block of output channels run over the band's pixels with the sums in registers. With a
// fused pool the band's rows go to a buffer in scratch and only the pooled rows to memory.
#include "codegen/kernels/conv.h"

#include <algorithm>

#include "codegen/kernels/conv_plan.h"
#include "codegen/kernels/epilogue.h"
#include "codegen/kernels/pool.h"
#include "codegen/kernels/strided_rows.h"

namespace d2nn::codegen {

namespace {

// Multiply-adds that one round of the loop over input channels may spell out; beyond, kernel rows, then columns are
// looped.
constexpr std::int64_t max_unrolled_sums = 640;
// A source beyond this was not left in the first-level cache by what wrote it: it is asked for ahead, by rows some conv
// rows, else by a group of pixels.
constexpr std::int64_t cold_source_floats = 8 * 1024;
constexpr std::int64_t rows_ahead = 4;

class ConvEmitter {
 public:
  ConvEmitter(KernelBuilder& kernel, const KernelProblem& problem)
      : k_(kernel),
        problem_(problem),
        plan_(plan_conv(problem, kernel.target())),
        epilogue_(kernel, problem.pointwise),
        src_(kernel.argument(0)),
        dst_(kernel.argument(1)),
        packed_(kernel.argument(2)),
        scratch_(kernel.argument(3)) {
    channel_weights_ = taps() * plan_.block;
    block_weights_ = plan_.in_per_group * channel_weights_;
    bias_ = k_.at(packed_, problem.groups * plan_.blocks * block_weights_);
    if (plan_.source == ConvSource::staged) phase_table_ = k_.index_table("phases", plan_.phases);
    if (plan_.source == ConvSource::staged || plan_.source == ConvSource::rows) {
      zero_row_ = k_.constant_row("zeros", 0.0F, problem.in_w);
    }
    if (plan_.source == ConvSource::masked) {
      mask_table_ = k_.mask_table("masks", plan_.masks);
      class_table_ = k_.index_table("classes", plan_.band_classes);
    }
    if (!plan_.row_offsets.empty()) row_table_ = k_.index_table("rows", plan_.row_offsets);
  }

  void emit() {
    k_.loop(problem_.groups, [&](llvm::Value* group) {
      if (has_pool()) clear_carried_rows();
      k_.loop(plan_.bands, [&](llvm::Value* band) { emit_band(group, band); });
    });
  }

 private:
  bool has_pool() const { return plan_.pool_rows > 0; }
  llvm::Value* pool_buffer() { return k_.at(scratch_, plan_.buffer_offset); }

  // A band of one group of channels: where it reads and writes.
  struct Band {
    llvm::Value* group;
    llvm::Value* source;  // of the group
    llvm::Value* first_row;
  };
  // A block of output channels in a band.
  struct Block {
    llvm::Value* write;  // of the band's first pixel
    llvm::Value* weights;
    llvm::Value* bias;
    llvm::Value* first_channel;
  };
  // One of several passes over the input channels; the only one has no conditions.
  struct Pass {
    llvm::Value* first_channel = nullptr;
    llvm::Value* is_first = nullptr;
    llvm::Value* is_last = nullptr;
    bool is_only() const { return is_first == nullptr; }
  };

  void emit_band(llvm::Value* group, llvm::Value* band) {
    auto& ir = k_.ir();
    llvm::Value* first_row = k_.multiply(band, plan_.band_rows);
    if (!has_pool() && plan_.bands > 1) {
      // The last band is moved up to end with the image; its first rows are computed twice, to the same values.
      llvm::Value* last = k_.index(plan_.conv_h - plan_.band_rows);
      first_row = ir.CreateSelect(ir.CreateICmpSLT(first_row, last), first_row, last);
    }
    const Band place{group, k_.at(src_, k_.multiply(group, plan_.in_per_group * problem_.in_h * problem_.in_w)),
                     first_row};
    if (plan_.source == ConvSource::rows) {
      for_each_block(place, [&](const Block& block) { emit_rows(place, block); });
    } else if (plan_.passes > 1) {
      k_.loop(plan_.passes, [&](llvm::Value* pass) { emit_pass(place, pass); });
    } else {
      llvm::Value* read = source_of(place, band);
      for_each_block(place, [&](const Block& block) {
        for_each_group(
            [&](llvm::Value* offset, const PixelGroup& pixels) { emit_group(read, offset, block, pixels, {}); });
      });
    }
    if (has_pool()) pool_band(group, band);
  }

  void for_each_block(const Band& band, llvm::function_ref<void(const Block& block)> body) {
    k_.loop(plan_.blocks, [&](llvm::Value* block) {
      llvm::Value* first_channel = k_.multiply(block, plan_.block);
      llvm::Value* weight_block = k_.add(k_.multiply(band.group, plan_.blocks), block);
      llvm::Value* weights = k_.at(packed_, k_.multiply(weight_block, block_weights_));
      llvm::Value* bias = k_.at(bias_, k_.multiply(weight_block, plan_.block));
      llvm::Value* write = nullptr;
      if (has_pool()) {
        write = k_.at(pool_buffer(),
                      k_.add(k_.multiply(first_channel, plan_.buffer_pitch), plan_.carried_rows * plan_.conv_w));
      } else {
        llvm::Value* channel = k_.add(k_.multiply(band.group, plan_.out_per_group), first_channel);
        write = k_.at(
            dst_, k_.add(k_.multiply(channel, plan_.conv_h * plan_.conv_w), k_.multiply(band.first_row, plan_.conv_w)));
      }
      body({write, weights, bias, first_channel});
    });
  }

  // Where the taps of a band's first pixel are read, of its first channel.
  llvm::Value* source_of(const Band& place, llvm::Value* band) {
    if (plan_.source == ConvSource::staged) {
      stage(place.source, place.first_row);
      return scratch_;
    }
    if (plan_.source == ConvSource::point) return place.source;
    band_masks_ = mask_at(mask_table_, k_.multiply(k_.load_index(class_table_, band), masks_per_band()));
    return k_.at(place.source, k_.multiply(place.first_row, problem_.in_w));
  }

  // What some input channels add to all sums of a band: what a group of pixels reads stays in the first-level cache
  // while the blocks of output channels take turns at it.
  void emit_pass(const Band& band, llvm::Value* number) {
    auto& ir = k_.ir();
    const Pass pass{k_.multiply(number, plan_.pass_channels), ir.CreateICmpEQ(number, k_.index(0)),
                    ir.CreateICmpEQ(number, k_.index(plan_.passes - 1))};
    stage(k_.at(band.source, k_.multiply(pass.first_channel, problem_.in_h * problem_.in_w)), band.first_row);
    for_each_group([&](llvm::Value* offset, const PixelGroup& pixels) {
      for_each_block(band, [&](const Block& block) { emit_group(scratch_, offset, block, pixels, pass); });
    });
  }

  // Copies the source rows of a band, of the channels of one pass, into planes, each shifted for one kernel column
  // (conv_plan.h).
  void stage(llvm::Value* source, llvm::Value* first_row) {
    const RowWindow window{problem_.kernel_w, problem_.stride_w, problem_.dilation_w,
                           problem_.pad_w,    problem_.in_w,     plan_.conv_w};
    llvm::Value* top = k_.add(k_.multiply(first_row, problem_.stride_h), -problem_.pad_h);
    k_.loop(plan_.pass_channels, [&](llvm::Value* channel) {
      llvm::Value* image = k_.at(source, k_.multiply(channel, problem_.in_h * problem_.in_w));
      llvm::Value* staged = k_.at(scratch_, k_.multiply(channel, plan_.channel_pitch));
      k_.loop(static_cast<std::int64_t>(plan_.phases.size()), [&](llvm::Value* phase) {
        llvm::Value* phase_top = k_.add(top, k_.load_index(phase_table_, phase));
        llvm::Value* plane = k_.at(staged, k_.multiply(phase, plan_.plane_floats));
        k_.loop(plan_.phase_rows, [&](llvm::Value* row) {
          llvm::Value* y = k_.add(phase_top, k_.multiply(row, problem_.stride_h));
          llvm::Value* line = source_line(image, y);
          llvm::Value* to = k_.at(plane, k_.multiply(row, plan_.conv_w));
          for_each_run(
              k_, window,
              [&](llvm::Value* column, int lanes, LaneRange valid) {
                return k_.load_lanes(k_.at(line, column), lanes, valid, 0.0F);
              },
              [&](const RowRun& run) {
                for (std::size_t tap = 0; tap < run.taps.size(); ++tap) {
                  // Lanes behind the row are overwritten by the next row, or fall into the plane's slack.
                  k_.store(run.taps[tap],
                           k_.at(to, k_.add(run.first, static_cast<std::int64_t>(tap) * plan_.column_pitch)));
                }
              });
        });
      });
    });
  }

  // A register group of the flat list of pixels.
  struct PixelGroup {
    std::int64_t vectors;
    std::int64_t last_count;       // pixels of the last vector
    llvm::Value* masks = nullptr;  // masked: of the first vector
  };
  // Tap number `first + position`, where position is known only at run time when a loop runs over the taps.
  struct Tap {
    llvm::Value* pixels;
    llvm::Value* weights;
    llvm::Value* number;
    std::int64_t known = -1;
  };

  // The pixels of a band; offset: of a group's first.
  void for_each_group(llvm::function_ref<void(llvm::Value* offset, const PixelGroup& group)> body) {
    const PixelGroups& pixels = plan_.pixels;
    const std::int64_t lanes = k_.lanes();
    const auto emit_at = [&](llvm::Value* first_vector, std::int64_t vectors, std::int64_t last_count) {
      PixelGroup group{vectors, last_count};
      if (band_masks_ != nullptr) group.masks = mask_at(band_masks_, k_.multiply(first_vector, taps()));
      body(k_.multiply(first_vector, lanes), group);
    };
    const std::int64_t large_vectors = pixels.large * (pixels.size + 1);
    k_.loop(pixels.large, [&](llvm::Value* i) { emit_at(k_.multiply(i, pixels.size + 1), pixels.size + 1, lanes); });
    k_.loop(pixels.small,
            [&](llvm::Value* i) { emit_at(k_.add(k_.multiply(i, pixels.size), large_vectors), pixels.size, lanes); });
    if (pixels.partial != 0) {
      emit_at(k_.index(large_vectors + pixels.small * pixels.size), pixels.size, pixels.partial);
    }
  }

  void emit_group(llvm::Value* source, llvm::Value* offset, const Block& block, const PixelGroup& group,
                  const Pass& pass) {
    llvm::Value* read = k_.at(source, offset);
    llvm::Value* write = k_.at(block.write, offset);
    llvm::Value* weights = block.weights;
    Values sums;
    for (std::int64_t channel = 0; channel < plan_.block; ++channel) {
      for (std::int64_t v = 0; v < group.vectors; ++v) {
        sums.push_back(k_.load_splat(k_.at(block.bias, channel), width(group, v)));
      }
    }
    // The buffer of a fused pool has slack behind each channel.
    const std::int64_t last_count = has_pool() ? k_.lanes() : group.last_count;
    const auto store = [&](Stored what) {
      store_sums(sums, write, block.first_channel, group.vectors, last_count, what);
    };
    if (!pass.is_only()) {
      weights = k_.at(weights, k_.multiply(pass.first_channel, channel_weights_));
      k_.if_then(pass.is_first, [&] { store(Stored::sums); });
      sums = load_sums(write, block.first_channel, group);
    }
    sums = k_.loop(plan_.pass_channels, sums, [&](llvm::Value* channel, const Values& carried) {
      llvm::Value* image = k_.at(read, k_.multiply(channel, plan_.channel_pitch));
      llvm::Value* channel_weights = k_.at(weights, k_.multiply(channel, channel_weights_));
      prefetch_next_group(image, group.vectors);
      return emit_taps(image, channel_weights, carried, group);
    });
    if (pass.is_only()) return store(Stored::results);
    k_.if_then(pass.is_last, [&] { store(Stored::results); });
    k_.if_then(k_.ir().CreateNot(pass.is_last), [&] { store(Stored::sums); });
  }

  // What the passes before left.
  Values load_sums(llvm::Value* write, llvm::Value* first_channel, const PixelGroup& group) {
    Values sums;
    for (std::int64_t channel = 0; channel < plan_.block; ++channel) {
      llvm::Value* from = k_.at(write, channel * result_pitch());
      // In place of channels that only pad the last block, the first one is read.
      if (may_be_padding(channel)) from = k_.ir().CreateSelect(is_channel(first_channel, channel), from, write);
      for (std::int64_t v = 0; v < group.vectors; ++v) {
        const std::int64_t count = v + 1 < group.vectors || has_pool() ? k_.lanes() : group.last_count;
        sums.push_back(k_.load_lanes(k_.at(from, v * k_.lanes()), width(group, v), {0, count}, 0.0F));
      }
    }
    return sums;
  }

  std::int64_t result_pitch() const { return has_pool() ? plan_.buffer_pitch : plan_.conv_h * plan_.conv_w; }
  bool may_be_padding(std::int64_t channel) const {
    return channel >= plan_.out_per_group - (plan_.blocks - 1) * plan_.block;
  }
  llvm::Value* is_channel(llvm::Value* first_channel, std::int64_t channel) {
    return k_.ir().CreateICmpSLT(k_.add(first_channel, channel), k_.index(plan_.out_per_group));
  }

  // What the next group of pixels reads of this channel and this group does not: the end of its lowest row of taps. A
  // group goes through all channels, in steps too large to be foreseen by the processor.
  void prefetch_next_group(llvm::Value* image, std::int64_t vectors) {
    if (plan_.source != ConvSource::masked || !source_is_cold()) return;
    const std::int64_t pixels = vectors * k_.lanes();
    const std::int64_t last_tap = plan_.row_offsets.back() + (problem_.kernel_w - 1) * plan_.column_pitch;
    k_.prefetch(k_.at(image, last_tap + pixels), pixels);
  }
  bool source_is_cold() const { return problem_.in_c * problem_.in_h * problem_.in_w >= cold_source_floats; }

  enum class Stored : std::uint8_t { sums, results };

  // sums: [channel][vector], to neighbouring vectors at `write`, as they are or as what the pointwise stages make of
  // them.
  void store_sums(const Values& sums, llvm::Value* write, llvm::Value* first_channel, std::int64_t vectors,
                  std::int64_t last_count, Stored what) {
    for (std::int64_t channel = 0; channel < plan_.block; ++channel) {
      const auto store_channel = [&] {
        for (std::int64_t v = 0; v < vectors; ++v) {
          llvm::Value* sum = sums[static_cast<std::size_t>(channel * vectors + v)];
          llvm::Value* to = k_.at(write, channel * result_pitch() + v * k_.lanes());
          const std::int64_t count = v + 1 < vectors ? k_.lanes() : last_count;
          if (what == Stored::results && epilogue_.is_cheap()) sum = finish(sum, to, count);
          k_.store_first(sum, to, count);
        }
      };
      // Channels that only pad the last block of the packing have no place in dst.
      if (may_be_padding(channel)) {
        k_.if_then(is_channel(first_channel, channel), store_channel);
      } else {
        store_channel();
      }
    }
    if (what == Stored::results && !epilogue_.is_cheap()) {
      finish_stored(write, first_channel, vectors, last_count);
    }
  }

  // The pointwise stages of what store_sums has left, while it is near.
  void finish_stored(llvm::Value* write, llvm::Value* first_channel, std::int64_t vectors, std::int64_t last_count) {
    llvm::Value* last = k_.index(plan_.out_per_group);
    llvm::Value* end = k_.add(first_channel, plan_.block);
    end = k_.ir().CreateSelect(k_.ir().CreateICmpSLT(end, last), end, last);
    k_.loop_between(first_channel, end, 1, [&](llvm::Value* channel) {
      llvm::Value* line = k_.at(write, k_.multiply(k_.ir().CreateNSWSub(channel, first_channel), result_pitch()));
      for (std::int64_t v = 0; v < vectors; ++v) {
        llvm::Value* to = k_.at(line, v * k_.lanes());
        const std::int64_t count = v + 1 < vectors ? k_.lanes() : last_count;
        k_.store_first(finish(k_.load_lanes(to, lanes_for(count, k_.lanes()), {0, count}, 0.0F), to, count), to, count);
      }
    });
  }

  // All taps of one input channel.
  Values emit_taps(llvm::Value* image, llvm::Value* weights, Values sums, const PixelGroup& group) {
    const std::int64_t row_taps = problem_.kernel_w;
    if (taps() * plan_.block * group.vectors <= max_unrolled_sums) {
      for (std::int64_t row = 0; row < problem_.kernel_h; ++row) {
        sums = emit_tap_row({k_.at(image, plan_.row_offsets[static_cast<std::size_t>(row)]),
                             k_.at(weights, row * row_taps * plan_.block), k_.index(row * row_taps), row * row_taps},
                            sums, group);
      }
      return sums;
    }
    return k_.loop(problem_.kernel_h, sums, [&](llvm::Value* row, const Values& carried) {
      return emit_tap_row({k_.at(image, k_.load_index(row_table_, row)),
                           k_.at(weights, k_.multiply(row, row_taps * plan_.block)), k_.multiply(row, row_taps)},
                          carried, group);
    });
  }

  Values emit_tap_row(const Tap& first, Values sums, const PixelGroup& group) {
    if (problem_.kernel_w * plan_.block * group.vectors <= max_unrolled_sums) {
      for (std::int64_t column = 0; column < problem_.kernel_w; ++column) {
        emit_tap({k_.at(first.pixels, column * plan_.column_pitch), k_.at(first.weights, column * plan_.block),
                  k_.add(first.number, column), first.known < 0 ? -1 : first.known + column},
                 sums, group);
      }
      return sums;
    }
    return k_.loop(problem_.kernel_w, sums, [&](llvm::Value* column, const Values& carried) {
      Values next = carried;
      emit_tap({k_.at(first.pixels, k_.multiply(column, plan_.column_pitch)),
                k_.at(first.weights, k_.multiply(column, plan_.block)), k_.add(first.number, column)},
               next, group);
      return next;
    });
  }

  // The smaller side of the outer product is held in registers, the other passes by.
  void emit_tap(const Tap& tap, Values& sums, const PixelGroup& group) {
    const auto multiply_add = [&](std::int64_t channel, std::int64_t v, llvm::Value* pixel) {
      llvm::Value*& sum = sums[static_cast<std::size_t>(channel * group.vectors + v)];
      sum = k_.multiply_add(pixel, k_.load_splat(k_.at(tap.weights, channel), width(group, v)), sum);
    };
    if (group.vectors <= plan_.block) {
      Values held;
      for (std::int64_t v = 0; v < group.vectors; ++v) held.push_back(load_pixels(tap, v, group));
      for (std::int64_t channel = 0; channel < plan_.block; ++channel) {
        for (std::int64_t v = 0; v < group.vectors; ++v) multiply_add(channel, v, held[static_cast<std::size_t>(v)]);
      }
    } else {
      for (std::int64_t v = 0; v < group.vectors; ++v) {
        llvm::Value* pixel = load_pixels(tap, v, group);
        for (std::int64_t channel = 0; channel < plan_.block; ++channel) multiply_add(channel, v, pixel);
      }
    }
  }

  int width(const PixelGroup& group, std::int64_t v) const {
    return v + 1 < group.vectors ? k_.lanes() : lanes_for(group.last_count, k_.lanes());
  }

  llvm::Value* load_pixels(const Tap& tap, std::int64_t v, const PixelGroup& group) {
    llvm::Value* from = k_.at(tap.pixels, v * k_.lanes());
    const int lanes = width(group, v);
    const bool is_partial = v + 1 == group.vectors && group.last_count < k_.lanes();
    // Staged planes have slack behind them; the caller's source has not.
    if (plan_.source == ConvSource::staged) return k_.load(from, lanes);
    if (plan_.source == ConvSource::point)
      return k_.load_lanes(from, lanes, {0, is_partial ? group.last_count : lanes}, 0.0F);
    if (!is_partial && tap.known >= 0 && plan_.full_taps[static_cast<std::size_t>(tap.known)])
      return k_.load(from, lanes);
    return k_.load_masked(from, lanes, mask_at(group.masks, k_.add(tap.number, v * taps())));
  }

  std::int64_t taps() const { return problem_.kernel_h * problem_.kernel_w; }
  std::int64_t masks_per_band() const { return ceil_div(plan_.band_rows * plan_.conv_w, k_.lanes()) * taps(); }
  llvm::Value* mask_at(llvm::Value* masks, llvm::Value* position) {
    return k_.ir().CreateGEP(k_.ir().getInt16Ty(), masks, position);
  }

  // ---- straight from the source, row by row

  void emit_rows(const Band& band, const Block& block) {
    const RowWindow window{problem_.kernel_w, problem_.stride_w, problem_.dilation_w,
                           problem_.pad_w,    problem_.in_w,     plan_.conv_w};
    k_.loop(plan_.band_rows, [&](llvm::Value* row) {
      llvm::Value* top = k_.add(k_.multiply(k_.add(band.first_row, row), problem_.stride_h), -problem_.pad_h);
      llvm::Value* to = k_.at(block.write, k_.multiply(row, plan_.conv_w));
      prefetch_rows(band.source, k_.add(top, rows_ahead * problem_.stride_h + problem_.kernel_h));
      for_each_run_group(k_, window, plan_.run_group, [&](llvm::ArrayRef<RunPlace> places) {
        emit_row_group(window, band, top, k_.at(to, places.front().first), block, places);
      });
    });
  }

  // The source rows that one conv row adds to those before it, from row y on, of every channel. Below the image they
  // are the next channel's, or the next image's: what a batch reads next.
  void prefetch_rows(llvm::Value* group_src, llvm::Value* y) {
    if (!source_is_cold()) return;
    llvm::Value* first = k_.at(group_src, k_.multiply(y, problem_.in_w));
    for (std::int64_t channel = 0; channel < plan_.in_per_group; ++channel) {
      k_.prefetch(k_.at(first, channel * plan_.channel_pitch), problem_.stride_h * problem_.in_w);
    }
  }

  void emit_row_group(const RowWindow& window, const Band& band, llvm::Value* top, llvm::Value* write,
                      const Block& block, llvm::ArrayRef<RunPlace> places) {
    const auto vectors = static_cast<std::int64_t>(places.size());
    Values sums;
    for (std::int64_t channel = 0; channel < plan_.block; ++channel) {
      for (const RunPlace& place : places) sums.push_back(k_.load_splat(k_.at(block.bias, channel), place.lanes));
    }
    sums = k_.loop(plan_.in_per_group, sums, [&](llvm::Value* channel, const Values& carried) {
      llvm::Value* image = k_.at(band.source, k_.multiply(channel, plan_.channel_pitch));
      llvm::Value* channel_weights = k_.at(block.weights, k_.multiply(channel, channel_weights_));
      const auto add_row = [&](llvm::Value* row, Values current) {
        llvm::Value* line = source_line(image, k_.add(top, k_.multiply(row, problem_.dilation_h)));
        llvm::Value* row_weights = k_.at(channel_weights, k_.multiply(row, problem_.kernel_w * plan_.block));
        llvm::SmallVector<Values, 4> pixels;  // by place, then by tap
        for (const RunPlace& place : places) {
          pixels.push_back(load_taps(k_, window, place, [&](llvm::Value* column, int lanes, LaneRange valid) {
            return k_.load_lanes(k_.at(line, column), lanes, valid, 0.0F);
          }));
        }
        // The places of a weight follow each other, so that it need not stay in a register.
        for (std::int64_t column = 0; column < problem_.kernel_w; ++column) {
          for (std::int64_t out = 0; out < plan_.block; ++out) {
            for (std::size_t v = 0; v < places.size(); ++v) {
              llvm::Value*& sum = current[static_cast<std::size_t>(out * vectors) + v];
              llvm::Value* weight = k_.load_splat(k_.at(row_weights, column * plan_.block + out), places[v].lanes);
              sum = k_.multiply_add(pixels[v][static_cast<std::size_t>(column)], weight, sum);
            }
          }
        }
        return current;
      };
      if (taps() * plan_.block * vectors > max_unrolled_sums) return k_.loop(problem_.kernel_h, carried, add_row);
      Values current = carried;
      for (std::int64_t row = 0; row < problem_.kernel_h; ++row) current = add_row(k_.index(row), current);
      return current;
    });
    // In a pool's buffer the lanes behind a row are overwritten by the next one, or fall into slack.
    store_sums(sums, write, block.first_channel, vectors, has_pool() ? k_.lanes() : places.back().count,
               Stored::results);
  }

  // Row y of an image, or a row of zeros when it is outside: one unsigned test covers both borders.
  llvm::Value* source_line(llvm::Value* image, llvm::Value* y) {
    llvm::Value* is_inside = k_.ir().CreateICmpULT(y, k_.index(problem_.in_h));
    return k_.ir().CreateSelect(is_inside, k_.at(image, k_.multiply(y, problem_.in_w)), zero_row_);
  }

  // The results of sums, of which the first `count` lanes go to `to`.
  llvm::Value* finish(llvm::Value* sums, llvm::Value* to, std::int64_t count) {
    if (has_pool()) return relu_for_pool(k_, sums);
    return epilogue_.apply(sums, [&](std::size_t operand, int lanes) {
      llvm::Value* from = k_.same_place(to, dst_, k_.argument(static_cast<unsigned>(4 + operand)));
      return k_.load_lanes(from, lanes, {0, count}, 0.0F);
    });
  }

  // The rows above the first band are the pool's padding: nothing is less than +0.
  void clear_carried_rows() {
    if (plan_.carried_rows == 0) return;
    k_.loop(plan_.out_per_group, [&](llvm::Value* channel) {
      clear_rows(k_.at(pool_buffer(), k_.multiply(channel, plan_.buffer_pitch)), plan_.carried_rows * plan_.conv_w);
    });
  }

  void clear_rows(llvm::Value* to, std::int64_t floats) {
    k_.ir().CreateMemSet(to, k_.ir().getInt8(0), static_cast<std::uint64_t>(floats) * sizeof(float),
                         llvm::MaybeAlign(4));
  }

  // Pools the rows of a band and keeps what the next band needs again.
  void pool_band(llvm::Value* group, llvm::Value* band) {
    auto& ir = k_.ir();
    const PoolStage& pool = problem_.pool;
    const RowWindow window{pool.kernel_w, pool.stride_w, 1, pool.pad_w, plan_.conv_w, problem_.out_w};
    llvm::Value* first = k_.multiply(band, plan_.pool_rows);
    llvm::Value* limit = k_.index(problem_.out_h);
    llvm::Value* end = k_.add(first, plan_.pool_rows);
    end = ir.CreateSelect(ir.CreateICmpSLT(end, limit), end, limit);
    const std::int64_t spare_rows = plan_.bands * plan_.band_rows - plan_.conv_h;
    k_.loop(plan_.out_per_group, [&](llvm::Value* channel) {
      llvm::Value* buffer = k_.at(pool_buffer(), k_.multiply(channel, plan_.buffer_pitch));
      llvm::Value* out_channel = k_.add(k_.multiply(group, plan_.out_per_group), channel);
      llvm::Value* out = k_.at(dst_, k_.multiply(out_channel, problem_.out_h * problem_.out_w));
      if (spare_rows > 0) {
        // Rows computed below the image are padding too.
        k_.if_then(ir.CreateICmpEQ(band, k_.index(plan_.bands - 1)), [&] {
          const std::int64_t kept = plan_.carried_rows + plan_.band_rows - spare_rows;
          clear_rows(k_.at(buffer, kept * plan_.conv_w), spare_rows * plan_.conv_w);
        });
      }
      k_.loop_between(first, end, 1, [&](llvm::Value* row) {
        llvm::Value* start = k_.multiply(ir.CreateNSWSub(row, first), pool.stride_h * plan_.conv_w);
        emit_relu_pool_row(k_, window, pool.kernel_h, plan_.conv_w, k_.at(buffer, start),
                           k_.at(out, k_.multiply(row, problem_.out_w)));
      });
      if (plan_.carried_rows > 0) {
        ir.CreateMemCpy(buffer, llvm::MaybeAlign(4), k_.at(buffer, plan_.band_rows * plan_.conv_w), llvm::MaybeAlign(4),
                        static_cast<std::uint64_t>(plan_.carried_rows * plan_.conv_w) * sizeof(float));
      }
    });
  }

  KernelBuilder& k_;
  const KernelProblem& problem_;
  const ConvPlan plan_;
  const Epilogue epilogue_;
  llvm::Value* src_;
  llvm::Value* dst_;
  llvm::Value* packed_;
  llvm::Value* scratch_;
  llvm::Value* bias_ = nullptr;
  llvm::Value* phase_table_ = nullptr;
  llvm::Value* row_table_ = nullptr;
  llvm::Value* zero_row_ = nullptr;
  llvm::Value* mask_table_ = nullptr;
  llvm::Value* class_table_ = nullptr;
  llvm::Value* band_masks_ = nullptr;  // masked: of the band being emitted
  std::int64_t channel_weights_ = 0;
  std::int64_t block_weights_ = 0;
};

}  // namespace

void emit_conv(KernelBuilder& kernel, const KernelProblem& problem) {
  ConvEmitter(kernel, problem).emit();
}

}  // namespace d2nn::codegen
