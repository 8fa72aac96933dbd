"""d2nn import: tensors of PyTorch renamed, converted and held against a network; what is missing, left over or does not fit."""

import json
import math
import re
import shlex
import struct
import unittest

import tensors
from command_line import WELL, WRONG_INPUT, WRONG_USE, CommandLineTest

PROGRAM = """network net(units: int = 2) {
  input x: f32[1, 4, 4];
  node N { conv(3x3, 2, pad: 1) -> batch_norm -> relu -> dense(units) as head }
  output y: f32[units];
  x -> N -> y;
}
"""
# By the names of the program; values that every float type holds exactly.
WEIGHTS = {
    "N.conv1.weight": ([2, 1, 3, 3], [i / 4 - 2 for i in range(18)]), "N.conv1.bias": ([2], [0.5, -0.25]),
    "N.batch_norm1.weight": ([2], [1.5, 2.0]), "N.batch_norm1.bias": ([2], [0.0, -1.0]),
    "N.batch_norm1.running_mean": ([2], [0.125, 0.0]), "N.batch_norm1.running_var": ([2], [1.0, 0.0625]),
    "N.head.weight": ([2, 32], [i / 32 for i in range(64)]), "N.head.bias": ([2], [2.0, -0.0]),
}
TORCH_NAMES = {"N.conv1": "features.0", "N.batch_norm1": "features.1", "N.head": "classifier"}


def torch_name(name):
    node, _, role = name.rpartition(".")
    return f"{TORCH_NAMES[node]}.{role}"


class Import(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.program = self.write("net.d2nn", PROGRAM)

    def imported(self, content, *words, status=WELL, fragments=()):
        """Imports `content`; the tensors written, or after an error the outcome, when nothing may be written."""
        tensors.write_safetensors(self.folder / "in", content)
        before = self.files()
        outcome = self.expect(status, self.d2nn("import", self.program, "--from", "in", "-o", "out", *words), *fragments)
        if status == WELL:
            self.assertEqual(self.files(), sorted(before + ["out"]))
            return tensors.read_safetensors(self.folder / "out")
        self.assertEqual(self.files(), before)
        return outcome

    def refused(self, content, *fragments, words=()):
        return self.imported(content, *words, status=WRONG_INPUT, fragments=fragments)

    def errors(self, outcome, code):
        return re.findall(rf"error\[{code}\]: (.*)", outcome.err)

    def fixes(self, outcome):
        return re.findall(r"fix: (.*?)(?:  +\(more: .*\))?$", outcome.err, re.MULTILINE)

    def test_tensors_of_equal_names_are_checked_and_copied_in_the_order_of_the_program(self):
        shuffled = dict(sorted(WEIGHTS.items(), reverse=True))
        counted = {**shuffled, "N.batch_norm1.num_batches_tracked": ([], [7], "I64")}
        written = self.imported(counted)
        self.assertEqual(written, WEIGHTS)
        self.assertEqual(list(written), list(WEIGHTS))

    def test_leading_dimensions_of_size_1_do_not_count(self):
        changed = {**WEIGHTS, "N.head.bias": ([1, 1, 2], [2.0, -0.0]), "N.conv1.weight": ([1, 2, 1, 3, 3], WEIGHTS["N.conv1.weight"][1])}
        self.assertEqual(self.imported(changed), WEIGHTS)
        self.refused({**WEIGHTS, "N.head.bias": ([2, 1], [2.0, -0.0])}, "E0704", "[2, 1]")

    def test_rules_rename_one_after_the_other(self):
        content = {"module." + torch_name(name): tensor for name, tensor in WEIGHTS.items()}
        rules = [r"^module\.=", r"^features\.0\.=conv1.", r"^features\.(\d)\.=batch_norm$1.", "^classifier=head", "^=N."]
        self.assertEqual(self.imported(content, *[word for rule in rules for word in ("--rename", rule)]), WEIGHTS)

    def test_a_map_renames_exactly_and_goes_before_the_rules(self):
        content = {torch_name(name): tensor for name, tensor in WEIGHTS.items()}
        content["spare"] = ([1], [0.0])
        names = {torch_name(name): name for name in WEIGHTS if "head" not in name}
        self.write("map.json", json.dumps({**names, "spare": None}))
        self.assertEqual(self.imported(content, "--map", "map.json", "--rename", "^classifier=N.head", "--rename", "features=wrong"), WEIGHTS)

    def test_other_float_types_become_f32(self):
        for dtype in ("F16", "BF16", "F64"):
            with self.subTest(dtype):
                self.assertEqual(self.imported({name: (*tensor, dtype) for name, tensor in WEIGHTS.items()}), WEIGHTS)
                (self.folder / "out").unlink()
        changed = {**WEIGHTS, "N.head.bias": ([2], [1 / 3, 6e-8], "F64")}
        self.assertEqual(self.imported(changed)["N.head.bias"][1], [as_f32(1 / 3), as_f32(6e-8)])

    def test_every_value_of_f16_is_read_rightly(self):
        """All of its 63,488 finite values, subnormals among them."""
        program = "network net { input x: f32[63488]; node N { dense(1, bias: false) } output y: f32[1]; x -> N -> y; }"
        self.program = self.write("wide.d2nn", program)
        bits = [b for b in range(1 << 16) if b & 0x7C00 != 0x7C00]
        values = list(struct.unpack(f"<{len(bits)}e", struct.pack(f"<{len(bits)}H", *bits)))
        written = self.imported({"N.dense1.weight": ([1, len(bits)], values, "F16")})["N.dense1.weight"][1]
        self.assertEqual(written, values)
        self.assertEqual([math.copysign(1, v) for v in written], [math.copysign(1, v) for v in values])

    def test_a_missing_tensor_is_named_with_the_one_most_like_it(self):
        content = {("N.conv1.wieght" if name == "N.conv1.weight" else name): tensor for name, tensor in WEIGHTS.items()}
        outcome = self.refused(content)
        self.assertEqual(self.errors(outcome, "E0702"), ["no tensor of `in` is parameter `N.conv1.weight` [2, 1, 3, 3] of network `net`"])
        self.assertEqual(self.errors(outcome, "E0703"), ["tensor `N.conv1.wieght` [2, 1, 3, 3] of `in` is no parameter of network `net`"])
        self.assertIn("did you mean `N.conv1.weight`?", self.fixes(outcome))
        (fix,) = [fix for fix in self.fixes(outcome) if "--rename" in fix]
        self.assertEqual(fix, r"did you mean `N.conv1.wieght`? `--rename '^N\.conv1\.wieght$=N.conv1.weight'`")
        self.assertEqual(self.imported(content, *shlex.split(fix[fix.index("--rename"):-1])), WEIGHTS)

    def test_one_prefix_too_many_or_too_few_is_found(self):
        for content in ({"model." + name: tensor for name, tensor in WEIGHTS.items()}, {name.removeprefix("N."): tensor for name, tensor in WEIGHTS.items()}):
            outcome = self.refused(content)
            (fix,) = [fix for fix in self.fixes(outcome) if "prefix" in fix]
            with self.subTest(fix):
                self.assertEqual(self.imported(content, *shlex.split(fix[fix.index("--rename"):-1])), WEIGHTS)
                (self.folder / "out").unlink()

    def test_a_tensor_of_the_same_shape_and_role_is_proposed_where_no_spelling_is_near(self):
        outcome = self.refused({torch_name(name): tensor for name, tensor in WEIGHTS.items()})
        self.assertEqual(len(self.errors(outcome, "E0702")), 8)
        self.assertEqual(len(self.errors(outcome, "E0703")), 8)
        self.assertIn(r"did you mean `features.0.weight`? `--rename '^features\.0\.weight$=N.conv1.weight'`", self.fixes(outcome))

    def test_tensors_left_over_are_errors_unless_allowed(self):
        content = {**WEIGHTS, "aux.weight": ([3], [1.0] * 3)}
        outcome = self.refused(content, "error[E0703]: tensor `aux.weight` [3] of `in` is no parameter of network `net`")
        self.assertEqual(self.fixes(outcome), ["leave out what has no place with `--allow-unused`"])
        self.assertEqual(self.imported(content, "--allow-unused"), WEIGHTS)

    def test_other_shapes_and_types_are_refused(self):
        wide = {**WEIGHTS, "N.head.weight": ([3, 32], [0.0] * 96), "N.head.bias": ([3], [0.0] * 3)}
        outcome = self.refused(wide)
        self.assertEqual(self.errors(outcome, "E0704"),
                         ["tensor `N.head.weight` [3, 32] of `in` is not of the shape that network `net` needs, [2, 32]",
                          "tensor `N.head.bias` [3] of `in` is not of the shape that network `net` needs, [2]"])
        self.assertEqual(self.imported(wide, "-Dunits=3"), wide)
        (self.folder / "out").unlink()
        self.refused({**WEIGHTS, "N.head.bias": ([2], [1, 2], "I64")}, "error[E0704]", "`N.head.bias`", "`I64`; `F32`, `F16`, `BF16` or `F64`")
        renamed = {("head.b" if name == "N.head.bias" else name): tensor for name, tensor in wide.items()}
        self.refused(renamed, "tensor `head.b` [3], renamed to `N.head.bias`, of `in` is not of the shape", words=["--rename", r"^head\.b$=N.head.bias"])

    def test_values_that_no_network_can_run_on_are_refused(self):
        self.refused({**WEIGHTS, "N.head.bias": ([2], [1.0, 1e300], "F64")}, "error[E0701]", "`N.head.bias`", "inf at position 1")
        self.refused({**WEIGHTS, "N.batch_norm1.running_var": ([2], [1.0, -0.5], "F16")}, "error[E0701]", "`N.batch_norm1.running_var`", "cannot be negative")

    def test_wrong_maps_and_rules_are_refused(self):
        for text, fragment in (("{", "`map.json` is not JSON"), ("[]", "`map.json` is no rename map"), ('{"N.head.bias": 3}', "maps `N.head.bias` to `3`"),
                               ('{"N.head.bais": "x"}', "renames `N.head.bais`, which `in` does not hold"), ("[" * 100000, "is not JSON"),
                               ('{"N.head.bias": "N.conv1.bias"}', "tensors `N.conv1.bias` and `N.head.bias` of `in` are both called `N.conv1.bias`")):
            with self.subTest(text[:20]):
                self.write("map.json", text)
                self.refused(WEIGHTS, "error[E0705]", fragment, words=["--map", "map.json"])
        self.write("map.json", '{"N.head.bais": "x"}')
        self.assertIn("did you mean `N.head.bias`?", self.fixes(self.refused(WEIGHTS, words=["--map", "map.json"])))
        for rule, fragment in (("(=x", "is no regular expression"), ("abc", "has no `=`"), ("=N.", "write `^=`"), (r"head|conv1=a", "are both called `N.a.bias`")):
            with self.subTest(rule):
                self.refused(WEIGHTS, "error[E0705]", fragment, words=["--rename", rule])

    def test_a_name_of_any_length_is_survived(self):
        long_name = "a" * 200000
        self.refused({**WEIGHTS, long_name: ([1], [0.0])}, "error[E0703]", "aaa...`", words=["--rename", "(a|b)*c=x"])

    def test_files_that_cannot_be_read_or_written_are_named(self):
        tensors.write_safetensors(self.folder / "in", WEIGHTS)
        before = self.files()
        run = ["import", self.program, "--from", "in", "-o"]
        self.expect(WRONG_INPUT, self.d2nn("import", self.program, "--from", "none", "-o", "out"), "error[E0801]", "`none`", "No such file")
        self.expect(WRONG_INPUT, self.d2nn("import", self.program, "--from", self.program, "-o", "out"), "error[E0701]", "net.d2nn`", "no safetensors file")
        self.expect(WRONG_INPUT, self.d2nn(*run, "out", "--map", "none"), "error[E0801]", "`none`", "No such file")
        self.expect(WRONG_INPUT, self.d2nn(*run, "none/out"), "error[E0806]", "`none/out`")
        self.expect(WRONG_INPUT, self.d2nn(*run, "/dev/full"), "error[E0806]", "`/dev/full`", "No space left")
        self.assertEqual(self.files(), before)

    def test_one_network_is_needed(self):
        tensors.write_safetensors(self.folder / "in", WEIGHTS)
        two = self.write("two.d2nn", PROGRAM + PROGRAM.replace("network net", "network other"))
        self.expect(WRONG_INPUT, self.d2nn("import", two, "--from", "in", "-o", "out"), "error[E0805]", "`net`, `other`", "--network")
        self.expect(WELL, self.d2nn("import", two, "--network", "other", "--from", "in", "-o", "out"))
        self.expect(WRONG_INPUT, self.d2nn("import", self.write("wrong.d2nn", "network n {}"), "--from", "in", "-o", "out"), "error[E0409]")

    def test_wrong_use_is_status_2(self):
        self.expect(WRONG_USE, self.d2nn("import", self.program, "-o", "out"), "--from")
        self.expect(WRONG_USE, self.d2nn("import", self.program, "--from", "in"), "-o")


def as_f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


if __name__ == "__main__":
    unittest.main(verbosity=2)
