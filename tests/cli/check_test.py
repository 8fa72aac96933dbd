"""d2nn check: silence, the text and the JSON of --paths, exit statuses."""

import json
import os
import resource
import unittest

import large_programs
from command_line import EXAMPLES, HIGH_LOW, WELL, WRONG_INPUT, WRONG_USE, CommandLineTest

# 54 two-way links in a row, each chosen alone: 2^54 paths.
LINKS = 54
# What 2,000 nodes and 300 control nodes may take, in CPU seconds of a build without sanitizers, which the runs of CI with them must not fail.
LARGE_SECONDS = 10 if "asan" not in os.environ["D2NN_PROGRAM"] and "tsan" not in os.environ["D2NN_PROGRAM"] else 200


def chain_program():
    lines = ["network chain {", "  input x: f32[2];"]
    edges, previous = [], "x"
    for i in range(LINKS):
        lines.append(f"  control Q{i} {{ dense(actions) }}\n  node A{i} {{ dense(2) }}\n  node B{i} {{ dense(2) -> relu -> dense(2) }}")
        join = f"  node J{i} join last {{ identity }}"
        lines.append(join)
        edges.append(f"  {previous} -> A{i}, B{i}, Q{i};\n  A{i}, B{i} -> J{i};\n  Q{i} ~> a: A{i}, b: B{i};")
        previous = f"J{i}"
    return "\n".join(lines + ["  output y: f32[2];"] + edges + [f"  {previous} -> y;", "}"])


class Check(CommandLineTest):
    def test_a_correct_program_prints_nothing(self):
        self.assertEqual(self.d2nn("check", HIGH_LOW), (WELL, "", ""))

    def test_standard_input_is_read_for_a_dash(self):
        self.assertEqual(self.d2nn("check", "-", stdin=HIGH_LOW.read_text()), (WELL, "", ""))
        self.expect(WRONG_INPUT, self.d2nn("check", "-", stdin="network"), "<stdin>:1:8: error[E0")

    def test_paths_are_printed_as_text(self):
        text = ("high_low: 2 paths, 890,944 to 3,350,528 multiplications\n"
                "  Q = high  3,350,528  N1 Q N2\n"
                "  Q = low     890,944  N1 Q N3\n")
        self.assertEqual(self.d2nn("check", "--paths", HIGH_LOW), (WELL, text, ""))

    def test_null_outputs_are_named_on_their_path(self):
        printed = self.d2nn("check", "--paths", EXAMPLES / "figure1" / "with_null.d2nn").out
        self.assertEqual(printed, "with_null: 2 paths, 112 to 120 multiplications\n"
                                  "  Q = left   112  N1 Q N2  (null: scores)\n"
                                  "  Q = right  120  N1 Q N3 N4\n"
                                  "  scores is null when Q = left\n")

    def test_paths_are_printed_as_json(self):
        printed = json.loads(self.expect(WELL, self.d2nn("check", "--paths", "--json", HIGH_LOW)).out)
        high = {"actions": {"Q": "high"}, "executed": ["N1", "Q", "N2"], "cost": 3350528, "null_outputs": []}
        low = {"actions": {"Q": "low"}, "executed": ["N1", "Q", "N3"], "cost": 890944, "null_outputs": []}
        self.assertEqual(printed, {
            "file": str(HIGH_LOW), "errors": 0, "diagnostics": [], "network": "high_low", "path_count": "2", "paths": [high, low],
            "least_cost": 890944, "greatest_cost": 3350528, "costs_are_exact": True, "least_path": low, "greatest_path": high,
            "frequencies": "uniform", "expected_cost": 2120736.0, "expected_control_cost": 163328.0,
            "outputs": [{"name": "scores", "can_be_null": False, "null_when": None}],
            "nodes": [{"name": name, "kind": kind, "cost": cost, "probability": probability, "never_executes": False}
                      for name, kind, cost, probability in (("N1", "node", 677376, 1.0), ("Q", "control", 163328, 1.0),
                                                            ("N2", "node", 2509824, 0.5), ("N3", "node", 50240, 0.5))],
            "edges": [{"source": source, "target": target, "can_be_null": source in ("N2", "N3")}
                      for source, target in (("image", "N1"), ("N1", "N2"), ("N1", "N3"), ("N1", "Q"), ("N2", "scores"), ("N3", "scores"))],
            "same_effects": []})

    def test_null_outputs_stand_in_the_json(self):
        printed = json.loads(self.d2nn("check", "--paths", "--json", EXAMPLES / "figure1" / "with_null.d2nn").out)
        self.assertEqual([p["null_outputs"] for p in printed["paths"]], [["scores"], []])
        self.assertEqual(printed["outputs"], [{"name": "scores", "can_be_null": True, "null_when": {"Q": "left"}}])

    def test_actions_of_the_same_effect_stand_in_the_json(self):
        program = self.write("twice.d2nn", HIGH_LOW.read_text().replace("low: N3", "low: N3, lower: N3"))
        printed = json.loads(self.d2nn("check", "--paths", "--json", program).out)
        self.assertEqual(printed["same_effects"], [{"control": "Q", "action": "lower", "same_as": "low"}])
        self.assertEqual([d["code"] for d in printed["diagnostics"]], ["E0512"])

    def test_paths_are_sorted(self):
        printed = self.expect(WELL, self.d2nn("check", "--paths", "--sort", "cost", HIGH_LOW)).out.splitlines()
        self.assertEqual([line.split()[2] for line in printed[1:]], ["low", "high"])
        printed = json.loads(self.d2nn("check", "--paths", "--json", "--sort", "cost", "--descending", HIGH_LOW).out)
        self.assertEqual([path["cost"] for path in printed["paths"]], [3350528, 890944])
        with_null = EXAMPLES / "figure1" / "with_null.d2nn"
        for key, first in (("null", "right"), ("nodes", "left"), ("decisions", "left")):
            printed = json.loads(self.d2nn("check", "--paths", "--json", "--sort", key, with_null).out)
            self.assertEqual(printed["paths"][0]["actions"]["Q"], first, key)
        self.expect(WRONG_USE, self.d2nn("check", "--paths", "--sort", "length", HIGH_LOW), "`length` is not one of decisions, cost, nodes, null")
        self.expect(WRONG_USE, self.d2nn("check", "--sort", "cost", HIGH_LOW), "--paths")
        self.expect(WRONG_USE, self.d2nn("check", "--paths", "--descending", HIGH_LOW), "--sort")

    def write_trace(self, *actions):
        samples = {"high": {"actions": {"Q": "high"}, "executed": ["N1", "Q", "N2"], "cost": 3350528, "valid": {"scores": True}},
                   "low": {"actions": {"Q": "low"}, "executed": ["N1", "Q", "N3"], "cost": 890944, "valid": {"scores": True}}}
        return self.write("t.json", json.dumps({"network": "high_low", "samples": [samples[action] for action in actions]}))

    def test_the_expected_cost_follows_the_actions_of_a_trace(self):
        trace = self.write_trace("high", "low", "low", "low")
        printed = json.loads(self.expect(WELL, self.d2nn("check", "--paths", "--json", "--frequencies", trace, HIGH_LOW)).out)
        self.assertEqual((printed["expected_cost"], printed["frequencies"], printed["unobserved"]), (3350528 / 4 + 890944 * 3 / 4, str(trace), []))
        self.assertEqual([node["probability"] for node in printed["nodes"]], [1, 1, 0.25, 0.75])
        self.assertEqual(self.d2nn("check", "--paths", "--frequencies", "t.json", HIGH_LOW).out,
                         "high_low: 2 paths, 890,944 to 3,350,528 multiplications\n"
                         "  Q = high  3,350,528  N1 Q N2\n"
                         "  Q = low     890,944  N1 Q N3\n"
                         "  expected  1,505,840  by the actions of t.json; control nodes 10.8 % of it\n"
                         "  node  executes       cost  part of the expected cost\n"
                         "  N1     100.0 %    677,376    45.0 %\n"
                         "  Q      100.0 %    163,328    10.8 %\n"
                         "  N2      25.0 %  2,509,824    41.7 %\n"
                         "  N3      75.0 %     50,240     2.5 %\n")

    def test_frequencies_that_cannot_be_read_are_errors(self):
        self.expect(WRONG_INPUT, self.d2nn("check", "--paths", "--frequencies", "none.json", HIGH_LOW), "error[E0801]", "`none.json`")
        self.expect(WRONG_INPUT, self.d2nn("check", "--paths", "--frequencies", self.write("n.json", "[1]"), HIGH_LOW), "error[E0815]", "n.json")
        other = self.write("o.d2nn", chain_program())
        self.expect(WRONG_INPUT, self.d2nn("check", "--paths", "--frequencies", self.write_trace("low"), other), "error[E0816]", "`chain`")
        self.expect(WRONG_USE, self.d2nn("check", "--frequencies", "uniform", HIGH_LOW), "--paths")

    def test_paths_beyond_ten_thousand_are_counted_and_not_listed(self):
        program = self.write("chain.d2nn", chain_program())
        printed = json.loads(self.expect(WELL, self.d2nn("check", "--paths", "--json", program)).out)
        self.assertEqual((printed["path_count"], printed["paths"]), (str(2 ** LINKS), None))
        self.assertEqual((printed["least_cost"], printed["greatest_cost"]), (LINKS * (4 + 4), LINKS * (4 + 8)))
        text = self.d2nn("check", "--paths", program).out
        lines = text.splitlines()
        self.assertEqual(lines[0], f"chain: {2 ** LINKS} paths, {LINKS * 8} to {LINKS * 12} multiplications")
        self.assertTrue(lines[1].startswith("  least     432  Q0 = a, Q1 = a, "), text)
        self.assertIn("  greatest  648  Q0 = b, Q1 = b, ", text)
        self.assertEqual(lines[-2:], ["  expected  540  all actions alike; control nodes 40.0 % of it", "  never null: y"])
        self.assertEqual(set(printed["least_path"]["actions"].values()), {"a"})
        self.assertEqual(set(printed["greatest_path"]["actions"].values()), {"b"})
        self.assertEqual((printed["least_path"]["cost"], printed["expected_cost"]), (LINKS * 8, LINKS * 10))

    def test_neighbours_of_a_family_are_shortened(self):
        text = self.d2nn("check", "--paths", EXAMPLES / "resnet_skip" / "resnet_skip.d2nn").out
        self.assertIn("gate[0] to gate[53] = skip\n", text)
        self.assertIn("gate[0] to gate[53] = run\n", text)

    def test_large_programs_are_analysed_in_seconds(self):
        """CPU time of the whole command, on any machine far above what was measured (0.1 to 2 s)."""
        for kind, controls, seed in (("skippable_chain", 300, 0), ("cascade", 300, 0), ("tree", 300, 0), ("local_graph", 300, 1), ("tangle", 300, 1)):
            program = self.write(f"{kind}.d2nn", large_programs.KINDS[kind](controls, seed))
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            outcome = self.d2nn("check", "--paths", "--json", program)
            seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
            printed = json.loads(outcome.out)
            self.assertEqual((outcome.status, printed["errors"]), (WELL, 0), kind)
            self.assertIsNotNone(printed["path_count"], kind)
            self.assertTrue(printed["costs_are_exact"], kind)
            self.assertEqual(printed["least_path"]["cost"], printed["least_cost"], kind)
            self.assertEqual(printed["greatest_path"]["cost"], printed["greatest_cost"], kind)
            self.assertLess(seconds, LARGE_SECONDS, kind)
        self.assertEqual(large_programs.KINDS["local_graph"](9, 3), large_programs.KINDS["local_graph"](9, 3))

    def test_every_file_is_checked_though_one_is_wrong(self):
        wrong = self.write("wrong.d2nn", "network n {")
        outcome = self.expect(WRONG_INPUT, self.d2nn("check", "--paths", wrong, HIGH_LOW), "wrong.d2nn:1:")
        self.assertIn("high_low: 2 paths", outcome.out)
        listed = json.loads(self.d2nn("check", "--json", wrong, HIGH_LOW).out)
        self.assertEqual([f["errors"] for f in listed["files"]], [1, 0])

    def test_diagnostics_are_printed_as_json(self):
        wrong = self.write("wrong.d2nn", "network n {\n  input x: f32[4];\n  node A { dens(2) }\n  output y: f32[2];\n  x -> A -> y;\n}\n")
        outcome = self.d2nn("check", "--json", wrong)
        self.assertEqual((outcome.status, outcome.err), (WRONG_INPUT, ""))
        printed = json.loads(outcome.out)
        self.assertEqual(printed["errors"], 1)
        self.assertEqual(printed["diagnostics"][0]["code"], "E0203")

    def test_missing_and_unreadable_files_are_errors(self):
        self.expect(WRONG_INPUT, self.d2nn("check", "none.d2nn"), "error[E0801]", "`none.d2nn`", "No such file or directory")
        self.expect(WRONG_INPUT, self.d2nn("check", "."), "error[E0801]", "`.`", "directory")

    def test_definitions_are_checked(self):
        self.expect(WELL, self.d2nn("check", "-Dclasses=10", HIGH_LOW))
        self.expect(WRONG_INPUT, self.d2nn("check", "-Dclasses=two", HIGH_LOW), "error[E0804]", "-Dclasses=two")
        self.expect(WRONG_INPUT, self.d2nn("check", "-Dclass=2", HIGH_LOW), "error[E0802]", "`class`")
        self.expect(WRONG_USE, self.d2nn("check", "-Dclasses", HIGH_LOW), "-DNAME=VALUE")

    def test_wrong_use_is_status_2_and_points_to_the_help(self):
        for words in ([], ["check"], ["check", "--pathz", HIGH_LOW], ["chek", HIGH_LOW]):
            self.expect(WRONG_USE, self.d2nn(*words), "--help")


if __name__ == "__main__":
    unittest.main(verbosity=2)
