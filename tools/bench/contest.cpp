#include "contest.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <sstream>

namespace d2nn::bench {
namespace {

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
  explicit Contest(const MakeContestant& make) : make_(make) {}

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string question;
    words >> question;
    if (question == "make") {
      contestants_.push_back(make_(words));
      return contestants_.back()->description();
    }
    if (question == "result") return result(words);
    if (question == "time") return time(words);
    throw std::runtime_error("unknown question `" + line + "`");
  }

 private:
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

  const MakeContestant& make_;
  std::vector<std::unique_ptr<Contestant>> contestants_;
};

}  // namespace

void answer_questions(const MakeContestant& make) {
  Contest contest(make);
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::cout << "ok " << contest.answer(line) << std::endl;
    } catch (const std::exception& error) {
      std::cout << "error " << error.what() << std::endl;
    }
  }
}

}  // namespace d2nn::bench
