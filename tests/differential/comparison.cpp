#include "differential/comparison.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "diag/render.h"
#include "differential/compiled_network.h"
#include "differential/program_generator.h"

namespace d2nn::differential {

namespace {

/// A module loaded with dlopen from a folder of its own, which goes away with it.
class SharedModule {
 public:
  SharedModule(driver::Checked& checked, const std::string& symbol, int opt_level, const passes::PassSet& passes) {
    std::string folder = (std::filesystem::temp_directory_path() / "d2nn-differential-XXXXXX").string();
    if (!mkdtemp(folder.data())) throw std::runtime_error("cannot make a temporary folder");
    folder_ = folder;
    driver::BuildRequest request;
    request.output = folder_ + "/net.so";
    request.emit = driver::Emit::shared;
    request.target.opt_level = opt_level;
    request.passes = passes;
    if (!driver::build(checked, request)) throw std::runtime_error(diag::render(checked.sink, checked.files, {}));
    handle_ = dlopen(request.output.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle_) throw std::runtime_error(dlerror());
    module_ = std::bit_cast<const d2nn_module* (*)()>(dlsym(handle_, symbol.c_str()))();
  }
  ~SharedModule() {
    if (handle_) dlclose(handle_);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  SharedModule(const SharedModule&) = delete;
  SharedModule& operator=(const SharedModule&) = delete;
  const d2nn_module* module() const { return module_; }

 private:
  std::string folder_;
  void* handle_ = nullptr;
  const d2nn_module* module_ = nullptr;
};

bool same_bits(const Outcome& a, const Outcome& b) {
  if (a.actions != b.actions || a.executed != b.executed || a.cost != b.cost || a.valid != b.valid) return false;
  for (std::size_t i = 0; i < a.outputs.size(); ++i) {
    const bool is_equal =
        std::equal(a.outputs[i].begin(), a.outputs[i].end(), b.outputs[i].begin(), b.outputs[i].end(),
                   [](float x, float y) { return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y); });
    if (!is_equal) return false;
  }
  return true;
}

/// The samples, what the reference says of each, and which of them prove something.
struct Expected {
  std::vector<reference::Sample<float>> samples;
  std::vector<Outcome> outcomes;
  std::vector<bool> is_clear;
};

/// One compiled module in every batch form.
std::string compare_module(const d2nn_module* module, const std::vector<char>& weights, const Expected& expected,
                           double tolerance, const std::string& how) {
  const std::size_t n = expected.samples.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto check = [&](std::size_t sample, const Outcome& actual, const std::string& form) -> std::string {
    if (!expected.is_clear[sample]) return "";
    const std::string text = difference(expected.outcomes[sample], actual, tolerance);
    return text.empty() ? "" : how + ", " + form + ", sample " + std::to_string(sample) + ": " + text;
  };
  Network network(module, weights, n, 1);
  const std::vector<Outcome> batch = network.run(expected.samples, order);
  for (std::size_t i = 0; i < n; ++i) {
    if (std::string text = check(i, batch[i], "batch"); !text.empty()) return text;
    if (std::string text = check(i, network.run(expected.samples, {i}).front(), "alone"); !text.empty()) return text;
  }
  std::vector<std::size_t> permuted = order;
  std::reverse(permuted.begin(), permuted.end());
  std::rotate(permuted.begin(), permuted.begin() + static_cast<std::ptrdiff_t>(n / 3), permuted.end());
  const std::vector<Outcome> mixed = network.run(expected.samples, permuted);
  for (std::size_t i = 0; i < n; ++i) {
    if (std::string text = check(permuted[i], mixed[i], "permuted"); !text.empty()) return text;
  }
  for (const std::size_t threads : {2U, 3U}) {
    Network threaded(module, weights, n, threads);
    const std::vector<Outcome> outcomes = threaded.run(expected.samples, order);
    for (std::size_t i = 0; i < n; ++i) {
      if (!same_bits(batch[i], outcomes[i]))
        return how + ", " + std::to_string(threads) + " threads, sample " + std::to_string(i) +
               ": other bits than one thread";
    }
  }
  return "";
}

}  // namespace

std::string compare_all_ways(driver::Checked& checked, const Comparison& comparison, std::size_t& compared) {
  const graph::Program program = checked.programs.front();
  const reference::Weights<float> weights = random_weights(program, comparison.seed);
  Expected expected;
  expected.samples = random_samples(program, comparison.samples, comparison.seed + 1);
  const reference::Interpreter<float> interpreter(program, weights);
  for (const auto& sample : expected.samples) {
    const auto result = interpreter.run_sample(sample);
    if (result.error) return "the reference reports: " + *result.error;
    expected.outcomes.push_back(reference_outcome(program, result));
    expected.is_clear.push_back(decision_margin(result) > 10 * comparison.tolerance);
    compared += expected.is_clear.back() ? 1 : 0;
  }
  const std::vector<char> file = safetensors(program, weights);
  for (const int level : comparison.jit_levels) {
    codegen::TargetOptions target;
    target.opt_level = level;
    const auto compiled = driver::InProcess::compile(checked, false, target, comparison.passes);
    if (!compiled) return diag::render(checked.sink, checked.files, {});
    if (std::string text =
            compare_module(compiled->module(), file, expected, comparison.tolerance, "JIT -O" + std::to_string(level));
        !text.empty()) {
      return text;
    }
  }
  for (const int level : comparison.shared_levels) {
    const SharedModule shared(checked, program.name + "_module", level, comparison.passes);
    std::string text = compare_module(shared.module(), file, expected, comparison.tolerance,
                                      "shared library -O" + std::to_string(level));
    if (!text.empty()) return text;
  }
  return "";
}

}  // namespace d2nn::differential
