// The drawing in Graphviz' language, of networks small enough to be read here.
#include "draw/dot.h"

#include <doctest/doctest.h>

#include "programs.h"

using namespace d2nn;

namespace {

std::string dot_of(const draw::Drawn& network, const draw::Frequencies* frequencies = nullptr) {
  return draw::dot_text({network.program, network.analysis, frequencies});
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

int occurrences(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a small network is drawn with every node, edge, action, default value and dummy") {
  const std::string nodes_and_edges = R"(
  n0 [id=n0, shape=circle, margin=0.01, fillcolor="#eeeeee", label=<<B>x</B><FONT POINT-SIZE="8"><BR/>4</FONT>>, tooltip="input x: f32[4]", class="input shade0"];
  n1 [id=n1, shape=box, margin="0.08,0.04", fillcolor="0.580 0.460 1.000", label=<<B>A</B><FONT POINT-SIZE="9"><BR/>2<BR/>48 mult. · 86 %</FONT>>, tooltip="node A: f32[2]\ndoubles\ndense(8)\nrelu\ndense(2)\n48 multiplications", class="node shade8"];
  n2 [id=n2, shape=diamond, margin=0.01, fillcolor="0.090 0.058 1.000", label=<<B>Q</B><FONT POINT-SIZE="9"><BR/>8<BR/>14 %</FONT>>, tooltip="control Q: f32[2]\ndense(2)\n8 multiplications", class="control shade1"];
  n3 [id=n3, shape=box, style="filled,dotted", margin="0.08,0.04", label=<<B>zero</B><FONT POINT-SIZE="9"><BR/>dummy 0.5<BR/>2</FONT>>, tooltip="dummy zero: f32[2] = 0.5", class="dummy shade0"];
  n4 [id=n4, shape=circle, margin=0.01, fillcolor="#eeeeee", label=<<B>y</B><FONT POINT-SIZE="8"><BR/>2<BR/>join sum</FONT>>, tooltip="output y: f32[2]\njoin sum", class="output shade0"];
  n2_none1 [shape=point, width=0.07, fillcolor="#b04a00", color="#b04a00", class="nothing", tooltip="Q ~&gt; skip: none"];
  n0 -> n1 [id=e0, tooltip="x -&gt; A: f32[4]", class="data"];
  n0 -> n2 [id=e1, tooltip="x -&gt; Q: f32[4]", class="data"];
  n1 -> n4 [id=e2, dir=both, arrowtail=obox, label="default 1", fontsize=9, tooltip="A -&gt; y: f32[2], default 1", class="data default"];
  n3 -> n4 [id=e3, tooltip="zero -&gt; y: f32[2]", class="data"];
  n2 -> n1 [id=a2_0_0, style=dashed, fontcolor="#b04a00", class="action", color="#b04a00", label="run", tooltip="Q ~&gt; run: A"];
  n2 -> n2_none1 [id=a2_1_0, style=dashed, fontcolor="#b04a00", class="action", color="#b04a00", label="skip", tooltip="Q ~&gt; skip: none"];
}
)";
  const std::string dot = dot_of(draw::small_network());
  CAPTURE(dot);
  CHECK(dot.ends_with(nodes_and_edges.substr(1)));
  CHECK(contains(dot, "digraph \"small\" {\n"));
  CHECK(contains(dot, "<B>small</B><BR/>2 paths, 8 to 56 multiplications"));
  CHECK(contains(dot, "diamond: control node"));
  CHECK(contains(dot, "dotted: dummy"));
  CHECK(contains(dot, "share of the greatest cost: 0 %"));
}

TEST_CASE("inside the page there is no legend") {
  const draw::Drawn network = draw::small_network();
  const std::string dot = draw::dot_text({network.program, network.analysis, nullptr}, draw::Purpose::page);
  CHECK(!contains(dot, "circle: input"));
  CHECK(contains(dot, "id=n1"));
}

TEST_CASE("the text is the same each time") {
  CHECK(dot_of(draw::chain(30)) == dot_of(draw::chain(30)));
}

TEST_CASE("hostile names and documentation are text, not markup") {
  draw::Drawn network = draw::small_network();
  network.program.name = "a\"];}";
  network.program.nodes[1].name = "<B>&\"\\N";
  network.program.nodes[1].doc = "\"]; x -> y [\\\x01</title>&lt;\nend";
  network.program.nodes[2].actions[0].name = "\"><script>";
  const std::string dot = dot_of(network);
  CAPTURE(dot);
  CHECK(contains(dot, "digraph \"a&quot;];}\" {"));
  CHECK(contains(dot, "label=<<B>&lt;B&gt;&amp;&quot;\\N</B>"));
  CHECK(contains(
      dot,
      "tooltip=\"node &lt;B&gt;&amp;&quot;\\\\N: f32[2]\\n&quot;]; x -&gt; y [\\\\ &lt;/title&gt;&amp;lt;\\nend\\n"));
  CHECK(contains(dot, "label=\"&quot;&gt;&lt;script&gt;\""));
  CHECK(!contains(dot, "<script"));
}

TEST_CASE("named inputs are places of a rectangle and labels at a diamond") {
  const std::string dot = dot_of(draw::drawn(R"(
network n {
  input x: f32[4];
  input z: f32[4];
  node M(left join sum, right) { left + right }
  control Q(a, b) { concat(a, b) -> dense(actions) }
  node A { dense(2) }
  output y: f32[2];
  x, z -> M.left; z -> M.right; x -> Q.a; z -> Q.b;
  M -> A -> y;
  Q ~> run: A, skip: none;
})"));
  CAPTURE(dot);
  CHECK(contains(dot, "<TD PORT=\"i0\""));
  CHECK(contains(dot, "left join sum"));
  CHECK(contains(dot, "-> n2:i0:w [id=e0"));
  CHECK(contains(dot, "-> n2:i1:w [id=e2"));
  CHECK(contains(dot, "label=\"to b\""));
}

TEST_CASE("a family that stands side by side has a frame, unless it belongs to another one") {
  const std::string alone = dot_of(draw::drawn(R"(
network n {
  input x: f32[4];
  for i in 0..3 { node leaf[i] { dense(2) } x -> leaf[i] -> y; }
  output y: f32[2] join sum;
})"));
  CHECK(contains(alone, "label=\"leaf[0] … leaf[2]\""));
  const std::string paired = dot_of(draw::drawn(R"(
network n {
  input x: f32[4];
  for i in 0..3 {
    node leaf[i] { dense(2) }
    control gate[i] { dense(actions) }
    x -> leaf[i], gate[i];
    leaf[i] -> y default 0;
    gate[i] ~> run: leaf[i], skip: none;
  }
  output y: f32[2] join sum;
})"));
  CHECK(!contains(paired, "class=\"family\""));
}

TEST_CASE("a long network is drawn in rows with connectors of the same name") {
  const std::string dot = dot_of(draw::chain(54));
  CHECK(occurrences(dot, "subgraph cluster_row") > 5);
  CHECK(occurrences(dot, ", continued below\"];\n  ") > 5);
  // Every edge and action stands there once: per block three edges in, one out, two actions; and three at the ends.
  CHECK(occurrences(dot, "[id=e") == 54 * 4 + 3);
  CHECK(occurrences(dot, "[id=a") == 54 * 2);
  CHECK(occurrences(dot, "from above\"") == occurrences(dot, "subgraph cluster_row") - 1);
  CHECK(contains(dot, "arrow with a name: goes on in a row below"));
  CHECK(!contains(dot_of(draw::chain(4)), "cluster_row"));
}

TEST_CASE("with frequencies lines have widths, and nodes and actions percentages") {
  const draw::Drawn network = draw::small_network();
  draw::Frequencies frequencies;
  frequencies.samples = 4;
  frequencies.nodes = {4, 1, 4, 4, 3};
  frequencies.edges = {1, 4, 1, 3};
  frequencies.actions = {{}, {}, {1, 0}, {}, {}};
  frequencies.mean_cost = 20;
  const std::string dot = dot_of(network, &frequencies);
  CAPTURE(dot);
  CHECK(contains(dot, "label=\"run 25 %\""));
  CHECK(contains(dot, "label=\"skip 0 %\""));
  CHECK(contains(dot, "48 mult. · 60 %<BR/>runs 25 %"));
  CHECK(contains(dot, "valid 75 %"));
  CHECK(contains(dot, "id=e0, penwidth=1.45"));
  CHECK(contains(dot, "id=e1, penwidth=4.00"));
  CHECK(contains(dot, "penwidth=0.60, color=\"#b8b8b8\", label=\"skip 0 %\""));
  CHECK(contains(dot, "4 samples, 20 multiplications on average"));
  CHECK(contains(dot, "share of the mean cost"));
}
