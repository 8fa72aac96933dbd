"""Files of every command: an output that would overwrite an input, names that are not UTF-8, a full disk, a missing folder, files of
other formats; and words of the command line that are mistyped."""

import json
import os
import pickle
import subprocess
import unittest
import urllib.parse
import zipfile

import tensors
from command_line import PROGRAM, TIMEOUT_SECONDS, WELL, WRONG_INPUT, WRONG_USE, CommandLineTest

MODULE = """block head(n: int) { dense(n) }
"""
NET = """import "heads.d2nn";
network net {
  input x: f32[2];
  node stem { dense(8) -> relu }
  control Q { dense(actions) }
  node long { dense(32) -> relu -> heads.head(2) }
  node short { dense(2) }
  output a: f32[2] join last;
  output b: f32[8];
  x -> stem -> long, short, Q;
  long, short -> a;
  stem -> b;
  Q ~> far: long, near: short;
}
"""
# The same with one output, for training.
LEARNER = NET.replace("network net", "network learner").replace("  output b: f32[8];\n", "").replace("  stem -> b;\n", "")
SAMPLES = 40


class FilesTest(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.write("heads.d2nn", MODULE)
        self.write("net.d2nn", NET)
        self.write("learner.d2nn", LEARNER)
        self.expect(WELL, self.d2nn("build", "net.d2nn", "--emit", "obj", "-O", "0", "-o", "probe.o"))
        manifest = json.loads((self.folder / "probe.json").read_text())["networks"][0]
        content = {}
        for parameter in manifest["parameters"]:
            count = 1
            for dim in parameter["shape"]:
                count *= dim
            content[parameter["name"]] = (parameter["shape"], [((i * 7) % 11 - 5) / 16 for i in range(count)])
        tensors.write_safetensors(self.folder / "w.safetensors", content)
        points = [((i * 37 % 101) / 50 - 1, (i * 61 % 103) / 51 - 1) for i in range(SAMPLES)]
        tensors.write_npy(self.folder / "x.npy", [SAMPLES, 2], [c for p in points for c in p])
        tensors.write_npy(self.folder / "y.npy", [SAMPLES], [int(a + b > 0) for a, b in points], descr="<i4", code="i")
        for name in ("probe.o", "probe.h", "probe.json"):
            (self.folder / name).unlink()


class Overwriting(FilesTest):
    def contents(self):
        return {p: (self.folder / p).read_bytes() for p in self.files()}

    def keeps(self, *words, program=PROGRAM, fragments=()):
        """Refused with what both files are, and no file is changed or left behind."""
        before = self.contents()
        outcome = self.call(program, *words)
        with self.subTest(words):
            self.expect(WRONG_INPUT, outcome, "cannot write", *fragments)
            self.assertRegex(outcome.err, "would overwrite|would be the same file")
            self.assertEqual(self.contents(), before)

    def spellings(self, name):
        """The file by other names; the links are made."""
        os.symlink(name, self.folder / f"sym-{name}")
        os.link(self.folder / name, self.folder / f"hard-{name}")
        return [name, f"./{name}", str(self.folder / name), f"sym-{name}", f"hard-{name}"]

    def test_no_result_of_run_overwrites_what_the_run_reads(self):
        run = ["run", "net.d2nn", "x.npy", "--weights", "w.safetensors"]
        for name, role in (("net.d2nn", "the program"), ("heads.d2nn", "the imported module"), ("x.npy", "the data"),
                           ("w.safetensors", "the weights (`--weights`)")):
            for spelled in self.spellings(name):
                self.keeps(*run, "-o", "out.npy", "--trace", spelled, fragments=["the trace (`--trace`)", role])
        os.rename(self.folder / "x.npy", self.folder / "r.a.npy")
        self.keeps("run", "net.d2nn", "r.a.npy", "--weights", "w.safetensors", "-o", "r.npy", fragments=["the results of `a` (`-o`)", "the data"])
        self.keeps("run", "net.d2nn", "r.a.npy", "--weights", "w.safetensors", "-o", "s.npy", "--trace", "./s.b.npy",
                   fragments=["the results of `b` (`-o`) and the trace (`--trace`) would be the same file"])
        self.keeps("run", "net.d2nn", "r.a.npy", "--weights", "w.safetensors", "-o", "s.npy", "--trace", PROGRAM, fragments=["the running program"])

    def test_devices_are_not_overwritten(self):
        outcome = self.d2nn("run", "learner.d2nn", "x.npy", "--weights", self.learned(), "-o", "/dev/null", "--trace", "/dev/null")
        self.expect(WELL, outcome)

    def learned(self):
        self.assertEqual(self.d2nn("train", "learner.d2nn", "--data", "npy:x.npy,y.npy", "-o", "l.st", "--epochs", 1, "--quiet").status, WELL)
        return "l.st"

    def test_neither_weights_nor_checkpoints_of_a_training_overwrite_what_it_reads(self):
        start = self.learned()
        train = ["train", "learner.d2nn", "--data", "npy:x.npy,y.npy", "--epochs", 1, "--quiet", "--init", start]
        for name in ("learner.d2nn", "heads.d2nn", "x.npy", "y.npy", start):
            self.keeps(*train, "-o", f"./{name}")
            self.keeps(*train, "-o", "new.st", "--checkpoint", f"./{name}", fragments=["the checkpoint (`--checkpoint`)"])
        os.rename(self.folder / "x.npy", self.folder / "t.checkpoint")
        self.keeps("train", "learner.d2nn", "--data", "npy:t.checkpoint,y.npy", "--epochs", 1, "-o", "t", fragments=["`t.checkpoint`"])
        os.rename(self.folder / "t.checkpoint", self.folder / "x.npy")
        self.keeps(*train, "-o", "new.st", "--checkpoint", "./new.st", fragments=["would be the same file"])
        self.keeps(*train, "-o", "l.st.checkpoint", "--resume", "--checkpoint", "l.st.checkpoint", fragments=["would be the same file"])
        self.expect(WELL, self.d2nn("train", "learner.d2nn", "--data", "npy:x.npy,y.npy", "--epochs", 1, "--quiet", "-o", start, "--resume"))

    def test_images_in_a_folder_of_data_are_not_overwritten_and_other_files_may_be(self):
        program = NET.replace("f32[2];\n  node stem { dense", "f32[1, 4, 4];\n  node stem { dense", 1).replace(
            "  output b: f32[8];\n", "").replace("  stem -> b;\n", "")
        self.write("picture.d2nn", program)
        for label in ("cat", "dog"):
            (self.folder / "set" / label).mkdir(parents=True)
            for i in range(16):
                tensors.write_png(self.folder / "set" / label / f"{i}.png", 4, 4, lambda x, y: (9 * i + x, 5, 7))
        train = ["train", "picture.d2nn", "--data", "images:set", "--epochs", 1, "--quiet"]
        os.symlink("set/dog/1.png", self.folder / "elsewhere.png")
        for name in ("set/cat/0.png", "set/cat/../dog/3.png", "elsewhere.png"):
            self.keeps(*train, "-o", name, fragments=["the data (`--data`)"])
        self.expect(WELL, self.d2nn(*train, "-o", "set/w.st"))
        again = self.d2nn(*train, "-o", "set/w.st")
        self.assertEqual(again.status, WELL)
        self.assertIn("left out 2 files named neither JPEG nor PNG: `w.st`, `w.st.checkpoint`", again.err)

    def test_neither_a_build_nor_its_header_or_manifest_overwrites_what_it_reads(self):
        for kind in ("exe", "shared", "static", "obj", "llvm", "asm"):
            for name in ("net.d2nn", "heads.d2nn", "w.safetensors"):
                self.keeps("build", "net.d2nn", "--weights", "w.safetensors", "--emit", kind, "-o", f"./{name}")
        os.rename(self.folder / "w.safetensors", self.folder / "w.json")
        self.keeps("build", "net.d2nn", "--weights", "w.json", "--emit", "obj", "-o", "w.o", fragments=["the manifest beside it"])
        os.rename(self.folder / "net.d2nn", self.folder / "w.h")
        self.keeps("build", "w.h", "--emit", "static", "-o", "w.a", fragments=["the header beside it", "the program"])
        self.keeps("build", "learner.d2nn", "--emit", "static", "-o", "lib.h", fragments=["would be the same file", "`lib.o`"])

    def test_import_and_graph_keep_their_inputs(self):
        self.write("map.json", "{}")
        for name in ("w.safetensors", "net.d2nn", "heads.d2nn", "map.json"):
            self.keeps("import", "net.d2nn", "--from", "w.safetensors", "--map", "map.json", "-o", f"./{name}")
        run = ["run", "net.d2nn", "x.npy", "--weights", "w.safetensors", "-o", "y2.npy", "--trace", "t.svg"]
        self.expect(WELL, self.d2nn(*run))
        self.keeps("graph", "net.d2nn", "--trace", "t.svg", "-o", "./t.svg", fragments=["the drawing (`-o`)", "the trace (`--trace`)"])
        os.rename(self.folder / "net.d2nn", self.folder / "n.dot")
        self.keeps("graph", "n.dot", "-o", "n.dot", fragments=["the program"])

    def test_a_program_on_standard_input_is_kept_too(self):
        before = (self.folder / "net.d2nn").read_bytes()
        with (self.folder / "net.d2nn").open("rb") as program:
            done = subprocess.run([PROGRAM, "build", "-", "--emit", "llvm", "-o", "net.d2nn"], cwd=self.folder, stdin=program, check=False,
                                  capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, WRONG_INPUT, done.stderr)
        self.assertEqual((self.folder / "net.d2nn").read_bytes(), before)

    def test_executables_keep_their_inputs_and_themselves(self):
        start = self.learned()
        self.expect(WELL, self.d2nn("build", "learner.d2nn", "--weights", start, "--train", "-o", "learner"))
        net = self.folder / "learner"
        for name in ("x.npy", "learner", start):
            self.keeps("run", "x.npy", "--weights", start, "-o", f"./{name}", program=net)
            self.keeps("train", "--data", "npy:x.npy,y.npy", "--init", start, "--epochs", 1, "-o", f"./{name}", program=net)


class Names(FilesTest):
    """File names are bytes."""

    def bytes_of(self, *words, status=WELL):
        encoded = [os.fsencode(PROGRAM)] + [w if isinstance(w, bytes) else str(w).encode() for w in words]
        done = subprocess.run(encoded, cwd=self.folder, check=False, capture_output=True, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
        return done.stdout

    def setUp(self):
        super().setUp()
        self.odd = os.fsencode(self.folder) + b"/b\xff"
        os.mkdir(self.odd)
        for name in (b"heads.d2nn", b"learner.d2nn", b"x.npy", b"y.npy"):
            os.rename(os.fsencode(self.folder) + b"/" + name, self.odd + b"/" + name)

    def back(self, json_object, key):
        """The bytes of a name: from its encoding where it has one."""
        return urllib.parse.unquote_to_bytes(json_object[key + "_encoded"]) if key + "_encoded" in json_object else json_object[key].encode()

    def test_check_json_carries_every_name(self):
        checked = json.loads(self.bytes_of("check", "--json", b"b\xff/learner.d2nn"))
        self.assertEqual(self.back(checked, "file"), b"b\xff/learner.d2nn")
        self.assertEqual(checked["file"], "b\ufffd/learner.d2nn")
        with open(self.odd + b"/heads.d2nn", "w", encoding="utf-8") as module:
            module.write("block head(n: int) { dens(n) }\n")
        checked = json.loads(self.bytes_of("check", "--json", b"b\xff/learner.d2nn", status=WRONG_INPUT))
        self.assertEqual(self.back(checked["diagnostics"][0]["place"], "file"), b"b\xff/heads.d2nn")
        self.write("plain.d2nn", "network n { input x: f32[2]; output y: f32[2]; x -> y; }\n")
        self.assertNotIn("file_encoded", json.loads(self.bytes_of("check", "--json", "plain.d2nn")))

    def test_manifests_carry_every_name(self):
        self.bytes_of("build", b"b\xff/learner.d2nn", "--emit", "static", "-o", b"b\xff/lib\xfe.a")
        self.assertEqual(sorted(n for n in os.listdir(self.odd) if n.startswith(b"lib")), [b"lib\xfe.a", b"lib\xfe.h", b"lib\xfe.json"])
        with open(self.odd + b"/lib\xfe.json", encoding="utf-8") as text:
            manifest = json.load(text)
        self.assertEqual(self.back(manifest, "artefact"), b"lib\xfe.a")
        self.assertEqual(self.back(manifest, "header"), b"lib\xfe.h")

    def test_a_training_with_such_names_is_resumed(self):
        train = ["train", b"b\xff/learner.d2nn", "--data", b"npy:b\xff/x.npy,b\xff/y.npy", "--epochs", 2, "--quiet", "--threads", 1, "--json"]
        first = json.loads(self.bytes_of(*train, "-o", b"b\xff/w\xfe.st"))
        self.assertEqual(self.back(first, "checkpoint"), b"b\xff/w\xfe.st.checkpoint")
        again = json.loads(self.bytes_of(*train, "-o", b"b\xff/w\xfe.st", "--resume"))
        self.assertEqual(again["steps"], first["steps"])
        # A name that the checkpoint records; another one is another training.
        started = train + ["--init", b"b\xff/w\xfe.st", "-o", "second.st"]
        self.assertEqual(self.back(json.loads(self.bytes_of(*started))["options"], "--init"), b"b\xff/w\xfe.st")
        self.bytes_of(*started, "--resume")
        os.rename(self.odd + b"/w\xfe.st", self.odd + b"/w\xfd.st")
        self.bytes_of(*train, "--init", b"b\xff/w\xfd.st", "-o", "second.st", "--resume", status=WRONG_INPUT)
        evaluated = json.loads(self.bytes_of("eval", b"b\xff/learner.d2nn", "--data", b"npy:b\xff/x.npy,b\xff/y.npy", "--weights", "second.st", "--json"))
        self.assertIn(b"b\xff/x.npy", self.back(evaluated, "data"))


class Trouble(FilesTest):
    def linked_by(self, script, *words):
        """Builds an executable with this script as the system's C compiler."""
        (self.folder / "bin").mkdir(exist_ok=True)
        compiler = self.folder / "bin" / "cc"
        compiler.write_text("#!/bin/sh\n" + script)
        compiler.chmod(0o755)
        environment = dict(os.environ, PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}")
        done = subprocess.run([PROGRAM, "build", "learner.d2nn", "-o", "learner", *words], cwd=self.folder, check=False, capture_output=True,
                              text=True, env=environment, timeout=TIMEOUT_SECONDS)
        self.assertEqual(done.returncode, WRONG_INPUT, done.stderr)
        self.assertFalse([n for n in os.listdir(self.folder) if n.startswith((".d2nn", "learner")) and n != "learner.d2nn"])
        return done.stderr

    def test_a_full_disk_at_link_time_is_named_with_the_way_out(self):
        for words in ([], ["--emit", "shared"]):
            message = self.linked_by("echo 'ld: final link failed: No space left on device' >&2; exit 1\n", *words)
            self.assertIn("cannot write `learner`: No space left on device;", message)
            self.assertIn("on another disk", message)
        self.assertIn("failed: undefined reference", self.linked_by("echo 'undefined reference to x' >&2; exit 1\n"))

    def test_a_missing_folder_of_an_output_is_named_before_anything_runs(self):
        commands = [["run", "net.d2nn", "x.npy", "--weights", "w.safetensors", "-o", "none/y.npy"],
                    ["run", "net.d2nn", "x.npy", "--weights", "w.safetensors", "-o", "y.npy", "--trace", "none/t"],
                    ["train", "learner.d2nn", "--data", "npy:none.npy,y.npy", "-o", "none/w"],
                    ["import", "net.d2nn", "--from", "w.safetensors", "-o", "none/w"], ["graph", "net.d2nn", "-o", "none/g.dot"]]
        commands += [["build", "net.d2nn", "--emit", kind, "-o", "none/n"] for kind in ("exe", "shared", "static", "obj", "llvm", "asm")]
        for words in commands:
            with self.subTest(words):
                self.expect(WRONG_INPUT, self.d2nn(*words), "the folder `none` does not exist; make it first, with `mkdir -p none`")

    def test_files_that_are_no_safetensors_are_told_apart(self):
        def refused(name, content, *fragments):
            (self.folder / name).write_bytes(content)
            for words in (["import", "net.d2nn", "--from", name, "-o", "out"], ["run", "net.d2nn", "x.npy", "--weights", name, "-o", "out"]):
                with self.subTest(words):
                    self.expect(WRONG_INPUT, self.d2nn(*words), f"`{name}`", *fragments)

        with zipfile.ZipFile(self.folder / "zip", "w") as archive:
            archive.writestr("model/data.pkl", pickle.dumps({}))
        refused("m.pt", (self.folder / "zip").read_bytes(), "torch.save", "save_file(torch.load(\"m.pt\"")
        refused("old.pt", pickle.dumps({"w": list(range(100))}, protocol=2), "pickle", "save_file(torch.load")
        with zipfile.ZipFile(self.folder / "zip", "w") as archive:
            archive.writestr("w.npy", b"\x93NUMPY")
        refused("w.npz", (self.folder / "zip").read_bytes(), "npz", "numpy.load(\"w.npz\")")
        refused("w.npy", (self.folder / "x.npy").read_bytes(), "is an npy file")
        refused("w.h5", b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5")
        refused("lfs", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull")
        refused("page", b"<!DOCTYPE html><html></html>", "web page")

    def test_half_precision_weights_are_sent_to_import(self):
        manifest = tensors.read_safetensors(self.folder / "w.safetensors")
        for kind in ("F16", "BF16", "F64"):
            tensors.write_safetensors(self.folder / "half", {name: (*value[:2], kind) for name, value in manifest.items()})
            self.expect(WRONG_INPUT, self.d2nn("run", "net.d2nn", "x.npy", "--weights", "half", "-o", "out"), f"`{kind}`",
                        "`d2nn import NET.d2nn --from half -o w.safetensors` converts it")
            self.expect(WELL, self.d2nn("import", "net.d2nn", "--from", "half", "-o", "whole"))
            self.expect(WELL, self.d2nn("run", "net.d2nn", "x.npy", "--weights", "whole", "-o", "out.npy"))


class Words(FilesTest):
    def test_mistyped_commands_and_options_are_corrected(self):
        for words, wanted in ((["biuld", "net.d2nn"], "`biuld` is no command; did you mean `build`?"),
                              (["trian"], "did you mean `train`?"),
                              (["--verison"], "`--verison` is no option; did you mean `--version`?"),
                              (["run", "net.d2nn", "x.npy", "--wieghts", "w", "-o", "y"], "`--wieghts` is no option of `run`; did you mean `--weights`?"),
                              (["build", "net.d2nn", "--ouptut", "net"], "did you mean `--output`?"),
                              (["build", "net.d2nn", "-o", "net", "--emitt=obj"], "`--emitt` is no option of `build`; did you mean `--emit`?"),
                              (["train", "learner.d2nn", "--dat", "npy:x.npy,y.npy", "-o", "w"], "did you mean `--data`?"),
                              (["eval", "learner.d2nn", "--data", "shapes", "--max-cots", "5"], "did you mean `--max-cost`?")):
            with self.subTest(words):
                self.expect(WRONG_USE, self.d2nn(*words), wanted)
        unlike = self.expect(WRONG_USE, self.d2nn("check", "net.d2nn", "--zzzzzz"), "`--zzzzzz` is no option of `check`")
        self.assertNotIn("did you mean", unlike.err)

    def test_executables_correct_words_too(self):
        self.expect(WELL, self.d2nn("build", "learner.d2nn", "--train", "-o", "learner"))
        net = self.folder / "learner"
        self.expect(WRONG_USE, self.call(net, "rnu"), "`rnu` is no command; did you mean `run`?")
        self.expect(WRONG_USE, self.call(net, "run", "x.npy", "--ouput", "y.npy"), "did you mean `--output`?")
        self.expect(WRONG_USE, self.call(net, "train", "--data", "npy:x.npy,y.npy", "-o", "w", "--epoch", "1"), "did you mean `--epochs`?")

    def test_numbers_out_of_range_are_refused_in_training_and_evaluation(self):
        train = ["train", "learner.d2nn", "--data", "npy:x.npy,y.npy", "-o", "w", "--epochs", 1]
        for option, values in (("--lr", ["0", "-0", "-1", "nan", "inf", "1001"]), ("--lambda", ["nan", "-0.1", "1.1"]), ("--momentum", ["1", "-1", "nan"]),
                               ("--weight-decay", ["-1", "nan", "inf"]), ("--holdout", ["1", "-0.5", "nan"]), ("--efficiency-weight", ["-1", "nan"]),
                               ("--control-weight", ["-1", "nan", "inf"]), ("--epsilon", ["nan:0", "0.5:0.6", "1:-1"]), ("--bag", ["0", "-1", "nan"]),
                               ("--batch", ["0", "-8"]), ("--epochs", ["0", "-1", "nan"]), ("--pretrain", ["-1", "nan"]), ("--stages", ["nan:1:1", "0:0:0"]),
                               ("--eval-every", ["0", "-1"]), ("--checkpoint-every", ["-1"]), ("--threads", ["-1", "5000"]), ("--seed", ["-1", "nan"]),
                               ("--loss", ["a=cross_entropy:nan", "a=cross_entropy:-1"])):
            for value in values:
                with self.subTest(option, value=value):
                    self.expect(WRONG_USE, self.d2nn(*train, f"{option}={value}"), option)
                    self.assertNotIn("w", self.files())
        for option, values in (("--lambda", ["nan", "2", "-1"]), ("--batch", ["0"]), ("--threads", ["-1"]), ("--max-cost", ["0"]), ("--seed", ["-1"])):
            for value in values:
                with self.subTest(option, value=value):
                    self.expect(WRONG_USE, self.d2nn("eval", "learner.d2nn", "--data", "npy:x.npy,y.npy", f"{option}={value}"), option)

    def test_eval_with_a_fixed_decision_judges_costs_by_the_whole_network(self):
        self.assertEqual(self.d2nn("train", "learner.d2nn", "--data", "npy:x.npy,y.npy", "-o", "l.st", "--epochs", 1, "--quiet").status, WELL)
        evaluate = ["eval", "learner.d2nn", "--data", "npy:x.npy,y.npy", "--weights", "l.st"]
        whole = json.loads(self.expect(WELL, self.d2nn(*evaluate, "--json")).out)
        shares = {}
        for action in ("far", "near"):
            fixed = json.loads(self.expect(WELL, self.d2nn(*evaluate, "--json", "--fix", f"Q={action}")).out)
            self.assertEqual((fixed["least_cost"], fixed["greatest_cost"]), (whole["least_cost"], whole["greatest_cost"]))
            self.assertEqual(len(fixed["paths"]), 1)
            shares[action] = 100 * fixed["mean_cost"] / whole["greatest_cost"]
            text = self.expect(WELL, self.d2nn(*evaluate, "--fix", f"Q={action}")).out
            self.assertIn(f"{shares[action]:.1f} % of the greatest path", text)
        self.assertEqual(shares["far"], 100)
        self.assertLess(shares["near"], 50)


if __name__ == "__main__":
    unittest.main()
