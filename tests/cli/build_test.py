"""d2nn build: every kind of output, header and manifest, and what cannot be built or written."""

import json
import os
import pathlib
import unittest

import manifest_schema
from command_line import EXAMPLES, GATE, GATE_WEIGHTS, HIGH_LOW, SOURCE, WELL, WRONG_INPUT, WRONG_USE, CommandLineTest

SCHEMA = json.loads((SOURCE / "docs" / "manifest.schema.json").read_text())
TWO_NETWORKS = ("network a { input x: f32[4]; node N { dense(2) } output y: f32[2]; x -> N -> y; }\n"
                "network b { input x: f32[4]; node N { dense(3) } output y: f32[3]; x -> N -> y; }\n")


class Build(CommandLineTest):
    def build(self, *words):
        return self.d2nn("build", *words)

    def test_every_kind_is_written_and_nothing_beside_it(self):
        beginnings = {"exe": b"\x7fELF", "shared": b"\x7fELF", "obj": b"\x7fELF", "static": b"!<arch>\n", "llvm": b"; ModuleID", "asm": b"\t.text",
                      "ast": b"network gate\n  input", "graph": b"network gate\ninput", "plan": b"plan gate: inference, "}
        for kind, beginning in beginnings.items():
            with self.subTest(kind):
                self.expect(WELL, self.build(GATE, "--emit", kind, "-o", f"{kind}/out.x".replace("/", "_")))
                self.assertTrue((self.folder / f"{kind}_out.x").read_bytes().startswith(beginning))
        beside = [f"{kind}_out.{end}" for kind in ("obj", "shared", "static") for end in ("h", "json")]
        self.assertEqual(self.files(), sorted([f"{kind}_out.x" for kind in beginnings] + beside))

    def test_a_fixed_decision_leaves_one_path_with_the_cost_of_the_language(self):
        fixed = self.write("fixed.d2nn", HIGH_LOW.read_text())
        self.expect(WELL, self.build(fixed, "--fix", "Q=low", "--emit", "static", "-o", "low.a"))
        (network,) = json.loads((self.folder / "low.json").read_text())["networks"]
        self.assertEqual((network["path_count"], network["least_cost"], network["greatest_cost"]), ("1", 890944, 890944))
        for words, status, text in ((["q=low"], WRONG_INPUT, "E0521"), (["Q=lo"], WRONG_INPUT, "did you mean `low`?"), (["Q"], WRONG_USE, "CONTROL=ACTION"),
                                    (["Q=low", "--fix", "Q=high"], WRONG_USE, "fixed twice"), (["Q=low", "--train"], WRONG_USE, "--train")):
            with self.subTest(words):
                result = self.build(fixed, "-o", "net", "--fix", *words)
                self.assertEqual(result.status, status)
                self.assertIn(text, result.err)

    def test_passes_can_be_left_out_by_name(self):
        self.expect(WELL, self.build(GATE, "--disable-pass", "fold-norm", "--disable-pass", "drop-unused", "-O0", "--emit", "obj", "-o", "net.o"))
        result = self.build(GATE, "--disable-pass", "fold", "-o", "net")
        self.assertEqual(result.status, WRONG_USE)
        self.assertIn("drop-unused, move-into-branch", result.err)

    def test_what_a_program_is_on_its_way_can_be_looked_at(self):
        source = self.write("small.d2nn", "network n(k: int = 2) { input x: f32[4]; node N(h) { let g = h -> dense(k + 2) -> relu; g -> dense(k) as last }"
                            " output y: f32[k] required; x -> N.h; N -> y; }").name
        tree = self.build(source, "--emit", "ast", "-o", "-")
        self.assertEqual((tree.status, tree.err), (WELL, ""))
        self.assertEqual(tree.out, "network n\n  param k: int = 2\n  input x: f32[4]\n  node N(h)\n    let g = (-> h (dense (+ k 2)) (relu))\n"
                         "    result (-> g (dense k as last))\n  output y: f32[k] required\n  edges x -> N.h\n  edges N -> y\n")
        graph = self.build(source, "--emit", "graph", "-o", "-")
        self.assertIn("  %1 = dense(4) %0: f32[4], cost 16\n", graph.out)
        plan = self.build(source, "--emit", "plan", "--train", "-o", "-", "--print-after", "place-memory")
        self.assertEqual([line.split(";")[0] for line in plan.out.splitlines() if line.startswith(("plan", "#"))],
                         ["# after place-memory", "plan n: inference, 64 rows a tile", "plan n: inference, 64 rows a tile", "plan n: training"])
        self.expect(WRONG_USE, self.build(source, "--emit", "plan", "-o", "-", "--print-after", "place"), "is not one of drop-unused")

    def test_what_the_library_cannot_apply_to_its_convolutions_runs_over_their_results(self):
        residual = "let c = h -> conv(3x3, 32, pad: 1); let s = c + h; s -> hard_swish"
        for body, cpu, has_library_call, has_pass in ((residual, "x86-64-v4", True, True), ("h -> conv(3x3, 32, pad: 1) -> relu", "x86-64-v4", True, False),
                                                      (residual, "x86-64-v3", False, False)):
            source = self.write("wide.d2nn", "network n { input x: f32[32, 32, 32]; output y: f32[32, 32, 32]; x -> N.h; N -> y; node N(h) { " + body + " } }").name
            code = self.build(source, "--emit", "llvm", "-O0", "--cpu", cpu, "--target", "x86_64-unknown-linux-gnu", "-o", "-").out
            self.assertEqual("call i32 %library_op" in code, has_library_call, (body, cpu))
            self.assertEqual("call void @n.expression" in code, has_pass, (body, cpu))

    def test_an_executable_runs_without_the_compiler(self):
        self.expect(WELL, self.build(GATE, "--weights", GATE_WEIGHTS, "-o", "gate"))
        self.assertTrue(os.access(self.folder / "gate", os.X_OK))
        info = self.call(self.folder / "gate", "info")
        self.assertEqual((info.status, info.err), (WELL, ""))
        self.assertIn("network gate\n", info.out)
        self.assertIn("Q ~> positive: twice, other: half", info.out)
        self.assertEqual(json.loads(self.call(self.folder / "gate", "info", "--json").out)["name"], "gate")

    def test_manifests_follow_their_schema(self):
        two = self.write("two.d2nn", TWO_NETWORKS)
        trained = self.write("trained.d2nn", "network n { input x: f32[2]; node A { dense(2) } output y: f32[2]; x -> A -> y;"
                             " train { loss y: q_learning(weight: 0.5); metric: f1(positive: 1); reward: f1 - cost / 100; lr: 0.1; } }")
        for file, options in ((trained, []), (HIGH_LOW, ["-Dclasses=7"]), (GATE, ["--weights", GATE_WEIGHTS, "--prefix", "my_"]), (two, ["--cpu", "x86-64-v3"]),
                              (EXAMPLES / "figure1" / "with_dummy.d2nn", []), (EXAMPLES / "figure1" / "with_null.d2nn", ["-O0"])):
            with self.subTest(str(file)):
                self.expect(WELL, self.build(file, "--emit", "obj", "-o", "net.o", *options))
                manifest = json.loads((self.folder / "net.json").read_text())
                self.assertEqual(manifest_schema.problems(manifest, SCHEMA), [])
                self.assertEqual((manifest["artefact"], manifest["header"]), ("net.o", "net.h"))

    def test_the_schema_refuses_what_is_no_manifest(self):
        self.expect(WELL, self.build(HIGH_LOW, "--emit", "obj", "-O0", "-o", "net.o"))
        text = (self.folder / "net.json").read_text()
        for change in (("least_cost", "dearest"), ("890944", "-1"), ('"control"', '"diamond"'), ('"path_count": "2"', '"path_count": 2')):
            self.assertIn(change[0], text)
            self.assertNotEqual(manifest_schema.problems(json.loads(text.replace(*change)), SCHEMA), [])

    def test_the_manifest_says_what_was_built(self):
        self.expect(WELL, self.build(GATE, "--weights", GATE_WEIGHTS, "--prefix", "my_", "--cpu", "x86-64-v3", "--emit", "static", "-o", "gate.a"))
        (network,) = json.loads((self.folder / "gate.json").read_text())["networks"]
        facts = {key: network[key] for key in ("name", "symbol", "target_cpu", "training", "weights_embedded", "path_count", "least_cost", "greatest_cost")}
        self.assertEqual(facts, {"name": "gate", "symbol": "my_gate_module", "target_cpu": "x86-64-v3", "training": False, "weights_embedded": True,
                                 "path_count": "2", "least_cost": 8, "greatest_cost": 20})
        self.assertEqual([(p["name"], p["shape"]) for p in network["parameters"]][:2], [("Q.dense1.weight", [2, 2]), ("Q.dense1.bias", [2])])
        header = (self.folder / "gate.h").read_text()
        for piece in ("const d2nn_module* my_gate_module(void);", "MY_GATE_Q_POSITIVE = 0", "MY_GATE_Q_OTHER = 1", "MY_GATE_X_ELEMENTS = 2",
                      "two numbers", "d2nn_status my_gate_run(d2nn_context* context, size_t batch, const float* x, float* y, uint8_t* y_valid)"):
            self.assertIn(piece, header)

    def test_settings_change_the_shapes(self):
        self.expect(WELL, self.build(HIGH_LOW, "-Dclasses=7", "--emit", "obj", "-O0", "-o", "net.o"))
        (network,) = json.loads((self.folder / "net.json").read_text())["networks"]
        self.assertEqual((network["settings"], network["outputs"][0]["shape"]), ({"classes": "7"}, [7]))

    def test_building_twice_gives_the_same_bytes(self):
        for name in ("one", "two"):
            (self.folder / name).mkdir()
            self.expect(WELL, self.build(HIGH_LOW, "--emit", "obj", "-o", f"{name}/net.o"))
        for name in ("net.o", "net.h", "net.json"):
            self.assertEqual((self.folder / "one" / name).read_bytes(), (self.folder / "two" / name).read_bytes(), name)

    def test_an_executable_needs_one_network(self):
        two = self.write("two.d2nn", TWO_NETWORKS)
        self.expect(WRONG_INPUT, self.build(two, "-o", "net"), "error[E0805]", "`a`, `b`", "--network")
        self.expect(WRONG_INPUT, self.build(two, "--network", "c", "-o", "net"), "error[E0803]", "`c`", "`a`, `b`")
        self.assertEqual(self.files(), ["two.d2nn"])
        self.expect(WELL, self.build(two, "--network", "b", "-o", "net"))
        self.assertIn("network b\n", self.call(self.folder / "net", "info").out)

    def test_a_file_without_networks_is_not_built(self):
        empty = self.write("empty.d2nn", "const a = 1;")
        for kind in ("exe", "obj", "llvm"):
            self.expect(WRONG_INPUT, self.build(empty, "--emit", kind, "-o", "net"), "error[E0805]", "the file holds no network")
        self.expect(WRONG_INPUT, self.d2nn("run", empty, "--input", "x.npy", "-o", "y.npy"), "error[E0805]", "the file holds no network")
        self.expect(WRONG_INPUT, self.d2nn("graph", empty, "-o", "net.svg"), "the file holds no network")
        self.assertEqual(self.files(), ["empty.d2nn"])

    def test_a_library_holds_all_networks(self):
        two = self.write("two.d2nn", TWO_NETWORKS)
        self.expect(WELL, self.build(two, "--emit", "static", "-o", "net.a"))
        manifest = json.loads((self.folder / "net.json").read_text())
        self.assertEqual([n["symbol"] for n in manifest["networks"]], ["a_module", "b_module"])

    def test_unknown_targets_are_named(self):
        self.expect(WRONG_INPUT, self.build(GATE, "--cpu", "z80", "-o", "x"), "error[E0901]", "`z80`", "native")
        self.expect(WRONG_INPUT, self.build(GATE, "--target", "mars-unknown-none", "-o", "x"), "error[E0901]", "`mars-unknown-none`")
        self.assertEqual(self.files(), [])

    def test_wrong_options_are_status_2(self):
        self.expect(WRONG_USE, self.build(GATE), "--output is required")
        self.expect(WRONG_USE, self.build(GATE, "-o", "x", "--emit", "ex"), "--emit", "ex")
        self.expect(WRONG_USE, self.build(GATE, "-o", "x", "-O4"), "-O", "4")
        self.expect(WRONG_USE, self.build(GATE, GATE, "-o", "x"))
        self.assertEqual(self.files(), [])

    def test_a_path_that_cannot_be_written_is_named(self):
        (self.folder / "folder").mkdir()
        for kind in ("exe", "shared", "static", "obj", "llvm", "asm"):
            with self.subTest(kind):
                self.expect(WRONG_INPUT, self.build(GATE, "--emit", kind, "-O0", "-o", "none/net"), "cannot write `none/net`")
                self.expect(WRONG_INPUT, self.build(GATE, "--emit", kind, "-O0", "-o", "folder"), "cannot write `folder`")
        self.assertEqual(self.files(), [])
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["folder"])

    def test_a_full_disk_is_an_error(self):
        self.expect(WRONG_INPUT, self.build(GATE, "--emit", "llvm", "-O0", "-o", "/dev/full"), "cannot write `/dev/full`", "No space left")

    def test_a_failed_build_keeps_what_was_there(self):
        self.write("net", "precious")
        wrong = self.write("wrong.d2nn", "network n { }")
        self.expect(WRONG_INPUT, self.build(wrong, "-o", "net"), "error[E0")
        self.expect(WRONG_INPUT, self.build(GATE, "--weights", "none.safetensors", "-o", "net"), "none.safetensors")
        self.assertEqual((self.folder / "net").read_text(), "precious")

    def test_weights_must_be_those_of_the_network(self):
        self.expect(WRONG_INPUT, self.build(HIGH_LOW, "--weights", GATE_WEIGHTS, "-o", "x"), "error[E0701]", str(GATE_WEIGHTS), "N1.conv1.weight")
        garbled = pathlib.Path(self.folder / "garbled.safetensors")
        garbled.write_bytes(GATE_WEIGHTS.read_bytes()[:-1])
        self.expect(WRONG_INPUT, self.build(GATE, "--weights", garbled, "-o", "x"), "error[E0701]", "garbled.safetensors")
        self.assertEqual(self.files(), ["garbled.safetensors"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
