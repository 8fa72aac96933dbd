// What d2nn_run allocates once the context exists, on modules as the compiler makes them: nothing of our own, whatever
// paths are taken. oneDNN allocates a little at each call of a kernel; who allocates is told by the stack, and what it
// makes is counted and printed.
#include <dnnl.h>
#include <doctest/doctest.h>
#include <execinfo.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "diag/render.h"
#include "differential/compiled_network.h"
#include "differential/program_generator.h"
#include "unit/exec/allocation_count.h"

using namespace d2nn;

namespace {

std::atomic<std::size_t> of_library{0};

/// The code of libdnnl.so in memory.
struct LibraryRange {
  std::uintptr_t begin = UINTPTR_MAX, end = 0;
};
LibraryRange library_range;

int note_library(dl_phdr_info* info, std::size_t, void*) {
  if (std::strstr(info->dlpi_name, "libdnnl") == nullptr) return 0;
  for (ElfW(Half) i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    library_range.begin = std::min(library_range.begin, begin);
    library_range.end = std::max<std::uintptr_t>(library_range.end, begin + segment.p_memsz);
  }
  return 0;
}

/// Counts an allocation that oneDNN asked for, by itself or through the C++ library.
void attribute() {
  std::array<void*, 24> frames{};
  const int depth = backtrace(frames.data(), static_cast<int>(frames.size()));
  const bool found = std::any_of(frames.begin(), frames.begin() + depth, [](const void* frame) {
    const auto address = reinterpret_cast<std::uintptr_t>(frame);
    return address >= library_range.begin && address < library_range.end;
  });
  if (found) of_library.fetch_add(1, std::memory_order_relaxed);
}

/// Allocations while it lives, by whom.
class Watch {
 public:
  Watch() {
    dl_iterate_phdr(note_library, nullptr);
    std::array<void*, 4> frames{};
    backtrace(frames.data(), 4);  // its first call loads the unwinder
    of_library.store(0);
    before_ = tests::allocations();
    tests::observe_allocations(attribute);
  }
  ~Watch() { tests::observe_allocations(nullptr); }
  std::size_t all() const { return tests::allocations() - before_; }
  std::size_t library() const { return of_library.load(); }

 private:
  std::size_t before_ = 0;
};

constexpr std::size_t kMostRows = 64;

/// A compiled network, with weights that differ in the bias of Q's first action alone.
class Subject {
 public:
  explicit Subject(driver::Checked checked) : checked_(std::move(checked)) {
    INFO(diag::render(checked_.sink, checked_.files, {}));
    REQUIRE_FALSE(checked_.sink.has_errors());
    program_ = checked_.programs.front();
    weights_ = differential::random_weights(program_, 5);
    samples_ = differential::random_samples(program_, kMostRows, 6);
    in_process_.emplace(*driver::InProcess::compile(checked_, false, {}));
    split_ = halfway();
  }

  /// `shift` added to the score of Q's first action: 0 sends some rows each way.
  void run(float shift, bool is_mixed, std::size_t threads);

  std::size_t library_allocations = 0;
  std::size_t rows_run = 0;

 private:
  std::vector<char> shifted(float shift) const {
    reference::Weights<float> weights = weights_;
    std::size_t bias = 0;  // Q's last one
    for (std::size_t p = 0; p < program_.parameters.size(); ++p) {
      const std::string& name = program_.parameters[p].name;
      if (name.starts_with("Q.") && name.ends_with(".bias")) bias = p;
    }
    weights[bias][0] += shift + split_;
    return differential::safetensors(program_, weights);
  }

  /// The shift of the score of the first action for which half of the first samples take it.
  float halfway() const {
    const reference::Interpreter<float> interpreter(program_, weights_);
    std::vector<float> lead;
    for (std::size_t i = 0; i < 8; ++i) {
      const auto scores = interpreter.run_sample(samples_[i]).scores.front();
      lead.push_back(scores[1] - scores[0]);
    }
    std::sort(lead.begin(), lead.end());
    return (lead[3] + lead[4]) / 2;
  }

  driver::Checked checked_;
  graph::Program program_;
  reference::Weights<float> weights_;
  std::vector<reference::Sample<float>> samples_;
  std::optional<driver::InProcess> in_process_;
  float split_ = 0;
};

void Subject::run(float shift, bool is_mixed, std::size_t threads) {
  const std::vector<char> weights = shifted(shift);
  const d2nn_weights_source source{sizeof source, D2NN_WEIGHTS_MEMORY, nullptr, weights.data(), weights.size()};
  d2nn_model* model = nullptr;
  REQUIRE(d2nn_model_create(in_process_->module(), &source, &model) == D2NN_OK);
  const d2nn_context_options options{sizeof options, kMostRows, threads};
  d2nn_context* context = nullptr;
  REQUIRE(d2nn_context_create_with(model, &options, &context) == D2NN_OK);
  std::vector<float> images;
  for (const auto& sample : samples_) images.insert(images.end(), sample[0].begin(), sample[0].end());
  std::vector<float> scores(kMostRows * 2);
  std::vector<std::uint8_t> validity(kMostRows);
  std::vector<std::int32_t> actions(kMostRows);
  for (const std::size_t rows : {std::size_t{1}, std::size_t{3}, std::size_t{8}, std::size_t{17}, kMostRows}) {
    const float* inputs[] = {images.data()};
    float* outputs[] = {scores.data()};
    std::uint8_t* valid[] = {validity.data()};
    d2nn_trace trace{sizeof trace, actions.data(), nullptr, nullptr};
    // A budget that changes no decision, for some of the runs: the tables are read all the same.
    const std::int64_t budget = rows % 2 == 1 ? d2nn_module_greatest_cost(in_process_->module()) : 0;
    const d2nn_run_options run_options{sizeof run_options, 0, budget, valid, &trace};
    std::size_t own = 0, library = 0;
    d2nn_status status = D2NN_OK;
    {
      const Watch watch;
      status = d2nn_run(context, rows, inputs, outputs, &run_options);
      library = watch.library();
      own = watch.all() - library;
    }
    REQUIRE(status == D2NN_OK);
    CAPTURE(rows);
    CAPTURE(threads);
    CHECK(own == 0);
    library_allocations += library;
    rows_run += rows;
    const auto high = std::count(actions.begin(), actions.begin() + static_cast<std::ptrdiff_t>(rows), 0);
    if (is_mixed && rows >= 8) {
      CHECK(high > 0);
      CHECK(static_cast<std::size_t>(high) < rows);
    } else if (!is_mixed) {
      CHECK(static_cast<std::size_t>(high) == (shift > 0 ? rows : 0));
    }
  }
  d2nn_context_destroy(context);
  d2nn_model_destroy(model);
}

void run_all_paths(Subject& subject) {
  for (const std::size_t threads : {1U, 2U}) {
    subject.run(100, false, threads);
    subject.run(-100, false, threads);
    subject.run(0, true, threads);
  }
}

}  // namespace

TEST_CASE("an allocation of oneDNN is seen and told from ours") {
  dnnl_engine_t engine = nullptr;
  REQUIRE(dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success);
  dnnl_stream_t stream = nullptr;
  std::size_t ours = 0, ours_of_library = 0, of_both = 0, of_library_alone = 0;
  {
    const Watch watch;
    void* volatile memory = std::malloc(100);
    std::free(memory);
    ours = watch.all();
    ours_of_library = watch.library();
    REQUIRE(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) == dnnl_success);
    of_both = watch.all() - ours;
    of_library_alone = watch.library();
  }
  CHECK(ours == 1);
  CHECK(ours_of_library == 0);
  CHECK(of_both > 0);
  CHECK(of_library_alone == of_both);
  dnnl_stream_destroy(stream);
  dnnl_engine_destroy(engine);
}

TEST_CASE("running high_low allocates nothing, whatever paths are taken") {
  Subject subject(
      driver::check_file(std::string(std::getenv("D2NN_SOURCE_DIR")) + "/examples/high_low/high_low.d2nn", {}));
  run_all_paths(subject);
  MESSAGE("high_low: " << subject.library_allocations << " allocations of oneDNN in " << subject.rows_run << " rows");
}

TEST_CASE("running a network with convolutions of the library allocates nothing of our own") {
  Subject subject(driver::check_text("library.d2nn", R"(
network library_convolutions {
  input x: f32[32, 14, 14];
  node N1 { conv(3x3, 32, pad: 1) -> relu }
  control Q { global_avg_pool -> dense(actions) }
  node N2 { conv(3x3, 64, stride: 2, pad: 1) -> relu -> conv(3x3, 64, pad: 1) -> relu -> global_avg_pool -> dense(2) }
  node N3 { global_avg_pool -> dense(2) }
  output y: f32[2] join last;
  x -> N1 -> N2, N3, Q;
  N2, N3 -> y;
  Q ~> high: N2, low: N3;
})",
                                     {}));
  run_all_paths(subject);
  MESSAGE("library_convolutions: " << subject.library_allocations << " allocations of oneDNN in " << subject.rows_run
                                   << " rows");
#if defined(__x86_64__)
  // Without AVX-512 the library has no Winograd and our own loops run in its place: this case then shows less.
  if (!__builtin_cpu_supports("avx512f")) return;
#endif
  CHECK(subject.library_allocations > 0);
}
