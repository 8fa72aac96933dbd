// The C++ side of a benchmark whose contestants live in two processes and take turns: the Python side (contest.py)
// starts a program and sends one line per question.
//   make WORDS...       makes a contestant, answers "ok DESCRIPTION"
//   result INDEX PATH   runs once and writes the result as f32, answers "ok COUNT"
//   time INDEX SECONDS  runs for about so long, answers "ok WALL CPU RUNS" (seconds per run)
// An answer that begins with "error" says why.
#pragma once

#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace d2nn::bench {

/// One way to compute something, ready to be run any number of times.
class Contestant {
 public:
  virtual ~Contestant() = default;
  virtual void run() = 0;
  /// What the check compares, after a run.
  virtual std::vector<float> result() = 0;
  /// For the report; may be empty.
  virtual std::string description() const { return {}; }
};

/// From the words behind "make"; throws std::exception.
using MakeContestant = std::function<std::unique_ptr<Contestant>(std::istream& words)>;

/// Answers questions on standard input until it ends.
void answer_questions(const MakeContestant& make);

/// The first values of a file; std::runtime_error that names it when they are not there.
template <class T>
std::vector<T> read_all(const std::string& path, std::size_t count) {
  std::ifstream stream(path, std::ios::binary);
  std::vector<T> values(count);
  stream.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(T)));
  if (!stream)
    throw std::runtime_error("cannot read " + std::to_string(count * sizeof(T)) + " bytes of `" + path + "`");
  return values;
}

}  // namespace d2nn::bench
