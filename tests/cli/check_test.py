"""d2nn check: silence, the text and the JSON of --paths, exit statuses."""

import json
import unittest

from command_line import EXAMPLES, HIGH_LOW, WELL, WRONG_INPUT, WRONG_USE, CommandLineTest

# 54 two-way links in a row, each chosen alone: 2^54 paths.
LINKS = 54


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
                                  "  Q = right  120  N1 Q N3 N4\n")

    def test_paths_are_printed_as_json(self):
        printed = json.loads(self.expect(WELL, self.d2nn("check", "--paths", "--json", HIGH_LOW)).out)
        self.assertEqual(printed, {
            "file": str(HIGH_LOW), "errors": 0, "diagnostics": [], "network": "high_low", "path_count": "2",
            "paths": [{"actions": {"Q": "high"}, "executed": ["N1", "Q", "N2"], "cost": 3350528, "null_outputs": []},
                      {"actions": {"Q": "low"}, "executed": ["N1", "Q", "N3"], "cost": 890944, "null_outputs": []}],
            "least_cost": 890944, "greatest_cost": 3350528, "costs_are_exact": True})

    def test_null_outputs_stand_in_the_json(self):
        printed = json.loads(self.d2nn("check", "--paths", "--json", EXAMPLES / "figure1" / "with_null.d2nn").out)
        self.assertEqual([p["null_outputs"] for p in printed["paths"]], [["scores"], []])

    def test_paths_beyond_ten_thousand_are_counted_and_not_listed(self):
        program = self.write("chain.d2nn", chain_program())
        printed = json.loads(self.expect(WELL, self.d2nn("check", "--paths", "--json", program)).out)
        self.assertEqual((printed["path_count"], printed["paths"]), (str(2 ** LINKS), None))
        self.assertEqual((printed["least_cost"], printed["greatest_cost"]), (LINKS * (4 + 4), LINKS * (4 + 8)))
        text = self.d2nn("check", "--paths", program).out
        self.assertEqual(text, f"chain: {2 ** LINKS} paths, {LINKS * 8} to {LINKS * 12} multiplications\n")

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
