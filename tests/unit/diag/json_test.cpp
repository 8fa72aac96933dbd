// The exact form of diagnostics for tools.
#include "diag/json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "diag/catalogue.h"
#include "source/source_file.h"

using namespace d2nn::diag;

TEST_CASE("JSON gives code, message, places as lines, columns and bytes, notes and fixes") {
  d2nn::source::SourceFiles files;
  files.add("n\xC3\xA9t.d2nn", "\xC3\xA9 a\nb\n");
  Sink sink;
  sink.report({.code = code("E0107"),
               .message = "m",
               .range = {0, 5, 6},
               .label = "l",
               .notes = {{{0, 3, 4}, "n"}},
               .fixes = {{.message = "add `;`", .range = {0, 6, 6}, .replacement = ";", .is_applicable = true},
                         {.message = "think"}}});
  sink.report({.code = code("E0106"), .message = "first", .range = {0, 3, 4}});
  const auto out = to_json(sink, files);
  CHECK(out["errors"] == 2);
  REQUIRE(out["diagnostics"].size() == 2);
  CHECK(out["diagnostics"][0]["message"] == "first");
  const auto& second = out["diagnostics"][1];
  CHECK(second["code"] == "E0107");
  CHECK(second["severity"] == "error");
  CHECK(second["label"] == "l");
  CHECK(second["place"]["file"] == "n\xC3\xA9t.d2nn");
  CHECK(second["place"]["begin"] == nlohmann::ordered_json({{"line", 2}, {"column", 1}, {"offset", 5}}));
  CHECK(second["place"]["end"] == nlohmann::ordered_json({{"line", 2}, {"column", 2}, {"offset", 6}}));
  CHECK(second["notes"][0]["place"]["begin"] == nlohmann::ordered_json({{"line", 1}, {"column", 3}, {"offset", 3}}));
  CHECK(second["fixes"][0]["replacement"] == ";");
  CHECK(second["fixes"][0]["applicable"] == true);
  CHECK(second["fixes"][1]["replacement"].is_null());
}

TEST_CASE("JSON can be printed whatever bytes a file name or a message holds") {
  d2nn::source::SourceFiles files;
  files.add("\xFF.d2nn", "a");
  Sink sink;
  sink.report({.code = code("E0102"), .message = "`\xC3` means nothing", .range = {0, 0, 1}});
  sink.report({.code = code("E0102"), .message = "m", .range = {d2nn::source::no_file, 0, 0}});
  const auto out = to_json(sink, files);
  CHECK_NOTHROW(out.dump());
  CHECK(out["diagnostics"][0]["message"] == "`\xEF\xBF\xBD` means nothing");
  CHECK(out["diagnostics"][1]["place"].is_null());
}
