// Checkpoints come back exactly, and what is not one of this run is refused by name.
#include "train/checkpoint.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "small_network.h"
#include "train/options.h"
#include "weights/safetensors.h"

using namespace d2nn;
using namespace d2nn::train;

namespace {

/// A run's state with room of its own.
struct Kept {
  std::vector<float> weights, first, second, best;
  RunState state;

  explicit Kept(float base) {
    const auto size = static_cast<std::size_t>(test::small_network().parameter_floats);
    for (std::vector<float>* part : {&weights, &first, &second, &best}) {
      part->resize(size);
      for (float& value : *part) value = base += 0.125F;
    }
    state.weights = weights;
    state.optimiser = {first, second, 0, 0};
    state.best = best;
  }
};

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("d2nn_checkpoint_test_" + std::to_string(getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Kept example() {
  Kept kept(1);
  kept.state.step = 41;
  kept.state.optimiser.regular_steps = 41;
  kept.state.optimiser.control_steps = 7;
  kept.state.has_best = true;
  kept.state.best_reward = 0.1 + 0.2;
  kept.state.best_step = 40;
  kept.state.collapse = {{"Q=low", "R=go"}, {"S=stay", "S=stay"}};
  kept.state.seconds = 1.5;
  return kept;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const std::vector<std::pair<std::string, std::string>> some_settings = settings({});

}  // namespace

TEST_CASE("a checkpoint comes back bit for bit") {
  const Folder folder;
  const Kept saved = example();
  REQUIRE(save_checkpoint(folder.file("c"), test::small_network(), some_settings, "data", saved.state).ok());
  Kept loaded(500);
  const Status status = load_checkpoint(folder.file("c"), test::small_network(), some_settings, "data", loaded.state);
  INFO(status.message());
  REQUIRE(status.ok());
  const d2nn_module& module = test::small_network();
  for (std::uint32_t p = 0; p < module.parameter_count; ++p) {
    for (std::int64_t i = module.parameters[p].offset;
         i < module.parameters[p].offset + module.parameters[p].tensor.elements; ++i) {
      const auto at = static_cast<std::size_t>(i);
      CHECK(loaded.weights[at] == saved.weights[at]);
      CHECK(loaded.first[at] == saved.first[at]);
      CHECK(loaded.second[at] == saved.second[at]);
      CHECK(loaded.best[at] == saved.best[at]);
    }
  }
  CHECK(loaded.state.step == 41);
  CHECK(loaded.state.optimiser.regular_steps == 41);
  CHECK(loaded.state.optimiser.control_steps == 7);
  CHECK(loaded.state.has_best);
  CHECK(loaded.state.best_reward == 0.1 + 0.2);
  CHECK(loaded.state.best_step == 40);
  CHECK(loaded.state.collapse.warned == saved.state.collapse.warned);
  CHECK(loaded.state.collapse.given_up == saved.state.collapse.given_up);
}

TEST_CASE("the weights of a checkpoint can be loaded as weights") {
  const Folder folder;
  const Kept saved = example();
  REQUIRE(save_checkpoint(folder.file("c"), test::small_network(), some_settings, "data", saved.state).ok());
  auto file = weights::Safetensors::open(folder.file("c"));
  REQUIRE(file.ok());
  auto loaded = weights::load(test::small_network(), *file, checkpoint_prefix);
  REQUIRE(loaded.ok());
  CHECK(loaded->values[0] == saved.weights[0]);
}

TEST_CASE("a checkpoint of another program, other options or other data is refused, naming the difference") {
  const Folder folder;
  const std::string path = folder.file("c");
  const Kept saved = example();
  REQUIRE(save_checkpoint(path, test::small_network(), some_settings, "80 samples", saved.state).ok());
  Kept target(9);
  const auto refusal = [&](const d2nn_module& module, const TrainOptions& options, const std::string& data) {
    const Status status = load_checkpoint(path, module, settings(options), data, target.state);
    CHECK(status.code() == D2NN_INVALID_ARGUMENT);
    return status.message();
  };
  CHECK(contains(refusal(test::renamed_network(), {}, "80 samples"),
                 "is of network `small`, and this run trains `other`"));
  d2nn_module changed = test::small_network();
  changed.greatest_cost += 1;
  CHECK(contains(refusal(changed, {}, "80 samples"), "network `small` was changed since"));
  TrainOptions options;
  options.lambda = 0.75;
  CHECK(contains(refusal(test::small_network(), options, "80 samples"),
                 "made with `--lambda 0.5`, and this run has `--lambda 0.75`"));
  CHECK(contains(refusal(test::small_network(), {}, "90 samples"),
                 "other data (80 samples), and this run has 90 samples"));
  CHECK(target.state.step == 0);
}

TEST_CASE("a checkpoint of an older format is refused with the way out") {
  const Folder folder;
  const std::string path = folder.file("c");
  const Kept saved = example();
  REQUIRE(
      weights::save(path, weights::parameter_views(test::small_network(), saved.weights), {{"checkpoint.version", "2"}})
          .ok());
  Kept target(9);
  const Status status = load_checkpoint(path, test::small_network(), some_settings, "data", target.state);
  CHECK(status.code() == D2NN_INVALID_ARGUMENT);
  CHECK(contains(status.message(), "is of version 2 of the format and this program reads version 3: start again"));
}

namespace {

/// Samples [elements] whose values are a function of their number, but for one.
class NumberedSource final : public datasets::Source {
 public:
  NumberedSource(std::size_t elements, std::size_t changed) : elements_(elements), changed_(changed) {}
  Status fill(std::size_t index, float* out) const override {
    ++reads;
    std::fill_n(out, elements_, static_cast<float>(index));
    if (index == changed_) out[elements_ / 2] += 0.5F;
    return {};
  }
  static inline std::size_t reads = 0;

 private:
  std::size_t elements_, changed_;
};

constexpr std::size_t none = ~std::size_t{0};

std::string identity_of(std::size_t samples, std::size_t elements, std::size_t changed, std::int32_t last_label = 0,
                        const char* description = "a") {
  std::vector<std::int32_t> labels(samples, 0);
  labels.back() = last_label;
  NumberedSource::reads = 0;
  return *data_identity({std::make_unique<NumberedSource>(elements, changed),
                         {static_cast<std::int64_t>(elements)},
                         std::move(labels),
                         {"0", "1"},
                         description});
}

}  // namespace

TEST_CASE("data are known by number, shape, labels and contents, not by their names") {
  const std::string whole = identity_of(1000, 6, none);
  CHECK(NumberedSource::reads == 1000);
  CHECK(contains(whole, "1000 samples [6], labels "));
  CHECK(identity_of(1000, 6, none, 0, "b") == whole);
  for (const std::size_t changed : {0, 1, 499, 998, 999}) CHECK(identity_of(1000, 6, changed) != whole);
  CHECK(identity_of(1000, 6, none, 1) != whole);
  CHECK(identity_of(999, 6, none) != whole);
  CHECK(identity_of(1, 6, none) != identity_of(1, 6, 0));
}

TEST_CASE("of much data evenly spaced samples are compared, the first and the last among them") {
  constexpr std::size_t elements = std::size_t{1} << 14;  // 64 KiB: 256 of them are 16 MiB
  const std::string whole = identity_of(2000, elements, none);
  CHECK(NumberedSource::reads == 256);
  CHECK(identity_of(2000, elements, 0) != whole);
  CHECK(identity_of(2000, elements, 1999) != whole);
  std::size_t seen = 0;
  for (std::size_t changed = 1000; changed < 1016; ++changed)
    seen += identity_of(2000, elements, changed) != whole ? 1 : 0;
  CHECK(seen >= 2);
}

TEST_CASE("truncated, missing and plain weight files are refused") {
  const Folder folder;
  const std::string path = folder.file("c");
  const Kept saved = example();
  REQUIRE(save_checkpoint(path, test::small_network(), some_settings, "data", saved.state).ok());
  const std::string whole = content_of(path);
  Kept target(9);
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    std::ofstream(path, std::ios::binary | std::ios::trunc).write(whole.data(), static_cast<std::streamsize>(length));
    const Status status = load_checkpoint(path, test::small_network(), some_settings, "data", target.state);
    CHECK_FALSE(status.ok());
    CHECK(contains(status.message(), path));
  }
  CHECK(load_checkpoint(folder.file("none"), test::small_network(), some_settings, "data", target.state).code() ==
        D2NN_IO_ERROR);
  REQUIRE(weights::save(path, weights::parameter_views(test::small_network(), saved.weights)).ok());
  const Status plain = load_checkpoint(path, test::small_network(), some_settings, "data", target.state);
  CHECK(contains(plain.message(), "holds weights but is not a checkpoint"));
}

TEST_CASE("a checkpoint without one of its tensors is called damaged") {
  const Folder folder;
  const std::string path = folder.file("c");
  const Kept saved = example();
  REQUIRE(save_checkpoint(path, test::small_network(), some_settings, "data", saved.state).ok());
  auto file = weights::Safetensors::open(path);
  REQUIRE(file.ok());
  const auto metadata = file->metadata();
  REQUIRE(weights::save(path, weights::parameter_views(test::small_network(), saved.weights), metadata).ok());
  Kept target(9);
  const Status status = load_checkpoint(path, test::small_network(), some_settings, "data", target.state);
  CHECK(status.code() == D2NN_INVALID_WEIGHTS);
  CHECK(contains(status.message(), "`checkpoint.first.N1.dense1.weight` is missing"));
}

TEST_CASE("a full disk keeps the former checkpoint") {
  const Folder folder;
  const std::string path = folder.file("c");
  Kept saved = example();
  REQUIRE(save_checkpoint(path, test::small_network(), some_settings, "data", saved.state).ok());
  const std::string before = content_of(path);
  saved.state.step = 42;
  // A process of its own, because the limit cannot be lifted again by everybody. 4 KB are less than a checkpoint needs.
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    const Status status = save_checkpoint(path, test::small_network(), some_settings, "data", saved.state);
    _exit(status.code() == D2NN_IO_ERROR && contains(status.message(), path) ? 0 : 1);
  }
  int result = -1;
  REQUIRE(waitpid(child, &result, 0) == child);
  CHECK(result == 0);
  CHECK(content_of(path) == before);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}
