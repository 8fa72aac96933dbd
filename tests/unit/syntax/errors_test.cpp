// What syntax errors say, where, and that one mistake is one message with the rest of the file still read.
#include <doctest/doctest.h>

#include <string>

#include "parsed.h"

using namespace d2nn;
using tests::Errors;
using tests::Parsed;

static Errors errors_of(const std::string& text) {
  return Parsed(text).errors();
}
/// The errors of one line inside a network: places are in line 2.
static Errors errors_in_network(const std::string& line) {
  return errors_of("network n {\n" + line + "\n}");
}

TEST_CASE("a missing semicolon is reported behind the token before it, and nothing is lost") {
  const Parsed parsed("network n {\n  input x: f32[3]  // no end\n  node A { relu }\n  x -> A\n}");
  CHECK(parsed.errors() == Errors{"2:18 E0107 found the end of the line, expected `;`",
                                  "4:9 E0107 found the end of the line, expected `;`"});
  const auto* network = parsed.item<ast::Network>(0);
  REQUIRE(network != nullptr);
  CHECK(network->items.size() == 3);
  const diag::Diagnostic first = parsed.sink.sorted().front();
  REQUIRE(first.fixes.size() == 1);
  CHECK(first.fixes[0].is_applicable);
  CHECK(first.fixes[0].replacement == ";");
}

TEST_CASE("a misspelt declaration word is named with the right one and read as that") {
  CHECK(errors_of("ntwork n { inptu x: f32[3]; nod A { relu } }") ==
        Errors{"1:1 E0108 `ntwork` begins no declaration, did you mean `network`?",
               "1:12 E0108 `inptu` begins no declaration, did you mean `input`?",
               "1:29 E0108 `nod` begins no declaration, did you mean `node`?"});
  CHECK(errors_of("xyzzy 3;") ==
        Errors{"1:1 E0108 `xyzzy` begins no declaration, expected `import`, `const`, `block` or `network`"});
}

TEST_CASE("a word of the language as a name is one error and the declaration is read on") {
  CHECK(
      errors_in_network("node input { relu } node B { relu as }") ==
      Errors{"2:6 E0109 `input` is a word of the language, expected a name", "2:38 E0106 found `}`, expected a label"});
}

TEST_CASE("what was found comes before what is expected, in the language's words") {
  CHECK(errors_of("const a = ;") == Errors{"1:11 E0106 found `;`, expected an expression"});
  CHECK(errors_of("import 3;") == Errors{"1:8 E0106 found `3`, expected a module or the name of a file in quotes"});
  CHECK(errors_in_network("N1 -> N2 N3;") == Errors{"2:10 E0106 found `N3`, expected `->`, `,` or `;`"});
  CHECK(errors_in_network("N1 > N2;") == Errors{"2:4 E0106 found `>`, expected `->` or `~>`"});
  CHECK(errors_in_network("N1 -> ;") == Errors{"2:7 E0106 found `;`, expected a name"});
  CHECK(errors_in_network("node A { conv(3x3, 8 stride: 2) }") ==
        Errors{"2:22 E0106 found `stride`, expected `,` or `)`"});
  CHECK(errors_in_network("node A { conv(3x3, ->) }") == Errors{"2:20 E0106 found `->`, expected an argument or `)`"});
  CHECK(errors_in_network("node A { relu -> 3 }") == Errors{"2:18 E0106 found `3`, expected a layer"});
  CHECK(errors_in_network("node A { relu dense(2) }") == Errors{"2:15 E0106 found `dense`, expected `->` or `}`"});
  CHECK(errors_in_network("node A { relu -> leaf[2] }") == Errors{"2:18 E0106 found `leaf[2]`, expected a layer"});
  CHECK(errors_in_network("input x: f32 3;") == Errors{"2:14 E0106 found `3`, expected `[`"});
  CHECK(errors_in_network("input x: f32[3;") == Errors{"2:15 E0106 found `;`, expected `,` or `]`"});
  CHECK(errors_in_network("Q ~> a {B};") == Errors{"2:8 E0106 found `{`, expected `:`"});
  CHECK(errors_in_network("Q ~> a: {};") == Errors{"2:9 E0106 found an empty set of targets, expected a node"});
}

TEST_CASE("stray signs are one error each run") {
  CHECK(errors_in_network("node A { relu };") == Errors{"2:16 E0106 found `;`, expected a declaration or an edge"});
  CHECK(errors_of("network n {}}}}\nconst a = ;") ==
        Errors{"1:13 E0106 found `}`, expected a declaration", "2:11 E0106 found `;`, expected an expression"});
}

TEST_CASE("a bracket without an end points to its beginning") {
  const Parsed open("network n {\n  node A { relu }\n");
  REQUIRE(open.errors() == Errors{"2:18 E0110 the file ends before `{` is closed, expected `}`"});
  CHECK(open.sink.all()[0].notes.at(0).range == source::SourceRange{0, 10, 11});

  const Parsed second("network n {\n  node A { relu }\nnetwork m {\n  x -> ;\n}");
  CHECK(second.errors() == Errors{"3:1 E0110 found `network` before the network is closed, expected `}`",
                                  "4:8 E0106 found `;`, expected a name"});
  CHECK(second.sink.all()[0].notes.at(0).range == source::SourceRange{0, 10, 11});

  const Parsed body("network n {\n  node A { conv(3x3, 8\n  node B { relu }\n  A -> ;\n}");
  CHECK(body.errors() == Errors{"3:3 E0106 found `node`, expected `,` or `)`", "4:8 E0106 found `;`, expected a name"});

  const Parsed forgotten("network n {\n  node A { relu\n  node B { relu }\n  A -> B;\n}\nnetwork m { }");
  CHECK(forgotten.errors() == Errors{"3:3 E0106 found `node`, expected `->` or `}`"});
  CHECK(forgotten.file.items.size() == 2);
}

TEST_CASE("declarations in the wrong place say where they belong") {
  CHECK(errors_in_network("const a = 3; x -> y;") ==
        Errors{"2:1 E0112 `const` stands inside a network, it is a declaration of the file"});
  CHECK(errors_of("node A { relu }\nconst a = 3;") ==
        Errors{"1:1 E0112 `node` stands outside a network, it declares a part of one"});
}

TEST_CASE("what the grammar lets pass and the language does not") {
  CHECK(errors_in_network("output y: f32[2] join sum join last;") == Errors{"2:27 E0111 `join` is given twice"});
  CHECK(errors_in_network("output y: f32[2] required required;") == Errors{"2:27 E0111 `required` is given twice"});
  CHECK(errors_in_network("node A as b as c { relu }") == Errors{"2:13 E0111 `as` is given twice"});
  CHECK(errors_in_network("P, Q ~> a: N;") ==
        Errors{"2:1 E0113 control edges with 2 sources, they leave one control node"});
  CHECK(errors_in_network("train { los y: q; }") ==
        Errors{"2:9 E0114 found `los y:`, only `loss` has a name before the colon"});
  CHECK(errors_in_network("input x: int8[3];") == Errors{"2:10 E0115 unknown element type `int8`, tensors are `f32`"});
}

TEST_CASE("numbers that cannot be read") {
  CHECK(errors_of("const a = 12abc;") == Errors{"1:11 E0105 `12abc` is neither a number nor a name"});
  CHECK(errors_of("const a = 5.;") == Errors{"1:11 E0105 digits are missing behind the point of `5.`"});
  CHECK(errors_of("const a = [.5];") == Errors{"1:12 E0105 digits are missing before the point of `.5`"});
  CHECK(errors_of("const a = 9223372036854775808;") ==
        Errors{"1:11 E0105 `9223372036854775808` is larger than 9223372036854775807"});
  CHECK(errors_of("const a = 3x99999999999999999999;") ==
        Errors{"1:11 E0105 `3x99999999999999999999` is larger than 9223372036854775807"});
  CHECK(errors_of("const a = 1e999;") == Errors{"1:11 E0105 `1e999` lies outside the range of a 64-bit float"});
  CHECK(errors_of("const a = 0x1F;") == Errors{"1:11 E0105 `0x1F` is neither a number nor a name"});
}

TEST_CASE("independent mistakes are all reported, in order, none twice") {
  CHECK(errors_of("const a = ;\n"
                  "network n(classes int = 2) {\n"
                  "  input x: f32[3\n"
                  "  node A { conv(3x3, 8 stride: 2) -> relu -> }\n"
                  "  node B { let y = ; let z = relu relu; return y }\n"
                  "  A -> B -> ;\n"
                  "  train { metric f1; reward: ; }\n"
                  "}\n"
                  "const b = 3 +;\n") ==
        Errors{"1:11 E0106 found `;`, expected an expression", "2:19 E0106 found `int`, expected `:`",
               "4:3 E0106 found `node`, expected `,` or `]`", "4:24 E0106 found `stride`, expected `,` or `)`",
               "4:46 E0106 found `}`, expected a layer", "5:20 E0106 found `;`, expected an expression",
               "5:35 E0106 found `relu`, expected `;`", "5:49 E0107 found `}`, expected `;`",
               "6:13 E0106 found `;`, expected a name", "7:20 E0106 found `;`, expected `:`",
               "7:30 E0106 found `;`, expected an expression", "9:14 E0106 found `;`, expected an expression"});
}

TEST_CASE("after errors the tree holds what could be read") {
  const Parsed parsed("const a = ;\nnetwork n {\n  node A { conv( }\n  node B { relu }\n}\nconst b = 3;");
  CHECK(parsed.errors().size() == 2);
  REQUIRE(parsed.file.items.size() == 2);
  const auto* network = std::get_if<ast::Network>(&parsed.file.items[0]);
  REQUIRE(network != nullptr);
  REQUIRE(network->items.size() == 1);
  CHECK(std::get<ast::Node>(network->items[0]).name.text == "B");
}
