// Emitted kernels against oneDNN, layer by layer, one thread, batch 1 (dense layers also for 32 rows, convolutions of
// many channels for 64 images, one after the other): the contestants take turns within one run and the median of each
// is printed, in CPU time. "oneDNN": its direct convolution, which chooses its layouts freely; reorders are not
// counted, so that it is shown at its best. "library": the kernels room on planar rows with its reorders, Winograd's
// algorithm where oneDNN has it, else our own loops (0: not for this layer).
#include <omp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <dnnl.hpp>
#include <functional>
#include <memory>
#include <unordered_map>

#include "kernels/library_op.h"
#include "storage/aligned_buffer.h"
#include "threads/openmp_guard.h"
#include "unit/codegen_kernels/kernel_jit.h"
#include "unit/codegen_kernels/naive_kernels.h"
#include "unit/codegen_kernels/problems.h"

namespace {

using d2nn::codegen::KernelProblem;
using d2nn::ops::Kernel;
using namespace d2nn::testing;

/// A sequence of oneDNN primitives with their memory, for one problem.
class LibraryKernel {
 public:
  LibraryKernel(const KernelProblem& p, std::int64_t rows) : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    if (p.kind == Kernel::conv) {
      add_conv(p);
    } else if (p.kind == Kernel::dense) {
      add_dense(p, rows);
    } else {
      const dnnl::memory::dims dims{1, p.in_c, p.in_h, p.in_w};
      const auto tag = p.in_c >= 16 ? dnnl::memory::format_tag::nChw16c : dnnl::memory::format_tag::nhwc;
      last_ = memory({dims, dnnl::memory::data_type::f32, tag});
      add_pool({p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.pad_h, p.pad_w}, p.in_h, p.in_w, p.out_c, p.out_h,
               p.out_w);
    }
  }
  void run() {
    for (auto& [primitive, arguments] : steps_) primitive.execute(stream_, arguments);
  }

 private:
  using Dims = dnnl::memory::dims;
  using Tag = dnnl::memory::format_tag;
  static dnnl::memory::desc desc(const Dims& dims, Tag tag) { return {dims, dnnl::memory::data_type::f32, tag}; }
  dnnl::memory memory(const dnnl::memory::desc& layout) {
    dnnl::memory result(layout, engine_);
    std::fill_n(static_cast<float*>(result.get_data_handle()), layout.get_size() / sizeof(float), 0.01F);
    return result;
  }
  static dnnl::primitive_attr relu_if(bool has_relu) {
    dnnl::primitive_attr attributes;
    if (has_relu) {
      dnnl::post_ops post;
      post.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
      attributes.set_post_ops(post);
    }
    return attributes;
  }

  void add_conv(const KernelProblem& p) {
    const std::int64_t h = (p.in_h + 2 * p.pad_h - p.dilation_h * (p.kernel_h - 1) - 1) / p.stride_h + 1;
    const std::int64_t w = (p.in_w + 2 * p.pad_w - p.dilation_w * (p.kernel_w - 1) - 1) / p.stride_w + 1;
    const Dims weight_dims = p.groups == 1
                                 ? Dims{p.out_c, p.in_c, p.kernel_h, p.kernel_w}
                                 : Dims{p.groups, p.out_c / p.groups, p.in_c / p.groups, p.kernel_h, p.kernel_w};
    const dnnl::convolution_forward::desc op(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        desc({1, p.in_c, p.in_h, p.in_w}, p.in_c <= 3 ? Tag::nchw : Tag::any), desc(weight_dims, Tag::any),
        desc({p.out_c}, Tag::x), desc({1, p.out_c, h, w}, Tag::any), {p.stride_h, p.stride_w},
        {p.dilation_h - 1, p.dilation_w - 1}, {p.pad_h, p.pad_w}, {p.pad_h, p.pad_w});
    const dnnl::convolution_forward::primitive_desc layout(op, relu_if(!p.pointwise.empty()), engine_);
    last_ = memory(layout.dst_desc());
    steps_.push_back({dnnl::convolution_forward(layout),
                      {{DNNL_ARG_SRC, memory(layout.src_desc())},
                       {DNNL_ARG_WEIGHTS, memory(layout.weights_desc())},
                       {DNNL_ARG_BIAS, memory(layout.bias_desc())},
                       {DNNL_ARG_DST, last_}}});
    if (p.pool.kernel_h != 0) add_pool(p.pool, h, w, p.out_c, p.out_h, p.out_w);
  }

  void add_pool(const d2nn::codegen::PoolStage& p, std::int64_t in_h, std::int64_t in_w, std::int64_t c, std::int64_t h,
                std::int64_t w) {
    const dnnl::pooling_forward::desc op(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::pooling_max, last_.get_desc(),
        desc({1, c, h, w}, Tag::any), {p.stride_h, p.stride_w}, {p.kernel_h, p.kernel_w}, {p.pad_h, p.pad_w},
        {(h - 1) * p.stride_h + p.kernel_h - in_h - p.pad_h, (w - 1) * p.stride_w + p.kernel_w - in_w - p.pad_w});
    const dnnl::pooling_forward::primitive_desc layout(op, engine_);
    const dnnl::memory result = memory(layout.dst_desc());
    steps_.push_back({dnnl::pooling_forward(layout), {{DNNL_ARG_SRC, last_}, {DNNL_ARG_DST, result}}});
    last_ = result;
  }

  void add_dense(const KernelProblem& p, std::int64_t rows) {
    const dnnl::inner_product_forward::desc op(dnnl::prop_kind::forward_inference, desc({rows, p.in_c}, Tag::nc),
                                               desc({p.out_c, p.in_c}, Tag::any), desc({p.out_c}, Tag::x),
                                               desc({rows, p.out_c}, Tag::nc));
    const dnnl::inner_product_forward::primitive_desc layout(op, relu_if(!p.pointwise.empty()), engine_);
    steps_.push_back({dnnl::inner_product_forward(layout),
                      {{DNNL_ARG_SRC, memory(layout.src_desc())},
                       {DNNL_ARG_WEIGHTS, memory(layout.weights_desc())},
                       {DNNL_ARG_BIAS, memory(layout.bias_desc())},
                       {DNNL_ARG_DST, memory(layout.dst_desc())}}});
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::memory last_;
  std::vector<std::pair<dnnl::primitive, std::unordered_map<int, dnnl::memory>>> steps_;
};

using Aligned = d2nn::storage::AlignedFloats;

/// CPU time, so that what else the machine runs weighs less.
double thread_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

double time_once(const std::function<void()>& run, int rounds) {
  const double start = thread_microseconds();
  for (int i = 0; i < rounds; ++i) run();
  return (thread_microseconds() - start) / rounds;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

/// The library as compiled networks call it: one planar row, with the reorders that this takes.
class LibraryRoom {
 public:
  explicit LibraryRoom(const KernelProblem& p) {
    d2nn_op op{};
    op.kind = D2NN_OP_CONV;
    op.in_c = p.in_c;
    op.in_h = p.in_h;
    op.in_w = p.in_w;
    op.out_c = p.out_c;
    op.out_h = p.out_h;
    op.out_w = p.out_w;
    op.kernel_h = p.kernel_h;
    op.kernel_w = p.kernel_w;
    op.stride_h = p.stride_h;
    op.stride_w = p.stride_w;
    op.pad_h = p.pad_h;
    op.pad_w = p.pad_w;
    op.dilation_h = p.dilation_h;
    op.dilation_w = p.dilation_w;
    op.groups = p.groups;
    op.fused_relu = p.pointwise.empty() ? 0 : 1;
    const std::vector<float> weight(static_cast<std::size_t>(p.out_c * p.in_c / p.groups * p.kernel_h * p.kernel_w),
                                    0.01F);
    const std::vector<float> bias(static_cast<std::size_t>(p.out_c), 0.01F);
    auto made = d2nn::kernels::LibraryOp::create(op, weight.data(), bias.data());
    if (!made.ok()) return;
    op_ = *std::move(made);
    auto call = d2nn::kernels::LibraryCall::create(*op_);
    if (call.ok()) call_ = *std::move(call);
  }
  bool exists() const { return call_ != nullptr; }
  void run(const float* src, float* dst) {
    if (call_->run(src, dst) != D2NN_OK) std::abort();
  }

 private:
  std::unique_ptr<d2nn::kernels::LibraryOp> op_;
  std::unique_ptr<d2nn::kernels::LibraryCall> call_;
};

void compare(const KernelProblem& p, std::int64_t rows, const CpuLevel& cpu) {
  const auto row_count = static_cast<std::size_t>(rows);
  const CompiledKernels kernels({p}, cpu, 2);
  std::mt19937 random(1);
  const d2nn::codegen::PackChoice choice = d2nn::codegen::choose_pack(p, cpu.target);
  const std::vector<float> values = pack(choice, random_weights(p, random));
  Aligned packed(values.size() + 1);
  std::copy(values.begin(), values.end(), packed.data());
  const std::size_t src_stride = d2nn::round_up(source_floats(p), std::size_t{16});
  const std::size_t dst_stride = d2nn::round_up(result_floats(p), std::size_t{16});
  Aligned src(src_stride * row_count);
  Aligned dst(dst_stride * row_count);
  Aligned scratch(static_cast<std::size_t>(d2nn::codegen::scratch_floats(p, cpu.target)) + 1);
  const std::vector<float> image = random_floats(src_stride * row_count, random);
  std::copy(image.begin(), image.end(), src.data());
  std::function<void()> emitted = [&, kernel = kernels.row(0)] {
    for (std::size_t row = 0; row < row_count; ++row)
      kernel(src.data() + row * src_stride, dst.data() + row * dst_stride, packed.data(), scratch.data());
  };
  if (p.kind == Kernel::dense) {
    emitted = [&, kernel = kernels.dense(0)] {
      kernel(src.data(), p.in_c, nullptr, rows, dst.data(), p.out_c, packed.data());
    };
  }
  LibraryKernel library(p, rows);
  const std::size_t peer_runs = p.kind == Kernel::dense ? 1 : row_count;
  const std::function<void()> peer = [&] {
    for (std::size_t row = 0; row < peer_runs; ++row) library.run();
  };
  std::unique_ptr<LibraryRoom> room;
  if (p.kind == Kernel::conv && p.pool.kernel_h == 0) room = std::make_unique<LibraryRoom>(p);
  const bool has_room = room != nullptr && room->exists();
  const std::function<void()> called = [&] {
    for (std::size_t row = 0; row < row_count; ++row)
      room->run(src.data() + row * src_stride, dst.data() + row * dst_stride);
  };
  const double once = std::max(0.01, time_once(emitted, 20));
  const int rounds = static_cast<int>(std::clamp(1000.0 / once, 1.0, 20000.0));
  std::vector<double> ours;
  std::vector<double> theirs;
  std::vector<double> as_called;
  for (int turn = 0; turn < 21; ++turn) {
    ours.push_back(time_once(emitted, rounds));
    theirs.push_back(time_once(peer, rounds));
    as_called.push_back(has_room ? time_once(called, rounds) : 0.0);
  }
  std::printf(
      "%-82s rows %2d  block %2u  emitted %8.2f us  oneDNN %8.2f us  library %8.2f us  ratio %.2f  code %5zu B  "
      "compile %3.0f ms\n",
      describe(p).c_str(), static_cast<int>(rows), choice.block, median(ours), median(theirs), median(as_called),
      median(ours) / median(theirs), kernels.code_bytes(), kernels.compile_seconds() * 1e3);
  if (!kernels.assembly().empty()) std::printf("%s\n", kernels.assembly().c_str());
}

}  // namespace

/// Arguments: numbers of the layers to run; none: all. D2NN_BENCH_LEVEL: an index into runnable_levels (1: AVX2 where
/// the host has AVX-512; oneDNN is held to the same by ONEDNN_MAX_CPU_ISA).
int main(int argc, char** argv) {
  const d2nn::threads::OneOpenMpThread one_thread;
  const char* level = std::getenv("D2NN_BENCH_LEVEL");
  const CpuLevel cpu = runnable_levels().at(level == nullptr ? 0 : static_cast<std::size_t>(std::atoi(level)));
  const d2nn::codegen::PointwiseStages relu = relu_stage();
  const std::vector<KernelProblem> layers{
      conv({3, 112, 112}, 8, {3, 2, 1}, 1, relu),
      conv({3, 112, 112}, 2, {3, 2, 1}, 1, relu),
      conv({8, 28, 28}, 2, {3, 1, 1}, 1, relu),
      conv({8, 28, 28}, 16, {3, 1, 1}, 1, relu),
      conv({8, 28, 28}, 16, {1}, 1, relu),
      conv({16, 28, 28}, 16, {3, 1, 1}, 1, relu),
      conv({32, 14, 14}, 32, {3, 1, 1}, 1, relu),
      conv({64, 7, 7}, 64, {3, 1, 1}, 1, relu),
      conv({16, 28, 28}, 32, {3, 2, 1}, 1, relu),
      conv({3, 28, 28}, 16, {3, 1, 1}, 1, relu),
      conv({16, 28, 28}, 32, {3, 1, 1}, 1, relu),
      conv({32, 28, 28}, 16, {3, 1, 1}, 1, relu),
      conv({32, 28, 28}, 32, {3, 1, 1}, 1, relu),
      conv({32, 7, 7}, 32, {3, 1, 1}, 1, relu),
      conv({64, 28, 28}, 64, {3, 1, 1}, 1, relu),
      conv({32, 28, 28}, 64, {3, 2, 1}, 1, relu),
      conv({32, 14, 14}, 64, {3, 2, 1}, 1, relu),
      conv({64, 28, 28}, 64, {1}, 1, relu),
      conv({256, 14, 14}, 512, {1}, 1, relu),
      conv({256, 14, 14}, 256, {3, 1, 1}, 1, relu),
      conv({64, 56, 56}, 64, {3, 1, 1}, 1, relu),
      conv({128, 28, 28}, 128, {3, 1, 1}, 1, relu),
      conv({512, 7, 7}, 512, {3, 1, 1}, 1, relu),
      conv({64, 14, 14}, 64, {5, 1, 2}, 1, relu),
      conv({3, 224, 224}, 64, {7, 2, 3}, 1, relu),
      conv({32, 28, 28}, 32, {3, 1, 1}, 32, relu),
      conv_pool({3, 112, 112}, 8, {3, 2, 1}, {3, 2, 1}),
      conv_pool({3, 112, 112}, 8, {3, 2, 1}, {2, 2, 0}),
      conv_pool({8, 28, 28}, 16, {3, 1, 1}, {2, 2, 0}),
      conv_pool({3, 224, 224}, 64, {7, 2, 3}, {3, 2, 1}),
      pool(Kernel::max_pool, {8, 56, 56}, {3, 2, 1}),
      pool(Kernel::max_pool, {8, 56, 56}, {2, 2, 0}),
      pool(Kernel::max_pool, {16, 28, 28}, {2, 2, 0}),
      dense(128, 2),
      dense(392, 2),
      dense(784, 10),
      dense(512, 128, relu),
      dense(4096, 1000),
  };
  std::vector<bool> chosen(layers.size(), argc == 1);
  for (int i = 1; i < argc; ++i) chosen.at(static_cast<std::size_t>(std::atoi(argv[i]))) = true;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!chosen[i]) continue;
    compare(layers[i], 1, cpu);
    if (layers[i].kind == Kernel::dense) compare(layers[i], 32, cpu);
    if (layers[i].kind == Kernel::conv && layers[i].in_c >= 32) compare(layers[i], 64, cpu);
  }
}
