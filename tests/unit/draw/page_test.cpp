// The page's text and data, and the words of all drawings.
#include "draw/page.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "draw/node_text.h"
#include "draw/render.h"
#include "programs.h"

using namespace d2nn;
using Json = nlohmann::ordered_json;

TEST_CASE("the page's data hold layers, parameters, edges, actions and the decisions of least and greatest cost") {
  const draw::Drawn network = draw::small_network();
  const Json data = draw::page_data({network.program, network.analysis, nullptr});
  CHECK(data["nodes"][1]["layers"][0] == Json{{"text", "dense(8)"},
                                              {"shape", "8"},
                                              {"cost", 32},
                                              {"parameters", {"A.dense1.weight 8 × 4", "A.dense1.bias 8"}}});
  CHECK(data["nodes"][2]["actions"] ==
        Json::parse(R"([{"name": "run", "targets": [1]}, {"name": "skip", "targets": []}])"));
  CHECK(data["nodes"][4]["inputs"] == Json::parse(R"([{"name": "", "join": "sum", "edges": [2, 3]}])"));
  CHECK(data["edges"][2] == Json::parse(R"({"source": 1, "target": 4, "default": "1"})"));
  CHECK(data["order"].size() == 5);
  CHECK(data["greatest_cost"] == 56);
  CHECK(data["presets"] == Json::parse(R"({"least cost": [1], "greatest cost": [0]})"));
}

TEST_CASE("no text of a program ends an element of the page") {
  draw::Drawn network = draw::small_network();
  network.program.doc = "</p></script><script>alert(1)</script>";
  network.program.nodes[1].doc = "</script><script>alert(2)</script>";
  network.program.nodes[1].name = "</td><img src=x onerror=alert(3)>";
  network.program.nodes[2].actions[0].name = "<b>";
  const std::string page = draw::page({network.program, network.analysis, nullptr}, "<svg></svg>");
  CHECK(page.find("<script>alert") == std::string::npos);
  CHECK(page.find("<img") == std::string::npos);
  CHECK(page.find("<td><b></td>") == std::string::npos);
  CHECK(page.find("&lt;/p&gt;&lt;/script&gt;") != std::string::npos);
}

TEST_CASE("tooltips become titles, and lines of a node are centred") {
  const std::string svg =
      "<svg><g><title>net</title><g id=\"n1\" class=\"node\">\n<title>n1</title>\n<g id=\"a_n1\"><a "
      "xlink:title=\"node A\">\n<polygon points=\"10,0 30,0 30,5 10,5 10,0\"/>\n<text text-anchor=\"start\" x=\"12\" "
      "y=\"3\">A</text>\n</a></g></g></g></svg>";
  CHECK(draw::finished_svg(svg) ==
        "<svg><g><title>net</title><g id=\"n1\" class=\"node\">\n<title>node A</title>\n<g id=\"a_n1\"><a>\n<polygon "
        "points=\"10,0 30,0 30,5 10,5 10,0\"/>\n<text text-anchor=\"middle\" x=\"20.00\" "
        "y=\"3\">A</text>\n</a></g></g></g></svg>");
}

TEST_CASE("numbers are short and shares are percentages") {
  CHECK(draw::short_count(96) == "96");
  CHECK(draw::short_count(9999) == "9999");
  CHECK(draw::short_count(50240) == "50 k");
  CHECK(draw::short_count(999'500) == "1.00 M");
  CHECK(draw::short_count(3'190'000) == "3.19 M");
  CHECK(draw::short_count(1'050'000'000) == "1.05 G");
  CHECK(draw::percent(0) == "0 %");
  CHECK(draw::percent(0.0004) == "<0.1 %");
  CHECK(draw::percent(0.015) == "1.5 %");
  CHECK(draw::percent(0.02) == "2 %");
  CHECK(draw::percent(0.747) == "75 %");
  CHECK(draw::percent(1) == "100 %");
  CHECK(draw::values_text({0.5f}) == "0.5");
  CHECK(draw::values_text({1, 1, 1, 1}) == "1");
  CHECK(draw::values_text({1, 2, 3, 4}) == "1, 2, 3, …");
}

TEST_CASE("costs are bounds, and paths not counted, where the analysis gave up") {
  paths::Analysis analysis;
  analysis.gave_up = "the decision diagrams outgrew their limit";
  analysis.least_cost = 48;
  analysis.greatest_cost = 2640;
  analysis.costs_are_exact = false;
  CHECK(draw::paths_text(analysis) == "paths not counted, at least 48 to at most 2,640 multiplications");
  CHECK(draw::paths_text(draw::small_network().analysis) == "2 paths, 8 to 56 multiplications");
}
