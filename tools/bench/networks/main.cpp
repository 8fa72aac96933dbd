// The C++ side of the high_low benchmark, with the folder of the problems as its argument; questions as in contest.h,
// with "make CONTESTANT CASE BATCH THREADS" (contestant: compiled, limit, train). One process, so one machine code of
// the runtime for all.
#include <cstdio>
#include <istream>
#include <stdexcept>

#include "contestants.h"
#include "weights/safetensors.h"

namespace d2nn::bench {
namespace {

LayerWeights layer(const weights::Safetensors& file, const std::string& name) {
  const auto tensor = [&](const std::string& full_name) {
    const weights::TensorEntry* entry = file.find(full_name);
    if (entry == nullptr) throw std::runtime_error("`" + file.name() + "` has no tensor `" + full_name + "`");
    std::vector<float> values(static_cast<std::size_t>(entry->elements));
    if (const Status status = file.read(*entry, values); !status.ok()) throw std::runtime_error(status.message());
    return values;
  };
  return {tensor(name + ".weight"), tensor(name + ".bias")};
}

std::unique_ptr<Contestant> make_contestant(const std::string& folder, std::istream& words) {
  std::string contestant, name;
  std::int64_t batch = 0;
  std::size_t threads = 0;
  words >> contestant >> name >> batch >> threads;
  Problem problem = read_problem(folder, name, batch);
  if (contestant == "compiled") return compiled_network(std::move(problem));
  if (contestant == "limit") return limit_network(std::move(problem));
  if (contestant == "train") return compiled_training(std::move(problem), threads);
  throw std::runtime_error("unknown contestant `" + contestant + "`");
}

}  // namespace

Problem read_problem(const std::string& folder, const std::string& name, std::int64_t batch) {
  const auto rows = static_cast<std::size_t>(batch);
  Problem problem;
  problem.weights_path = folder + "/" + name + ".safetensors";
  auto file = weights::Safetensors::open(problem.weights_path);
  if (!file.ok()) throw std::runtime_error(file.status().message());
  problem.weights = {layer(*file, "N1.conv1"),  layer(*file, "Q.conv1"),   layer(*file, "Q.dense1"),
                     layer(*file, "Q.dense2"),  layer(*file, "N2.conv1"),  layer(*file, "N2.dense1"),
                     layer(*file, "N2.dense2"), layer(*file, "N3.dense1"), layer(*file, "N3.dense2")};
  problem.images = read_all<float>(folder + "/images.f32", rows * 3 * 112 * 112);
  problem.labels = read_all<std::int32_t>(folder + "/labels.i32", rows);
  problem.takes_high = read_all<std::uint8_t>(folder + "/" + name + ".paths", rows);
  return problem;
}

}  // namespace d2nn::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: high_low_contestants FOLDER (see tools/bench/run)\n");
    return 2;
  }
  const std::string folder = argv[1];
  d2nn::bench::answer_questions([&](std::istream& words) { return d2nn::bench::make_contestant(folder, words); });
  return 0;
}
