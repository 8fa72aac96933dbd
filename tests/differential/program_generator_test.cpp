// Generated programs are valid, varied, and run in the reference interpreter with decisions clear enough to compare.
#include "differential/program_generator.h"

#include <doctest/doctest.h>

#include <cmath>

#include "diag/diagnostic.h"
#include "graph/verify.h"
#include "sema/check.h"
#include "source/source_file.h"
#include "syntax/parse.h"

using namespace d2nn;
using differential::GeneratedProgram;
using differential::GeneratorOptions;

namespace {

/// The messages of an invalid program, or the program.
struct Compiled {
  std::vector<graph::Program> programs;
  std::string messages;
};

Compiled compile(const std::string& text) {
  source::SourceFiles files;
  const source::FileId file = files.add("generated.d2nn", text);
  diag::Sink sink;
  const ast::File tree = syntax::parse(files, file, sink);
  Compiled compiled;
  if (!sink.has_errors()) compiled.programs = sema::check(tree, files, {}, sink).programs;
  for (const diag::Diagnostic& diagnostic : sink.all()) {
    if (diagnostic.code->severity != diag::Severity::error) continue;
    const source::Position place = files[file].position(diagnostic.range.begin);
    compiled.messages += std::to_string(place.line) + ": " + diagnostic.code->code + " " + diagnostic.message + "\n";
  }
  return compiled;
}

}  // namespace

TEST_CASE("500 generated programs are valid, sound and varied") {
  std::map<std::string, int> programs_with;
  std::map<std::size_t, int> with_controls;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    const GeneratedProgram generated = differential::generate_program(seed);
    CAPTURE(generated.text);
    const Compiled compiled = compile(generated.text);
    REQUIRE(compiled.messages == "");
    REQUIRE(compiled.programs.size() == 1);
    const graph::Program& program = compiled.programs[0];
    REQUIRE(graph::verify(program).empty());
    for (const auto& [feature, times] : generated.features) ++programs_with[feature];
    ++with_controls[graph::nodes_of(program, graph::NodeKind::control).size()];
  }
  for (const char* feature : {"several inputs",
                              "several outputs",
                              "image input",
                              "vector input",
                              "control",
                              "nested control",
                              "more than two actions",
                              "none",
                              "set",
                              "dummy",
                              "dummy as a target",
                              "dummy tensor",
                              "dummy number",
                              "default tensor",
                              "default number",
                              "null edge",
                              "nullable output",
                              "required",
                              "join sum",
                              "join mean",
                              "join max",
                              "join concat",
                              "join first",
                              "join last",
                              "expression body",
                              "several node inputs",
                              "let",
                              "sum in a body",
                              "product in a body",
                              "difference in a body",
                              "chunk",
                              "quotient in a body",
                              "number in a body",
                              "repeated axes in a body",
                              "concat in a body",
                              "label",
                              "actions in several statements",
                              "empty body",
                              "block",
                              "block parameter",
                              "repeat",
                              "repeat over a range",
                              "if",
                              "list",
                              "size of an axis",
                              "matrix input",
                              "input of four axes",
                              "attention",
                              "matrix product",
                              "learned tensor",
                              "repeated axes of a matrix product",
                              "family of actions",
                              "family",
                              "edges before declarations"}) {
    CAPTURE(feature);
    CHECK(programs_with[feature] >= 20);
  }
  for (const ops::Layer* layer : ops::layers()) {
    CAPTURE(layer->name);
    if (layer->is_in_pipelines) CHECK(programs_with["layer " + std::string(layer->name)] >= 20);
  }
  for (std::size_t controls = 0; controls <= 6; ++controls) {
    CAPTURE(controls);
    CHECK(with_controls[controls] >= 20);
  }
}

TEST_CASE("the same seed gives the same program, another seed another") {
  CHECK(differential::generate_program(5).text == differential::generate_program(5).text);
  CHECK(differential::generate_program(5).text != differential::generate_program(6).text);
  GeneratorOptions plain;
  plain.has_expression_bodies = false;
  plain.most_controls = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const GeneratedProgram generated = differential::generate_program(seed, plain);
    CHECK(generated.features.count("control") == 0);
    CHECK(generated.features.count("let") == 0);
  }
}

TEST_CASE("generated programs run: values are finite, most decisions clear, samples take different paths") {
  std::size_t samples = 0, clear = 0, decided = 0, null_outputs = 0, programs_with_control = 0,
              programs_with_two_paths = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    const Compiled compiled = compile(differential::generate_program(seed).text);
    REQUIRE(compiled.programs.size() == 1);
    const graph::Program& program = compiled.programs[0];
    const reference::Interpreter<float> interpreter(program, differential::random_weights(program, seed));
    const auto batch = interpreter.forward(differential::random_samples(program, 6, seed));
    bool has_two_paths = false;
    for (const auto& result : batch.results) {
      REQUIRE_FALSE(result.error);
      for (const auto& output : result.outputs) {
        null_outputs += !output;
        for (std::size_t i = 0; output && i < output->size(); ++i) REQUIRE(std::isfinite((*output)[i]));
      }
      const double margin = differential::decision_margin(result);
      ++samples;
      clear += margin > 1e-3;
      decided += std::isfinite(margin);
      has_two_paths |= result.actions != batch.results[0].actions;
    }
    programs_with_control += !graph::nodes_of(program, graph::NodeKind::control).empty();
    programs_with_two_paths += has_two_paths;
  }
  CHECK(clear * 10 > samples * 9);
  CHECK(decided * 2 > samples);
  CHECK(null_outputs > 20);
  CHECK(programs_with_two_paths * 3 > programs_with_control);
}
