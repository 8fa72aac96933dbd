#include "programs.h"

#include <doctest/doctest.h>

#include "driver/check_file.h"

namespace d2nn::draw {

Drawn drawn(const std::string& text) {
  driver::Checked checked = driver::check_text("test.d2nn", text, {});
  REQUIRE(!checked.sink.has_errors());
  REQUIRE(checked.programs.size() == 1);
  Drawn result{std::move(checked.programs.front()), {}};
  result.analysis = paths::analyse(result.program);
  return result;
}

Drawn small_network() {
  return drawn(R"(
network small {
  input x: f32[4];
  /// doubles
  node A { dense(8) -> relu -> dense(2) }
  control Q { dense(actions) }
  dummy zero: f32[2] = 0.5;
  output y: f32[2] join sum;
  x -> A, Q;
  A -> y default 1;
  zero -> y;
  Q ~> run: A, skip: none;
})");
}

Drawn chain(int blocks) {
  std::string text =
      "network chain { input x: f32[4]; node stem { dense(4) } node head { dense(2) } output y: f32[2]; x -> stem;\n";
  std::string previous = "stem";
  for (int i = 0; i < blocks; ++i) {
    const std::string n = std::to_string(i);
    text += "control Q" + n + " { dense(actions) } node B" + n + " { dense(4) } node J" + n + " join sum { relu }\n" +
            previous + " -> Q" + n + ", B" + n + ", J" + n + "; B" + n + " -> J" + n + " default 0; Q" + n +
            " ~> run: B" + n + ", skip: none;\n";
    previous = "J" + n;
  }
  return drawn(text + previous + " -> head -> y; }");
}

}  // namespace d2nn::draw
