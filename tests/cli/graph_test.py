"""d2nn graph: DOT, SVG and HTML hold every part of the network; frequencies are those of the trace; what is wrong with names, traces and Graphviz."""

import collections
import html.parser
import json
import os
import re
import shutil
import unittest
import xml.etree.ElementTree

import tensors
from command_line import EXAMPLES, GATE, GATE_WEIGHTS, HIGH_LOW, PROGRAM, SOURCE, WELL, WRONG_INPUT, WRONG_USE, CommandLineTest

RESNET_SKIP = EXAMPLES / "resnet_skip" / "resnet_skip.d2nn"
SVG = "{http://www.w3.org/2000/svg}"
PAIRS = [1, 1, -1, -1, 2, 2, 3, -4, 5, 0, -2, 1, -3, -3]  # seven samples of GATE, three with a positive sum

HOSTILE = """/// <script>alert(1)</script> & "quotes" \\N ]]> é
network hostile {
  /// </title><img src=x onerror=alert(2)>
  input x: f32[2];
  /// --> "];}
  node A { dense(2) }
  output y: f32[2];
  x -> A -> y;
}
"""

# Named inputs, joins of every sort, a dummy that actions target, an action of two nodes, a control node that can be skipped, an output that can be null.
OPTIONAL = """network optional {
  input x: f32[2];
  input z: f32[2];
  node L { dense(2) }
  node R { dense(2) }
  dummy blank: f32[2] = 0.5;
  node Fuse(left join first, right) { left + right }
  node Late join sum { dense(2) }
  control P { dense(actions) }
  control Q(a, b) { concat(a, b) -> dense(actions) }
  output y: f32[2] join last;
  output w: f32[2] join mean;
  x -> L, P; z -> R;
  L, blank -> Fuse.left; R -> Fuse.right;
  L -> Q.a; R -> Q.b;
  Fuse, blank -> Late default 0;
  Fuse, Late -> y;
  Fuse -> w; R -> w;
  P ~> on: L, off: none;
  Q ~> dark: blank, both: {blank, Fuse}, fuse: Fuse;
}
"""

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(html.parser.HTMLParser):
    """Texts and elements of a page; an element closed in the wrong place is an error."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts = [], [], collections.defaultdict(list)
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1]].append(data)


class Graph(CommandLineTest):
    def drawn(self, program, name, *words):
        self.expect(WELL, self.d2nn("graph", program, *words, "-o", name))
        return (self.folder / name).read_text()

    def svg(self, program, *words):
        """(titles, texts) of an SVG, which must be XML."""
        root = xml.etree.ElementTree.fromstring(self.drawn(program, "g.svg", *words))
        return [t.text for t in root.iter(SVG + "title")], [t.text for t in root.iter(SVG + "text")]

    def traced(self):
        """A trace of GATE."""
        tensors.write_npy(self.folder / "x.npy", [len(PAIRS) // 2, 2], PAIRS)
        self.expect(WELL, self.d2nn("run", GATE, "--weights", GATE_WEIGHTS, "--input", "x.npy", "-o", "y.npy", "--trace", "t.json"))
        return json.loads((self.folder / "t.json").read_text())

    def test_an_svg_holds_names_actions_shapes_costs_and_documentation(self):
        titles, texts = self.svg(HIGH_LOW)
        for word in ("image", "N1", "N2", "N3", "Q", "scores", "high", "low", "3 × 112 × 112", "join last", "2.51 M mult. · 75 %"):
            self.assertIn(word, texts)
        self.assertTrue(any(t.startswith("node N2: f32[2]\n") and "dense(512)" in t and "2,509,824 multiplications" in t for t in titles), titles)
        self.assertIn("Q ~> low: N3", titles)

    def test_every_part_of_every_example_is_drawn(self):
        for program in sorted(EXAMPLES.glob("*/*.d2nn")):
            for network in re.findall(r"^network (\w+)", program.read_text(), re.MULTILINE):
                with self.subTest(network):
                    self.check_parts(program, "--network", network)

    def check_parts(self, program, *words):
        dot = self.drawn(program, "g.dot", *words)
        texts = self.svg(program, *words)[1]
        data = self.data(self.drawn(program, "g.html", *words))
        for node in data["nodes"]:
            self.assertIn(node["name"], texts)
            self.assertIn(f"<B>{node['name']}</B>", dot)
            for action in node["actions"]:
                self.assertIn(action["name"], texts)
        self.assertEqual(dot.count("[id=e"), len(data["edges"]))
        self.assertEqual(dot.count("[id=a"), sum(max(1, len(a["targets"])) for n in data["nodes"] for a in n["actions"]))
        self.assertEqual(dot.count("arrowtail=obox"), sum("default" in e for e in data["edges"]))

    def test_a_long_network_is_folded(self):
        for name in ("g.svg", "g.html"):
            text = self.drawn(RESNET_SKIP, name)
            width, height = map(float, re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', text).groups())
            self.assertLess(width, 3600, "points: 1.3 m")
            self.assertLess(width / height, 3)

    def data(self, page):
        (text,) = [t for t in Page(page).texts["script"] if t.startswith("{")]
        return json.loads(text)

    def test_a_page_is_one_file_with_the_drawing_and_tables(self):
        text = self.drawn(HIGH_LOW, "g.html")
        page = Page(text)
        for tag, attributes in page.elements:
            self.assertNotIn(tag, ("img", "link", "iframe", "object"))
            self.assertFalse({"src", "href", "xlink:href"} & set(attributes), (tag, attributes))
        self.assertNotRegex(text, r"@import|url\(|fetch\(|XMLHttpRequest")
        self.assertEqual([a["data-decisions"] for t, a in page.elements if "data-decisions" in a], ["0", "1"])
        self.assertEqual(sum("data-node" in a for t, a in page.elements), 6)
        self.assertIn("2,509,824", page.texts["td"])
        xml.etree.ElementTree.fromstring(re.search(r"<svg.*?</svg>", text, re.DOTALL).group())
        ids = [a["id"] for t, a in page.elements if "id" in a]
        self.assertEqual(len(ids), len(set(ids)))

    @unittest.skipUnless(shutil.which("node"), "the page's script needs a JavaScript engine")
    def test_the_page_executes_what_the_compiler_lists(self):
        script = (SOURCE / "tools" / "draw" / "page.js").read_text()
        execute = re.search(r"^  function execute\(chosen\) \{\n.*?^  \}\n", script, re.MULTILINE | re.DOTALL).group()
        checked = 0
        for program in sorted(EXAMPLES.glob("*/*.d2nn")) + [self.write("optional.d2nn", OPTIONAL)]:
            listed = json.loads(self.d2nn("check", "--paths", "--json", program).out).get("paths") or []
            if len(listed) < 2:
                continue
            data = self.data(self.drawn(program, "g.html"))
            number = {n["name"]: i for i, n in enumerate(data["nodes"])}
            names = {n["name"]: [a["name"] for a in n["actions"]] for n in data["nodes"]}
            chosen = [{number[q]: names[q].index(a) for q, a in path["actions"].items() if a is not None} for path in listed]
            code = (f"const network = {json.dumps(data)};\n"
                    "const controls = network.nodes.map((node, index) => ({node, index})).filter((c) => c.node.kind === 'control');\n"
                    f"{execute}console.log(JSON.stringify({json.dumps(chosen)}.map(execute)));")
            printed = self.call("node", "-", stdin=code)
            self.assertEqual(printed.err, "")
            for path, executed in zip(listed, json.loads(printed.out), strict=True):
                with self.subTest(program=program.name, actions=path["actions"]):
                    ran = [n for n, e in zip(data["nodes"], executed) if e and n["kind"] in ("node", "control")]
                    self.assertEqual({n["name"] for n in ran}, set(path["executed"]))
                    self.assertEqual(sum(n["cost"] for n in ran), path["cost"])
                    empty = [n["name"] for n, e in zip(data["nodes"], executed) if not e and n["kind"] == "output"]
                    self.assertEqual(empty, path["null_outputs"])
                    checked += 1
        self.assertGreater(checked, 80)

    def test_frequencies_are_those_of_the_trace(self):
        samples = self.traced()["samples"]
        part = {a: sum(s["actions"]["Q"] == a for s in samples) for a in ("positive", "other")}
        self.assertEqual(part, {"positive": 3, "other": 4})
        texts = self.svg(GATE, "--trace", "t.json")[1]
        for words in ("positive 43 %", "other 57 %", "runs 43 %", "runs 57 %", "runs 100 %", "valid 100 %"):
            self.assertIn(words, texts)
        page = self.drawn(GATE, "g.html", "--trace", "t.json")
        nodes = {n["name"]: n for n in self.data(page)["nodes"]}
        self.assertAlmostEqual(nodes["twice"]["frequency"], 3 / 7)
        self.assertAlmostEqual(nodes["Q"]["actions"][1]["frequency"], 4 / 7)
        mean = sum(s["cost"] for s in samples) / len(samples)
        self.assertAlmostEqual(nodes["twice"]["share"], 3 / 7 * nodes["twice"]["cost"] / mean)
        self.assertAlmostEqual(sum(n["share"] for n in nodes.values()), 1)
        self.assertEqual([a["data-decisions"] for t, a in Page(page).elements if "data-decisions" in a], ["1", "0"])

    def test_a_trace_of_another_network_names_what_is_unknown(self):
        self.traced()
        self.expect(WRONG_INPUT, self.d2nn("graph", HIGH_LOW, "--trace", "t.json", "-o", "g.svg"), "error[E0816]", "`t.json`", "`high_low`", "`positive`")
        self.assertFalse((self.folder / "g.svg").exists())

    def test_a_file_that_is_no_trace_is_refused(self):
        self.write("t.json", "{\"network\": \"gate\", \"samples\": [{]}")
        self.expect(WRONG_INPUT, self.d2nn("graph", GATE, "--trace", "t.json", "-o", "g.dot"), "error[E0815]", "`t.json`", "line 1, column 34")
        self.expect(WRONG_INPUT, self.d2nn("graph", GATE, "--trace", "none.json", "-o", "g.dot"), "error[E0801]", "`none.json`", "No such file")

    def test_hostile_documentation_is_text(self):
        program = self.write("hostile.d2nn", HOSTILE)
        titles = self.svg(program)[0]
        self.assertTrue(any("</title><img src=x onerror=alert(2)>" in t for t in titles), titles)
        self.assertTrue(any('--> "];}' in t for t in titles), titles)
        page = Page(self.drawn(program, "g.html"))
        self.assertNotIn("img", [tag for tag, _ in page.elements])
        self.assertEqual(sum(tag == "script" for tag, _ in page.elements), 2)
        self.assertIn('<script>alert(1)</script> & "quotes" \\N ]]> é', page.texts["p"])

    def test_drawings_are_the_same_each_time(self):
        self.traced()
        for name in ("g.dot", "g.svg", "g.html"):
            self.assertEqual(self.drawn(GATE, name, "--trace", "t.json"), self.drawn(GATE, name, "--trace", "t.json"))
            self.assertEqual(self.drawn(RESNET_SKIP, name), self.drawn(RESNET_SKIP, name))

    def test_parameters_and_the_network_are_chosen_as_elsewhere(self):
        self.assertIn("10", self.svg(HIGH_LOW, "-Dclasses=10")[1])
        two = self.write("two.d2nn", "".join(f"network {n} {{ input x: f32[2]; output y: f32[2]; x -> y; }}\n" for n in "ab"))
        self.expect(WRONG_INPUT, self.d2nn("graph", two, "-o", "g.svg"), "error[E0805]", "`a`, `b`", "--network")
        self.assertIn("b", self.svg(two, "--network", "b")[0])

    def test_without_graphviz_only_dot_is_written(self):
        environment = dict(os.environ)
        try:
            os.environ["PATH"] = str(self.folder)
            for name in ("g.svg", "g.html"):
                self.expect(WRONG_INPUT, self.call(PROGRAM, "graph", HIGH_LOW, "-o", name), "error[E0817]", "`dot` is not installed", ".dot file")
            self.drawn(HIGH_LOW, "g.dot")
            dot = self.write("dot", "#!/bin/sh\necho 'Error: out of ink' >&2\nexit 1\n")
            dot.chmod(0o755)
            self.expect(WRONG_INPUT, self.call(PROGRAM, "graph", HIGH_LOW, "-o", "g.svg"), "error[E0817]", "Error: out of ink")
        finally:
            os.environ["PATH"] = environment["PATH"]
        self.assertEqual(self.files(), ["dot", "g.dot"])

    def test_names_and_places_that_cannot_be_written_are_errors(self):
        self.expect(WRONG_USE, self.d2nn("graph", HIGH_LOW, "-o", "g.png"), "`g.png`", ".svg, .dot or .html")
        self.expect(WRONG_INPUT, self.d2nn("graph", HIGH_LOW, "-o", "none/g.svg"), "error[E0806]", "`none/g.svg`")
        self.expect(WRONG_USE, self.d2nn("graph", HIGH_LOW), "--output")


if __name__ == "__main__":
    unittest.main(verbosity=2)
