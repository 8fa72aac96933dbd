// The hand-written program: primitives in the order in which a person would call them. One thread throughout (the
// caller sets OpenMP's count before it makes or runs one of these).
#include "limit_high_low.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dnnl.hpp>
#include <optional>

#include "storage/aligned_buffer.h"

namespace d2nn::bench {
namespace {

using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;
using Layout = LimitPlan::Layout;

constexpr std::int64_t image_floats = std::int64_t{3} * 112 * 112;

dnnl::memory::desc desc(const Dims& dims, Tag tag) {
  return {dims, dnnl::memory::data_type::f32, tag};
}

Tag tag(Layout layout) {
  switch (layout) {
    case Layout::blocked8:
      return Tag::nChw8c;
    case Layout::blocked16:
      return Tag::nChw16c;
    case Layout::channels_last:
      return Tag::nhwc;
    case Layout::any:
      break;
  }
  return Tag::any;
}

const char* name(Layout layout) {
  switch (layout) {
    case Layout::blocked8:
      return "nChw8c";
    case Layout::blocked16:
      return "nChw16c";
    case Layout::channels_last:
      return "nhwc";
    case Layout::any:
      break;
  }
  return "any";
}

std::size_t floats(const dnnl::memory::desc& layout) {
  return layout.get_size() / sizeof(float);
}

/// Zeros at a 64-byte boundary.
using Floats = storage::AlignedFloats;

/// One primitive with its constant arguments; source and destination are given for each call.
class Step {
 public:
  template <class PrimitiveDesc>
  Step(const dnnl::engine& engine, const PrimitiveDesc& layout, const dnnl::primitive& primitive)
      : primitive_(primitive),
        stream_(engine),
        source_(layout.src_desc(), engine, DNNL_MEMORY_NONE),
        result_(layout.dst_desc(), engine, DNNL_MEMORY_NONE),
        scratch_(layout.scratchpad_desc(), engine) {
    add(DNNL_ARG_SRC, source_);
    add(DNNL_ARG_DST, result_);
    add(DNNL_ARG_SCRATCHPAD, scratch_);
  }
  void add(int argument, const dnnl::memory& memory) {
    kept_.push_back(memory);
    arguments_.push_back({argument, memory.get()});
  }
  void run(const float* from, float* to) {
    dnnl_memory_set_data_handle(source_.get(), const_cast<float*>(from));
    dnnl_memory_set_data_handle(result_.get(), to);
    if (dnnl_primitive_execute(primitive_.get(), stream_.get(), static_cast<int>(arguments_.size()),
                               arguments_.data()) != dnnl_success)
      std::abort();
  }
  dnnl::memory::desc result() const { return result_.get_desc(); }

 private:
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  dnnl::memory source_, result_, scratch_;
  std::vector<dnnl::memory> kept_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

dnnl::primitive_attr attributes(bool with_relu) {
  dnnl::primitive_attr result;
  result.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (with_relu) {
    dnnl::post_ops post;
    post.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
    result.set_post_ops(post);
  }
  return result;
}

/// Weights in the layout that a primitive wants.
dnnl::memory packed(const dnnl::engine& engine, const std::vector<float>& plain, const dnnl::memory::desc& from,
                    const dnnl::memory::desc& to) {
  dnnl::memory source(from, engine, const_cast<float*>(plain.data()));
  dnnl::memory result(to, engine);
  dnnl::stream stream(engine);
  dnnl::reorder(source, result).execute(stream, source, result);
  stream.wait();
  return result;
}

std::unique_ptr<Step> conv(const dnnl::engine& engine, const dnnl::memory::desc& source, const LayerWeights& weights,
                           std::int64_t out_c, std::int64_t stride, Layout layout) {
  const Dims in = source.dims();
  const std::int64_t out = (in[2] - 1) / stride + 1;
  const Dims weight_dims{out_c, in[1], 3, 3};
  const dnnl::convolution_forward::desc op(dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
                                           source, desc(weight_dims, Tag::any), desc({out_c}, Tag::x),
                                           desc({in[0], out_c, out, out}, tag(layout)), {stride, stride}, {1, 1},
                                           {(out - 1) * stride + 2 - in[2], (out - 1) * stride + 2 - in[3]});
  const dnnl::convolution_forward::primitive_desc primitive(op, attributes(true), engine);
  auto step = std::make_unique<Step>(engine, primitive, dnnl::convolution_forward(primitive));
  step->add(DNNL_ARG_WEIGHTS, packed(engine, weights.weight, desc(weight_dims, Tag::oihw), primitive.weights_desc()));
  step->add(DNNL_ARG_BIAS, packed(engine, weights.bias, desc({out_c}, Tag::x), primitive.bias_desc()));
  return step;
}

/// max_pool 3x3, stride 2, padding 1.
std::unique_ptr<Step> pool(const dnnl::engine& engine, const dnnl::memory::desc& source) {
  const Dims in = source.dims();
  const std::int64_t out = (in[2] - 1) / 2 + 1;
  const std::int64_t right = (out - 1) * 2 + 2 - in[2];
  const dnnl::pooling_forward::desc op(dnnl::prop_kind::forward_inference, dnnl::algorithm::pooling_max, source,
                                       desc({in[0], in[1], out, out}, Tag::any), {2, 2}, {3, 3}, {1, 1},
                                       {right, right});
  const dnnl::pooling_forward::primitive_desc primitive(op, attributes(false), engine);
  return std::make_unique<Step>(engine, primitive, dnnl::pooling_forward(primitive));
}

/// A dense layer that takes its source as it lies in memory: the weights are reordered instead.
std::unique_ptr<Step> dense(const dnnl::engine& engine, const dnnl::memory::desc& source, const LayerWeights& weights,
                            std::int64_t units, bool with_relu) {
  Dims weight_dims = source.dims();
  const std::int64_t rows = weight_dims[0];
  weight_dims[0] = units;
  const Tag plain = weight_dims.size() == 4 ? Tag::oihw : Tag::oi;
  const dnnl::inner_product_forward::desc op(dnnl::prop_kind::forward_inference, source, desc(weight_dims, Tag::any),
                                             desc({units}, Tag::x), desc({rows, units}, Tag::nc));
  const dnnl::inner_product_forward::primitive_desc primitive(op, attributes(with_relu), engine);
  auto step = std::make_unique<Step>(engine, primitive, dnnl::inner_product_forward(primitive));
  step->add(DNNL_ARG_WEIGHTS, packed(engine, weights.weight, desc(weight_dims, plain), primitive.weights_desc()));
  step->add(DNNL_ARG_BIAS, packed(engine, weights.bias, desc({units}, Tag::x), primitive.bias_desc()));
  return step;
}

std::unique_ptr<Step> reorder_to(const dnnl::engine& engine, const dnnl::memory::desc& source, Tag to) {
  const dnnl::reorder::primitive_desc primitive(engine, source, engine, desc(source.dims(), to), attributes(false));
  return std::make_unique<Step>(engine, primitive, dnnl::reorder(primitive));
}

/// The same layout for another number of rows.
dnnl::memory::desc with_rows(const dnnl::memory::desc& layout, std::int64_t rows) {
  dnnl_memory_desc_t changed = layout.data;
  changed.dims[0] = rows;
  changed.padded_dims[0] = rows;
  return dnnl::memory::desc(changed);
}

/// The layers of a node: convolution and pool in chunks of rows, then dense layers for all its rows.
class NodeChain {
 public:
  NodeChain(const dnnl::engine& engine, std::int64_t rows, std::int64_t chunk)
      : engine_(engine), rows_(rows), chunk_(chunk) {}

  void add_conv(const dnnl::memory::desc& source, const LayerWeights& weights, std::int64_t out_c, std::int64_t stride,
                Layout layout) {
    add_chunked(conv(engine_, with_rows(source, chunk_), weights, out_c, stride, layout));
  }
  void add_pool(const dnnl::memory::desc& source) {
    add_chunked(pool(engine_, chunked_.empty() ? with_rows(source, chunk_) : chunked_.back()->result()));
  }
  /// Before the first dense layer. A source whose channels are padded must be made plain.
  void end_chunks() {
    dnnl::memory::desc last = chunked_.back()->result();
    const Dims dims = last.dims();
    if (!std::equal(dims.begin(), dims.end(), last.data.padded_dims)) add_chunked(reorder_to(engine_, last, Tag::nchw));
    result_ = with_rows(chunked_.back()->result(), rows_);
    between_floats_ = 0;
    for (const auto& step : chunked_) between_floats_ = std::max(between_floats_, floats(step->result()));
    between_.emplace_back(std::make_unique<Floats>(between_floats_));
    between_.emplace_back(std::make_unique<Floats>(between_floats_));
    values_.push_back(std::make_unique<Floats>(floats(result_)));
    row_floats_ = floats(result_) / static_cast<std::size_t>(rows_);
  }
  void add_dense(const LayerWeights& weights, std::int64_t units, bool with_relu) {
    dense_.push_back(dense(engine_, dense_.empty() ? result_ : dense_.back()->result(), weights, units, with_relu));
    values_.push_back(std::make_unique<Floats>(floats(dense_.back()->result())));
  }

  dnnl::memory::desc result() const { return result_; }
  /// The rows behind the convolutions and pools, then behind the dense layers.
  const float* chunk_values() const { return values_.front()->data(); }
  const float* values() const { return values_.back()->data(); }
  std::size_t row_floats() const { return row_floats_; }

  /// source(first row of a chunk): where the chunk stands.
  template <class Source>
  void run(Source source) {
    for (std::int64_t row = 0; row < rows_; row += chunk_) {
      const float* from = source(row);
      for (std::size_t i = 0; i < chunked_.size(); ++i) {
        float* to = i + 1 < chunked_.size() ? between_[i % 2]->data()
                                            : values_[0]->data() + static_cast<std::size_t>(row) * row_floats_;
        chunked_[i]->run(from, to);
        from = to;
      }
    }
    for (std::size_t i = 0; i < dense_.size(); ++i) dense_[i]->run(values_[i]->data(), values_[i + 1]->data());
  }

 private:
  void add_chunked(std::unique_ptr<Step> step) { chunked_.push_back(std::move(step)); }

  dnnl::engine engine_;
  std::int64_t rows_, chunk_;
  std::vector<std::unique_ptr<Step>> chunked_, dense_;
  std::vector<std::unique_ptr<Floats>> between_, values_;
  dnnl::memory::desc result_;
  std::size_t between_floats_ = 0, row_floats_ = 0;
};

}  // namespace

struct LimitHighLow::State {
  State(const HighLowWeights& w, std::span<const std::uint8_t> takes_high, const LimitPlan& plan)
      : engine(dnnl::engine::kind::cpu, 0), row_by_row(plan.row_by_row) {
    for (std::size_t r = 0; r < takes_high.size(); ++r) (takes_high[r] != 0 ? high : low).push_back(r);
    const auto batch = static_cast<std::int64_t>(takes_high.size());
    const auto chunk = [&](std::int64_t rows) { return row_by_row ? 1 : rows; };

    n1.emplace(engine, batch, chunk(batch));
    const dnnl::memory::desc images = desc({batch, 3, 112, 112}, Tag::nchw);
    n1->add_conv(images, w.n1_conv, 8, 2, plan.n1);
    n1->add_pool(images);
    n1->end_chunks();

    q.emplace(engine, batch, chunk(batch));
    q->add_conv(n1->result(), w.q_conv, 2, 1, plan.q);
    q->add_pool(n1->result());
    q->end_chunks();
    q->add_dense(w.q_dense1, 128, true);
    q->add_dense(w.q_dense2, 2, false);

    if (!high.empty()) {
      const auto rows = static_cast<std::int64_t>(high.size());
      n2.emplace(engine, rows, chunk(rows));
      n2->add_conv(n1->result(), w.n2_conv, 16, 1, plan.n2);
      n2->add_pool(n1->result());
      n2->end_chunks();
      n2->add_dense(w.n2_dense1, 512, true);
      n2->add_dense(w.n2_dense2, 2, false);
    }
    if (!low.empty()) {
      const auto rows = static_cast<std::int64_t>(low.size());
      n3.emplace(engine, rows, chunk(rows));
      n3->add_pool(n1->result());
      n3->end_chunks();
      n3->add_dense(w.n3_dense1, 32, true);
      n3->add_dense(w.n3_dense2, 2, false);
    }
    if (!row_by_row && !high.empty() && !low.empty())
      gathered = std::make_unique<Floats>(takes_high.size() * n1->row_floats());
  }

  void run_branch(NodeChain& branch, const std::vector<std::size_t>& rows, float* scores) {
    const float* values = n1->chunk_values();
    const std::size_t row_floats = n1->row_floats();
    if (row_by_row) {
      branch.run([&](std::int64_t i) { return values + rows[static_cast<std::size_t>(i)] * row_floats; });
    } else if (gathered == nullptr) {
      branch.run([&](std::int64_t) { return values; });
    } else {
      for (std::size_t i = 0; i < rows.size(); ++i)
        std::memcpy(gathered->data() + i * row_floats, values + rows[i] * row_floats, row_floats * sizeof(float));
      branch.run([&](std::int64_t) { return gathered->data(); });
    }
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::memcpy(scores + rows[i] * 2, branch.values() + i * 2, 2 * sizeof(float));
  }

  dnnl::engine engine;
  bool row_by_row;
  std::vector<std::size_t> high, low;
  std::optional<NodeChain> n1, q, n2, n3;
  std::unique_ptr<Floats> gathered;
};

LimitHighLow::LimitHighLow(const HighLowWeights& weights, std::span<const std::uint8_t> takes_high,
                           const LimitPlan& plan)
    : state_(std::make_unique<State>(weights, takes_high, plan)) {}
LimitHighLow::~LimitHighLow() = default;

void LimitHighLow::run(const float* images, float* scores) {
  State& s = *state_;
  s.n1->run([&](std::int64_t row) { return images + row * image_floats; });
  s.q->run([&](std::int64_t row) { return s.n1->chunk_values() + static_cast<std::size_t>(row) * s.n1->row_floats(); });
  if (s.n2) s.run_branch(*s.n2, s.high, scores);
  if (s.n3) s.run_branch(*s.n3, s.low, scores);
}

const float* LimitHighLow::decisions() const {
  return state_->q->values();
}

std::string describe(const LimitPlan& plan) {
  return std::string("N1 ") + name(plan.n1) + ", Q " + name(plan.q) + ", N2 " + name(plan.n2) +
         (plan.row_by_row ? ", conv and pool row by row" : ", whole groups");
}

namespace {

struct Candidate {
  LimitPlan plan;
  std::unique_ptr<LimitHighLow> network;
  double least_seconds = 1e9;
};

/// CPU time: what else the machine runs must not decide.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Lets the candidates take turns and leaves the fastest `kept` of them, in order.
void race(std::vector<Candidate>& candidates, std::size_t rows, const float* images, std::size_t kept) {
  std::vector<float> scores(rows * 2);
  for (int round = 0; round < 12; ++round) {
    double best = 1e9;
    for (Candidate& candidate : candidates) {
      const double start = thread_seconds();
      candidate.network->run(images, scores.data());
      const double seconds = thread_seconds() - start;
      candidate.least_seconds = std::min(candidate.least_seconds, seconds);
      best = std::min(best, candidate.least_seconds);
    }
    // The library's reference kernels are slower by orders of magnitude: once is enough. The first run warms up.
    std::erase_if(candidates, [&](const Candidate& c) { return c.least_seconds > 5 * best; });
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& x, const Candidate& y) { return x.least_seconds < y.least_seconds; });
  if (candidates.size() > kept)
    candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(kept), candidates.end());
}

}  // namespace

LimitPlan fastest_plan(const HighLowWeights& weights, std::span<const std::uint8_t> takes_high, const float* images) {
  const auto runs_n2 = [](std::uint8_t high) { return high != 0; };
  // Layouts on a few rows, then the best of them on all, by row and by group.
  const auto few = takes_high.first(std::min<std::size_t>(takes_high.size(), 8));
  const bool has_n2 = std::any_of(few.begin(), few.end(), runs_n2);
  std::vector<Candidate> layouts;
  for (const Layout n1 : {Layout::blocked8, Layout::channels_last, Layout::any}) {
    for (const Layout q : {Layout::any, Layout::blocked8, Layout::channels_last}) {
      for (const Layout n2 : {Layout::blocked16, Layout::blocked8, Layout::channels_last}) {
        if (!has_n2 && n2 != Layout::blocked16) continue;
        const LimitPlan plan{n1, q, n2, true};
        try {
          layouts.push_back({plan, std::make_unique<LimitHighLow>(weights, few, plan)});
        } catch (const dnnl::error&) {
          continue;  // the library has no such kernel
        }
      }
    }
  }
  race(layouts, few.size(), images, 4);
  std::vector<Candidate> candidates;
  for (const Candidate& layout : layouts) {
    for (const bool row_by_row : {true, false}) {
      if (takes_high.size() == 1 && !row_by_row) continue;
      LimitPlan plan = layout.plan;
      plan.row_by_row = row_by_row;
      try {
        candidates.push_back({plan, std::make_unique<LimitHighLow>(weights, takes_high, plan)});
      } catch (const dnnl::error&) {
        continue;
      }
    }
  }
  race(candidates, takes_high.size(), images, 1);
  return candidates.front().plan;
}

}  // namespace d2nn::bench
