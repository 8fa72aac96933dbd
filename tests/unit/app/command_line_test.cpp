// The executable of a network as a user runs it: commands, messages, exit status.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

#include "fork_network.h"
#include "scratch_folder.h"

using d2nn::tests::ForkBatch;
using d2nn::tests::ScratchFolder;

namespace {

struct Outcome {
  int status = -1;
  std::string out;  // standard output, then standard error
};

Outcome net(const std::string& arguments) {
  Outcome outcome;
  FILE* pipe = popen((std::string(FORK_NET) + " " + arguments + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 512> part;
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe))
    outcome.out.append(part.data(), count);
  const int status = pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("run turns npy files into npy files and a trace, and prints nothing") {
  const ScratchFolder folder;
  ForkBatch batch(20, 1);
  folder.write_npy("x.npy", batch.x, std::array<std::int64_t, 1>{4});
  folder.write_npy("y.npy", batch.y, std::array<std::int64_t, 1>{2});
  const Outcome outcome = net("run --input x=" + folder.path("x.npy") + " --input y=" + folder.path("y.npy") + " -o " +
                              folder.path("out.npy") + " --trace " + folder.path("t.json") + " --threads 2");
  CHECK(outcome.out == "");
  CHECK(outcome.status == 0);
  CHECK(folder.read_npy("out.scores.npy").size() == 40);
  CHECK(contains(folder.read_text("t.json"), "\"network\": \"fork\""));
}

TEST_CASE("info tells tensors, nodes, decisions, paths; --json prints the manifest") {
  const Outcome info = net("info");
  CHECK(info.status == 0);
  CHECK(contains(info.out, "network fork\n"));
  CHECK(contains(info.out, "  input x: f32[4]  what Q sees\n"));
  CHECK(contains(info.out, "  control Q: 6\n"));
  CHECK(contains(info.out, "  R ~> more: N4, stop: none\n"));
  CHECK(contains(info.out, "paths: 4, of 26 to 36 multiplications\n"));
  CHECK(contains(info.out, "weights: 51 numbers in 11 tensors, embedded\n"));
  CHECK(net("info --json").out == "{\"name\": \"fork\"}\n");
}

TEST_CASE("bench times every path, whether a sample takes it or not, and a batch") {
  const Outcome bench = net("bench --batch 8");
  CHECK(bench.status == 0);
  CHECK(contains(bench.out, "by path (median, random inputs)"));
  CHECK(contains(bench.out, "each of 8"));
  const char* paths[] = {"Q: low, R: stop", "Q: low, R: more", "Q: high, R: stop", "Q: high, R: more"};
  for (const char* path : paths) CHECK(contains(bench.out, path));
  CHECK(contains(bench.out, " 26  "));  // multiplications of the cheapest
  CHECK(contains(bench.out, " 36  "));
  CHECK(contains(bench.out, "batch of 8: "));
}

TEST_CASE("bench measures on given samples and says how many take each path") {
  const ScratchFolder folder;
  ForkBatch batch(20, 1);
  folder.write_npy("x.npy", batch.x, std::array<std::int64_t, 1>{4});
  folder.write_npy("y.npy", batch.y, std::array<std::int64_t, 1>{2});
  const std::string inputs = "--input x=" + folder.path("x.npy") + " --input y=" + folder.path("y.npy");
  const Outcome bench = net("bench --batch 4 " + inputs);
  CHECK(bench.status == 0);
  CHECK(contains(bench.out, "20 samples of " + folder.path("x.npy")));
  CHECK(contains(net("bench --batch 64 " + inputs).out, "20 samples of "));  // repeated to fill the batch
  CHECK(net("bench --input x=" + folder.path("x.npy")).status == 1);
  const Outcome data = net("bench --data shapes");  // this network has two inputs
  CHECK(data.status == 1);
  CHECK(contains(data.out, "npy files with --input"));
}

TEST_CASE("help is there for the program and for every command, with exit status 0") {
  const Outcome help = net("--help");
  CHECK(help.status == 0);
  for (const char* part : {"run", "info", "bench", "Exit status", "fork"}) CHECK(contains(help.out, part));
  const Outcome run = net("run --help");
  CHECK(run.status == 0);
  for (const char* part : {"--input", "--output", "--trace", "--weights", "--threads", "--resize"})
    CHECK(contains(run.out, part));
  CHECK(net("info --help").status == 0);
  CHECK(net("bench --help").status == 0);
}

TEST_CASE("wrong use gives status 2 and says what to do") {
  for (const char* arguments :
       {"", "fly", "run", "run x.npy", "run x.npy --speed 3", "run a.jpg b.npy", "run a.jpg -o y.npy",
        "run --input x -o y.npy", "run x.npy -o y.npy --resize", "run x.npy -o y.npy --max-cost 0", "bench --batch 0",
        "bench --data shapes --input x=a.npy", "bench --split val", "bench --resize", "bench --input a.npy",
        "bench --data shapes --split best"}) {
    CAPTURE(std::string(arguments));
    const Outcome outcome = net(arguments);
    CHECK(outcome.status == 2);
    CHECK(outcome.out.find("error: ") == 0);
  }
  CHECK(contains(net("bnech").out, "`bnech` is no command; did you mean `bench`?"));
  CHECK(contains(net("run --treads 2 x.npy").out, "`--treads` is no option of `run`; did you mean `--threads`?"));
  CHECK(net("fly").out == "error: `fly` is no command\n(more: " FORK_NET " --help)\n");
  CHECK(contains(net("--fly").out, "`--fly` is no option"));
  CHECK(contains(net("run x.npy --speed 3").out, "--speed"));
  CHECK(contains(net("run x.npy --speed 3").out, "\n(more: " FORK_NET " run --help)\n"));
  CHECK(net("run x.npy").out == "error: say where the results go, with -o y.npy\n");
  CHECK(net("run --input x -o y.npy").out == "error: --input is `x`, it must be NAME=FILE.npy\n");
}

TEST_CASE("wrong data and weights give status 1 with one sentence that names the file") {
  const ScratchFolder folder;
  const Outcome missing = net("run --input x=nowhere.npy --input y=nowhere.npy -o " + folder.path("y.npy"));
  CHECK(missing.status == 1);
  CHECK(missing.out.find("error: ") == 0);
  CHECK(contains(missing.out, "nowhere.npy"));
  const Outcome budget = net("run x.npy -o y.npy --max-cost 9");  // this module was written by hand, without tables
  CHECK(budget.status == 1);
  CHECK(contains(budget.out, "--max-cost is 9, but no budget can be kept for `fork`"));
  const Outcome weights = net("bench --weights no.safetensors");
  CHECK(weights.status == 1);
  CHECK(contains(weights.out, "no.safetensors"));
  CHECK(folder.files().empty());
}

TEST_CASE("output that cannot be written is a failure") {
  CHECK(net("info > /dev/full").status == 1);
}
