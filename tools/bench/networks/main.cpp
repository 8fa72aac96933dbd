// The C++ side of the high_low benchmark. compare.py starts it with the folder of the problems and sends one line per
// question, so that the contestants of both processes take turns within one run:
//   make CONTESTANT CASE BATCH THREADS   answers "ok DESCRIPTION" (contestant: compiled, limit, train)
//   result INDEX PATH                    writes the result as f32, answers "ok COUNT"
//   time INDEX SECONDS                   runs for about so long, answers "ok WALL CPU RUNS" (seconds per run)
// An answer that begins with "error" says why. One process, so one machine code of the runtime for all.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "contestants.h"
#include "weights/safetensors.h"

namespace d2nn::bench {
namespace {

template <class T>
std::vector<T> read_all(const std::string& path, std::size_t count) {
  std::ifstream stream(path, std::ios::binary);
  std::vector<T> values(count);
  stream.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(T)));
  if (!stream)
    throw std::runtime_error("cannot read " + std::to_string(count * sizeof(T)) + " bytes of `" + path + "`");
  return values;
}

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

/// CPU seconds of the whole process.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class Contest {
 public:
  explicit Contest(std::string folder) : folder_(std::move(folder)) {}

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string question;
    words >> question;
    if (question == "make") return make(words);
    if (question == "result") return result(words);
    if (question == "time") return time(words);
    throw std::runtime_error("unknown question `" + line + "`");
  }

 private:
  std::string make(std::istringstream& words) {
    std::string contestant, name;
    std::int64_t batch = 0;
    std::size_t threads = 0;
    words >> contestant >> name >> batch >> threads;
    Problem problem = read_problem(folder_, name, batch);
    if (contestant == "compiled") {
      contestants_.push_back(compiled_network(std::move(problem)));
    } else if (contestant == "limit") {
      contestants_.push_back(limit_network(std::move(problem)));
    } else if (contestant == "train") {
      contestants_.push_back(compiled_training(std::move(problem), threads));
    } else {
      throw std::runtime_error("unknown contestant `" + contestant + "`");
    }
    return contestants_.back()->description();
  }

  Contestant& chosen(std::istringstream& words) {
    std::size_t index = 0;
    words >> index;
    return *contestants_.at(index);
  }

  std::string result(std::istringstream& words) {
    Contestant& contestant = chosen(words);
    std::string path;
    words >> path;
    contestant.run();
    const std::vector<float> values = contestant.result();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(float)));
    return std::to_string(values.size());
  }

  std::string time(std::istringstream& words) {
    Contestant& contestant = chosen(words);
    double seconds = 0;
    words >> seconds;
    // Warm up: caches, and how many runs fit.
    double begin = wall_seconds();
    std::int64_t runs = 0;
    while (runs < 2 || wall_seconds() - begin < 0.2 * seconds) {
      contestant.run();
      ++runs;
    }
    runs = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(static_cast<double>(runs) * seconds / (wall_seconds() - begin)));
    const double cpu = cpu_seconds();
    begin = wall_seconds();
    for (std::int64_t i = 0; i < runs; ++i) contestant.run();
    const double wall = wall_seconds() - begin;
    char text[100];
    std::snprintf(text, sizeof text, "%.9g %.9g %lld", wall / static_cast<double>(runs),
                  (cpu_seconds() - cpu) / static_cast<double>(runs), static_cast<long long>(runs));
    return text;
  }

  std::string folder_;
  std::vector<std::unique_ptr<Contestant>> contestants_;
};

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
  d2nn::bench::Contest contest(argv[1]);
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << "ok " << contest.answer(line) << std::endl;
    } catch (const std::exception& error) {
      std::cout << "error " << error.what() << std::endl;
    }
  }
  return 0;
}
