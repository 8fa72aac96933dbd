"""d2nn run: npy files and images in, npy and traces out; what is wrong with data and weights."""

import json
import math
import pathlib
import re
import struct
import unittest
import zlib

import tensors
from command_line import EXAMPLES, GATE, GATE_WEIGHTS, HIGH_LOW, WELL, WRONG_INPUT, WRONG_USE, CommandLineTest

HERE = pathlib.Path(__file__).resolve().parent

# Weights of examples/figure1 under which Q says `left` when x[0] is positive.
SLIDE_WEIGHTS = {
    "N1.dense1.weight": ([8, 8], [float(i == j) for i in range(8) for j in range(8)]), "N1.dense1.bias": ([8], [0.0] * 8),
    "Q.dense1.weight": ([2, 8], [1.0] + [0.0] * 15), "Q.dense1.bias": ([2], [0.0, 0.5]),
    "N2.dense1.weight": ([4, 8], [0.0] * 32), "N2.dense1.bias": ([4], [1.0] * 4),
    "N3.dense1.weight": ([4, 8], [0.0] * 32), "N3.dense1.bias": ([4], [2.0] * 4),
    "N4.dense1.weight": ([2, 4], [1.0] * 4 + [-1.0] * 4), "N4.dense1.bias": ([2], [0.0, 0.0]),
}

# Reads the colour of a picture: class 0 red, 1 green; Q looks at the brightness alone.
COLOUR = """network colour {
  input image: f32[3, 4, 4];
  node mean { global_avg_pool -> flatten }
  control Q { dense(actions) }
  node N { dense(2) }
  node M { dense(2) }
  output scores: f32[2] join last;
  image -> mean -> N, M, Q;
  N, M -> scores;
  Q ~> dark: N, light: M;
}
"""
COLOUR_WEIGHTS = {
    "Q.dense1.weight": ([2, 3], [0, 0, 0, 1, 1, 1]), "Q.dense1.bias": ([2], [1.5, 0]),
    "N.dense1.weight": ([2, 3], [1, 0, 0, 0, 1, 0]), "N.dense1.bias": ([2], [0, 0]),
    "M.dense1.weight": ([2, 3], [1, 0, 0, 0, 1, 0]), "M.dense1.bias": ([2], [0, 0]),
}


class Run(CommandLineTest):
    def setUp(self):
        super().setUp()
        tensors.write_npy(self.folder / "x.npy", [3, 2], [1, 2, -4, 1, 0.5, -0.25])

    def gate(self, *words, weights=GATE_WEIGHTS):
        return self.d2nn("run", GATE, "--weights", weights, *words)

    def refused(self, content, *fragments, name="given.npy"):
        """The input is refused with a sentence that names it, and nothing is written."""
        (self.folder / name).write_bytes(content)
        before = self.files()
        self.expect(WRONG_INPUT, self.gate(name, "-o", "y.npy", "--trace", "t.json"), f"`{name}`", *fragments)
        self.assertEqual(self.files(), before)

    def test_results_and_trace_of_an_npy_file(self):
        self.expect(WELL, self.gate("x.npy", "-o", "y.npy", "--trace", "t.json"))
        self.assertEqual(tensors.read_npy(self.folder / "y.npy"), ([3, 2], [2, 4, -2, 0.5, 1, -0.5]))
        high = {"actions": {"Q": "positive"}, "executed": ["Q", "twice"], "cost": 20, "valid": {"y": True}}
        low = {"actions": {"Q": "other"}, "executed": ["Q", "half"], "cost": 8, "valid": {"y": True}}
        self.assertEqual(json.loads((self.folder / "t.json").read_text()), {"network": "gate", "samples": [high, low, high]})

    def test_every_optimisation_level_and_cpu_agrees(self):
        for options in (["-O0"], ["-O1"], ["-O2"], ["--cpu", "x86-64"], ["--threads", "2"], ["--input", "x.npy"], ["--input", "x=x.npy"]):
            with self.subTest(options):
                data = [] if "--input" in options else ["x.npy"]
                self.expect(WELL, self.gate(*data, "-o", "y.npy", *options))
                self.assertEqual(tensors.read_npy(self.folder / "y.npy"), ([3, 2], [2, 4, -2, 0.5, 1, -0.5]))

    def test_a_null_output_is_a_row_of_nan_and_not_valid(self):
        tensors.write_safetensors(self.folder / "w", SLIDE_WEIGHTS)
        tensors.write_npy(self.folder / "x.npy", [2, 8], [1.0] * 8 + [-1.0] * 8)
        self.expect(WELL, self.d2nn("run", EXAMPLES / "figure1" / "with_null.d2nn", "--weights", "w", "x.npy", "-o", "y.npy", "--trace", "t.json"))
        shape, values = tensors.read_npy(self.folder / "y.npy")
        self.assertEqual((shape, [math.isnan(v) for v in values], values[2:]), ([2, 2], [True, True, False, False], [8, -8]))
        samples = json.loads((self.folder / "t.json").read_text())["samples"]
        self.assertEqual([s["valid"] for s in samples], [{"scores": False}, {"scores": True}])
        self.assertEqual([s["executed"] for s in samples], [["N1", "Q", "N2"], ["N1", "Q", "N3", "N4"]])
        self.assertEqual([s["cost"] for s in samples], [112, 120])

    def test_a_default_stands_in_for_the_skipped_node(self):
        tensors.write_safetensors(self.folder / "w", SLIDE_WEIGHTS)
        tensors.write_npy(self.folder / "x.npy", [2, 8], [1.0] * 8 + [-1.0] * 8)
        self.expect(WELL, self.d2nn("run", EXAMPLES / "figure1" / "with_default.d2nn", "--weights", "w", "x.npy", "-o", "y.npy"))
        self.assertEqual(tensors.read_npy(self.folder / "y.npy"), ([2, 2], [4, -4, 8, -8]))

    def test_a_control_node_that_does_not_execute_is_null_in_the_trace(self):
        program = self.write("nested.d2nn", """network nested {
  input x: f32[1];
  control Q { dense(actions) }
  node N { identity }
  control R { dense(actions) }
  node A { identity }
  dummy none_of_them: f32[1] = 7;
  output y: f32[1] join first;
  x -> Q, N;
  N -> R, A;
  A, none_of_them -> y;
  Q ~> go: N, stop: none_of_them;
  R ~> take: A, leave: none;
}
""")
        tensors.write_safetensors(self.folder / "w", {"Q.dense1.weight": ([2, 1], [1, -1]), "Q.dense1.bias": ([2], [0, 0]),
                                                      "R.dense1.weight": ([2, 1], [1, 0]), "R.dense1.bias": ([2], [0, 2])})
        tensors.write_npy(self.folder / "x.npy", [3, 1], [5, -5, 1])
        self.expect(WELL, self.d2nn("run", program, "--weights", "w", "x.npy", "-o", "y.npy", "--trace", "t.json"))
        samples = json.loads((self.folder / "t.json").read_text())["samples"]
        self.assertEqual([s["actions"] for s in samples], [{"Q": "go", "R": "take"}, {"Q": "stop", "R": None}, {"Q": "go", "R": "leave"}])
        values = tensors.read_npy(self.folder / "y.npy")[1]
        self.assertEqual(values[:2], [5, 7])
        self.assertTrue(math.isnan(values[2]))

    def test_several_inputs_and_outputs_have_files_of_their_own(self):
        program = self.write("two.d2nn", "network two { input a: f32[2]; input b: f32[1]; node N { identity } node M { identity }\n"
                                         "output p: f32[2]; output q: f32[1]; a -> N -> p; b -> M -> q; }\n")
        tensors.write_npy(self.folder / "a.npy", [2, 2], [1, 2, 3, 4])
        tensors.write_npy(self.folder / "b.npy", [2, 1], [5, 6])
        run = ["run", program, "--input", "a=a.npy"]
        self.expect(WELL, self.d2nn(*run, "--input", "b=b.npy", "-o", "y.npy"))
        self.assertEqual(tensors.read_npy(self.folder / "y.p.npy"), ([2, 2], [1, 2, 3, 4]))
        self.assertEqual(tensors.read_npy(self.folder / "y.q.npy"), ([2, 1], [5, 6]))
        self.expect(WRONG_INPUT, self.d2nn(*run, "-o", "z.npy"), "`b`", "--input b=")
        self.expect(WRONG_INPUT, self.d2nn(*run, "--input", "c=b.npy", "-o", "z.npy"), "`c`", "`a`, `b`")
        tensors.write_npy(self.folder / "b.npy", [3, 1], [5, 6, 7])
        self.expect(WRONG_INPUT, self.d2nn(*run, "--input", "b=b.npy", "-o", "z.npy"), "`b.npy`", "3 samples", "2")

    def test_images_are_answered_with_class_path_and_cost(self):
        program = self.write("colour.d2nn", COLOUR)
        tensors.write_safetensors(self.folder / "w", COLOUR_WEIGHTS)
        tensors.write_png(self.folder / "dark_green.png", 4, 4, lambda x, y: (0, 51, 0))
        tensors.write_png(self.folder / "light_red.png", 4, 4, lambda x, y: (255, 204, 204))
        outcome = self.expect(WELL, self.d2nn("run", program, "--weights", "w", "dark_green.png", "light_red.png", "--trace", "t.json"))
        self.assertEqual(outcome.out, "dark_green.png\n  scores: 1 of 2 (0, 0.2)\n  path: Q: dark\n  executed: mean Q N\n  multiplications: 12\n"
                                      "light_red.png\n  scores: 0 of 2 (1, 0.8)\n  path: Q: light\n  executed: mean Q M\n  multiplications: 12\n")
        self.assertEqual(len(json.loads((self.folder / "t.json").read_text())["samples"]), 2)

    def test_an_image_of_another_size_is_resized_when_asked(self):
        program = self.write("colour.d2nn", COLOUR)
        tensors.write_safetensors(self.folder / "w", COLOUR_WEIGHTS)
        run = ["run", program, "--weights", "w", HERE / "red.jpg"]
        self.expect(WRONG_INPUT, self.d2nn(*run), "red.jpg`", "16", "4", "--resize")
        self.assertIn("scores: 0 of 2 (0.7", self.expect(WELL, self.d2nn(*run, "--resize")).out)

    def test_a_photograph_is_turned_upright(self):
        program = self.write("column.d2nn", "network column {\n  input image: f32[3, 4, 1];\n  node N { flatten -> dense(2) }\n  output scores: f32[2];\n"
                                            "  image -> N -> scores;\n}\n")
        # The scores are the red of the upper and of the lower half.
        tensors.write_safetensors(self.folder / "w", {"N.dense1.weight": ([2, 12], [0.5, 0.5] + [0] * 12 + [0.5, 0.5] + [0] * 8),
                                                      "N.dense1.bias": ([2], [0, 0])})
        tensors.write_png(self.folder / "lying.png", 4, 1, lambda x, y: (51 * x, 0, 0))
        lying = (self.folder / "lying.png").read_bytes()
        for orientation, scores in ((6, "1 of 2 (0.1, 0.5)"), (8, "0 of 2 (0.5, 0.1)")):
            exif = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 0x112, 3, 1, orientation, 0, 0)
            chunk = struct.pack(">I", len(exif)) + b"eXIf" + exif + struct.pack(">I", zlib.crc32(b"eXIf" + exif))
            (self.folder / "upright.png").write_bytes(lying[:33] + chunk + lying[33:])
            self.assertIn(f"scores: {scores}", self.expect(WELL, self.d2nn("run", program, "--weights", "w", "upright.png")).out)
        self.expect(WRONG_INPUT, self.d2nn("run", program, "--weights", "w", "lying.png"), "is 4 x 1 pixels; 1 x 4 are needed")

    def test_an_image_of_another_kind_is_told_by_name_or_content_and_what_to_do(self):
        program = self.write("colour.d2nn", COLOUR)
        tensors.write_safetensors(self.folder / "w", COLOUR_WEIGHTS)
        for name, content, kind in (("photo.webp", b"RIFF\x10\0\0\0WEBPVP8 ", "a WebP image"), ("renamed.jpg", b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC image"),
                                    ("photo", b"GIF89a", "a GIF image"), ("photo.TIFF", b"II*\0\x08\0\0\0", "a TIFF image")):
            with self.subTest(name):
                (self.folder / name).write_bytes(content)
                self.expect(WRONG_INPUT, self.d2nn("run", program, "--weights", "w", name), f"`{name}` is {kind}; JPEG and PNG are read: convert it")

    def test_a_damaged_image_is_named(self):
        program = self.write("colour.d2nn", COLOUR)
        tensors.write_safetensors(self.folder / "w", COLOUR_WEIGHTS)
        tensors.write_png(self.folder / "whole.png", 4, 4, lambda x, y: (x, y, 0))
        for name, content in (("cut.png", (self.folder / "whole.png").read_bytes()[:60]), ("cut.jpg", (HERE / "red.jpg").read_bytes()[:200]),
                              ("empty.png", b""), ("text.jpg", b"no picture at all")):
            with self.subTest(name):
                (self.folder / name).write_bytes(content)
                self.expect(WRONG_INPUT, self.d2nn("run", program, "--weights", "w", name, "--resize"), f"`{name}`")

    def test_data_of_the_wrong_form_is_refused(self):
        x = (self.folder / "x.npy").read_bytes()
        self.refused(tensors.npy_bytes([3, 3], [0] * 9), "[3, 3]", "[samples, 2]")
        self.refused(tensors.npy_bytes([2], [0] * 2), "[2]", "first dimension")
        self.refused(tensors.npy_bytes([0, 2], []), "no samples")
        self.refused(tensors.npy_bytes([1, 2], [0] * 2, descr="<f8", code="d"), "`<f8`", "`<f4`")
        self.refused(tensors.npy_bytes([1, 2], [0] * 2, fortran=True), "Fortran")
        self.refused(x[:-3], "truncated", "24 bytes", "21")
        self.refused(x + b"more", "28")
        self.refused(x[:20], "truncated")
        self.refused(b"", "no", "npy")
        self.refused(x.replace(b"(3, 2, )", b"(1e9, 2)"), "header")
        self.refused(x.replace(b"(3, 2, )", b"(1<<63,)"), "header")

    def test_a_score_that_is_not_finite_names_sample_and_control_node(self):
        tensors.write_npy(self.folder / "inf.npy", [2, 2], [1, 2, math.inf, -math.inf])
        self.expect(WRONG_INPUT, self.gate("inf.npy", "-o", "y.npy"), "`Q`", "sample 1", "NaN")
        self.assertNotIn("y.npy", self.files())

    def test_weights_of_the_wrong_form_are_refused(self):
        right = tensors.read_safetensors(GATE_WEIGHTS)
        changed = {
            "nan": ({**right, "Q.dense1.bias": ([2], [math.nan, 0])}, ["`Q.dense1.bias`", "nan", "finite"]),
            "missing": ({n: t for n, t in right.items() if n != "half.dense1.bias"}, ["`half.dense1.bias`", "missing"]),
            "extra": ({**right, "spare": ([1], [0])}, ["`spare`"]),
            "shape": ({**right, "Q.dense1.bias": ([2, 1], [0, 0])}, ["`Q.dense1.bias`", "[2, 1]", "[2]"]),
        }
        for name, (content, fragments) in changed.items():
            with self.subTest(name):
                tensors.write_safetensors(self.folder / name, content)
                self.expect(WRONG_INPUT, self.gate("x.npy", "-o", "y.npy", weights=name), f"`{name}`", *fragments)
        whole = GATE_WEIGHTS.read_bytes()
        for name, content in (("cut", whole[:-1]), ("header", whole[:30]), ("huge", struct.pack("<Q", 1 << 62) + whole[8:]), ("nothing", b"")):
            with self.subTest(name):
                (self.folder / name).write_bytes(content)
                self.expect(WRONG_INPUT, self.gate("x.npy", "-o", "y.npy", weights=name), f"`{name}`")
        self.expect(WRONG_INPUT, self.gate("x.npy", "-o", "y.npy", weights="none"), "`none`", "No such file")
        self.assertNotIn("y.npy", self.files())

    def test_files_that_cannot_be_read_or_written_are_named(self):
        before = self.files()
        self.expect(WRONG_INPUT, self.gate("none.npy", "-o", "y.npy"), "`none.npy`", "No such file")
        self.expect(WRONG_INPUT, self.gate("x.npy", "-o", "none/y.npy"), "`none/y.npy`", "`none`")
        self.expect(WRONG_INPUT, self.gate("x.npy", "-o", "y.npy", "--trace", "none/t"), "`none/t`")
        self.expect(WRONG_INPUT, self.gate("x.npy", "-o", "/dev/full"), "`/dev/full`", "No space left")
        self.assertEqual(self.files(), before)

    def test_standard_output_that_is_full_is_an_error(self):
        program = self.write("colour.d2nn", COLOUR)
        tensors.write_safetensors(self.folder / "w", COLOUR_WEIGHTS)
        tensors.write_png(self.folder / "a.png", 4, 4, lambda x, y: (0, 51, 0))
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.expect(WRONG_INPUT, self.d2nn("run", program, "--weights", "w", "a.png", out=full), "standard output")

    def test_a_cost_budget_is_kept(self):
        # The first and third pair want `twice`, 20 multiplications; `half` costs 8.
        self.expect(WELL, self.gate("x.npy", "-o", "y.npy", "--trace", "t.json", "--max-cost", 19))
        trace = json.loads((self.folder / "t.json").read_text())
        self.assertEqual([s["cost"] for s in trace["samples"]], [8, 8, 8])
        self.assertEqual(tensors.read_npy(self.folder / "y.npy"), ([3, 2], [0.5, 1, -2, 0.5, 0.25, -0.125]))
        self.expect(WELL, self.gate("x.npy", "-o", "y.npy", "--trace", "t.json", "--max-cost", 20))
        self.assertEqual([s["cost"] for s in json.loads((self.folder / "t.json").read_text())["samples"]], [20, 8, 20])
        before = self.files()
        self.expect(WRONG_USE, self.gate("x.npy", "-o", "z.npy", "--max-cost", 7), "--max-cost is 7", "`gate` costs 8 multiplications")
        for budget in ("0", "-1", "1e3", "x"):
            self.expect(WRONG_USE, self.gate("x.npy", "-o", "z.npy", "--max-cost", budget), "--max-cost", budget, "not in range 1 to")
        self.expect(WRONG_USE, self.gate("x.npy", "-o", "z.npy", "--threads", "-1"), "--threads", "not in range 0 to")
        self.assertEqual(self.files(), before)
        self.expect(WELL, self.d2nn("build", GATE, "--weights", GATE_WEIGHTS, "-o", "gate"))
        self.expect(WELL, self.call("./gate", "run", "x.npy", "-o", "w.npy", "--max-cost", 8))
        self.assertEqual(tensors.read_npy(self.folder / "w.npy"), ([3, 2], [0.5, 1, -2, 0.5, 0.25, -0.125]))

    def test_a_fixed_decision_counts_in_the_budget(self):
        self.expect(WELL, self.gate("x.npy", "-o", "y.npy", "--trace", "t.json", "--fix", "Q=positive", "--max-cost", 20))
        self.assertEqual([s["cost"] for s in json.loads((self.folder / "t.json").read_text())["samples"]], [20, 20, 20])
        self.expect(WRONG_USE, self.gate("x.npy", "-o", "z.npy", "--fix", "Q=positive", "--max-cost", 19), "--max-cost is 19",
                    "`gate` costs 20 multiplications")

    def test_wrong_use_is_status_2(self):
        tensors.write_png(self.folder / "a.png", 4, 4, lambda x, y: (0, 51, 0))
        self.expect(WRONG_USE, self.gate("x.npy"), "-o")
        self.expect(WRONG_USE, self.gate("-o", "y.npy"), "nothing to run on")
        self.expect(WRONG_USE, self.gate("a.png", "x.npy", "-o", "y.npy"), "mixed")
        self.expect(WRONG_USE, self.d2nn("run", GATE, "x.npy", "-o", "y.npy"), "`gate`", "--weights")
        self.expect(WRONG_USE, self.d2nn("run"), "FILE is required")

    def test_the_program_must_fit_the_data(self):
        self.expect(WRONG_INPUT, self.d2nn("run", HIGH_LOW, "--weights", GATE_WEIGHTS, "x.npy", "-o", "y.npy"), "`N1.conv1.weight`", "`high_low`")
        tensors.write_png(self.folder / "a.png", 4, 4, lambda x, y: (0, 51, 0))
        self.expect(WRONG_INPUT, self.gate("a.png"), "`gate`", "f32[2]", "no image")


class Bench(CommandLineTest):
    def rows(self, done):
        """{path: (multiplications, share of samples)} of the table, and its first line."""
        lines = self.expect(WELL, done).out.splitlines()
        table = {}
        for line in lines[2:]:
            found = re.fullmatch(r" +([\d.]+) us +([\d.]+) us +([\d,]+) +([\d.]+) %  (.+)", line)
            if found:
                self.assertGreater(float(found[1]), 0)
                table[found[5]] = (int(found[3].replace(",", "")), float(found[4]))
        self.assertRegex(lines[-1], r"^batch of \d+: [\d.]+ us, [\d.]+ us a sample$")
        return table, lines[0]

    def test_every_path_stands_beside_its_multiplications(self):
        tensors.write_npy(self.folder / "x.npy", [4, 2], [1, 2, -4, 1, 0.5, -0.25, 3, 1])
        paths = {"Q: positive": (20, 75.0), "Q: other": (8, 25.0)}
        for options in (["--input", "x.npy"], ["--input", "x=x.npy", "--batch", "2", "--threads", "1", "-O0"]):
            with self.subTest(options):
                table, title = self.rows(self.d2nn("bench", GATE, "--weights", GATE_WEIGHTS, *options))
                self.assertEqual(table, paths)
                self.assertIn("4 samples of x.npy", title)
        fixed, _ = self.rows(self.d2nn("bench", GATE, "--weights", GATE_WEIGHTS, "--input", "x.npy", "--fix", "Q=other"))
        self.assertEqual(fixed, {"Q: other": (8, 100.0)})

    def test_an_executable_measures_with_the_same_options(self):
        tensors.write_npy(self.folder / "x.npy", [1, 2], [1, 2])
        self.expect(WELL, self.d2nn("build", GATE, "--weights", GATE_WEIGHTS, "-o", "gate"))
        table, _ = self.rows(self.call("./gate", "bench", "--input", "x.npy", "--batch", "3"))
        self.assertEqual(table, {"Q: positive": (20, 100.0), "Q: other": (8, 0.0)})

    def test_without_weights_and_samples_they_are_random(self):
        table, title = self.rows(self.d2nn("bench", GATE, "--batch", "4"))
        self.assertEqual({path: cost for path, (cost, _) in table.items()}, {"Q: positive": 20, "Q: other": 8})
        self.assertIn("random inputs, random weights", title)

    def test_a_data_set_is_measured_on(self):
        self.write("digits.d2nn", "network digits { input image: f32[3, 32, 32]; node N { max_pool(8x8, stride: 8) -> dense(2) } node M { dense(2) } "
                   "control Q { global_avg_pool -> flatten -> dense(actions) } output y: f32[2] join last; image -> N, M, Q; N, M -> y; Q ~> low: N, high: M; }")
        table, title = self.rows(self.d2nn("bench", "digits.d2nn", "--data", "shapes:400", "--batch", "8"))
        self.assertEqual(set(table), {"Q: low", "Q: high"})
        self.assertAlmostEqual(sum(share for _, share in table.values()), 100, delta=0.2)
        self.assertIn("samples of shapes:400", title)
        self.expect(WRONG_INPUT, self.d2nn("bench", "digits.d2nn", "--data", "npy:none.npy,none.npy"), "none.npy")

    def test_of_many_paths_the_cheapest_the_dearest_and_frequent_ones_are_shown(self):
        nodes = "for i in 0..20 { node s[i] join last { dense(4) } control g[i] { dense(actions) } }"
        self.write("many.d2nn", f"network many {{ input x: f32[4]; {nodes} output y: f32[4] join sum; x -> s, g; s -> y; x -> y; for i in 0..20 {{ g[i] ~> run: s[i], skip: none; }} }}")
        done = self.d2nn("bench", "many.d2nn", "--batch", "4")
        table, _ = self.rows(done)
        self.assertIn("of 1048576 paths", done.out)
        self.assertIn(("g[0] to g[19]: run", 20 * 24), {(path, cost) for path, (cost, _) in table.items()})
        self.assertIn(("g[0] to g[19]: skip", 20 * 8), {(path, cost) for path, (cost, _) in table.items()})
        self.assertLessEqual(len(table), 10)


if __name__ == "__main__":
    unittest.main(verbosity=2)
