"""d2nn train and d2nn eval: results, Ctrl-C and --resume, executables that train themselves, what is wrong with data and options."""

import json
import os
import signal
import struct
import subprocess
import unittest

import tensors
from command_line import HIGH_LOW, PROGRAM, TIMEOUT_SECONDS, WELL, WRONG_INPUT, WRONG_USE, CommandLineTest

INTERRUPTED = 130

PROGRAM_TEXT = """/// Two halves of a plane; Q may take the short way.
network plane {
  input x: f32[2];
  node stem { dense(8) -> relu }
  control Q { dense(actions) }
  node long { dense(32) -> relu -> dense(2) }
  node short { dense(2) }
  output scores: f32[2] join last;
  x -> stem -> long, short, Q;
  long, short -> scores;
  Q ~> far: long, near: short;
}
"""
SAMPLES = 256


class Train(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.program = self.write("plane.d2nn", PROGRAM_TEXT)
        points = [((i * 37 % 101) / 50 - 1, (i * 61 % 103) / 51 - 1) for i in range(SAMPLES)]
        tensors.write_npy(self.folder / "x.npy", [SAMPLES, 2], [c for p in points for c in p])
        tensors.write_npy(self.folder / "y.npy", [SAMPLES], [int(a + b > 0) for a, b in points], descr="<i4", code="i")
        self.data = ["--data", "npy:x.npy,y.npy"]

    def train(self, *words, epochs=20):
        return self.d2nn("train", self.program, *self.data, "--epochs", epochs, "--threads", 1, "-o", "w", *words)

    def test_a_training_learns_and_its_weights_are_evaluated(self):
        outcome = self.train("--json", epochs=40)
        self.assertEqual(outcome.status, WELL, outcome.err)
        report = json.loads(outcome.out)
        self.assertFalse(report["interrupted"])
        self.assertGreater(report["evaluation"]["metric"]["value"], 0.85)
        evaluated = json.loads(self.expect(WELL, self.d2nn("eval", self.program, *self.data, "--weights", "w", "--json")).out)
        self.assertGreater(evaluated["metric"]["value"], 0.85)
        self.assertEqual(evaluated["samples"], SAMPLES)  # a pair of files is taken whole
        self.assertEqual(sum(evaluated["actions"]["Q"].values()), evaluated["samples"])
        self.assertEqual(evaluated["mean_cost"], sum(p["samples"] * p["cost"] for p in evaluated["paths"]) / evaluated["samples"])
        text = self.expect(WELL, self.d2nn("eval", self.program, *self.data, "--weights", "w")).out
        self.assertIn(f"accuracy    {evaluated['metric']['value']:.4f}\n", text)

    def test_progress_is_plain_lines_where_there_is_no_terminal(self):
        outcome = self.train(epochs=3)
        lines = outcome.err.splitlines()
        self.assertRegex(lines[0], r"^training plane: \d+ samples, \d+ held out, \d+ steps in 3 epochs, 1 thread$")
        self.assertRegex(lines[1], r"^epoch 1: accuracy \d\.\d{4}  cost +\d+\.\d %  reward \d\.\d{4}  Q far \d+ % near \d+ %")
        self.assertNotIn("\r", outcome.err)
        self.assertNotIn("\x1b", outcome.err)
        self.assertEqual(self.train("--quiet", "--json", epochs=3).err, "")

    def test_the_same_seed_gives_the_same_weights(self):
        written = []
        for seed in (7, 7, 8):
            self.assertEqual(self.train("--seed", seed, epochs=4).status, WELL)
            written.append((self.folder / "w").read_bytes())
        self.assertEqual(written[0], written[1])
        self.assertNotEqual(written[0], written[2])

    def test_ctrl_c_saves_a_checkpoint_and_resuming_ends_where_an_uninterrupted_run_does(self):
        epochs = 1500
        options = ["--epochs", str(epochs), "--threads", "1", "--eval-every", "10", "--checkpoint-every", "0"]
        whole = subprocess.run([PROGRAM, "train", str(self.program), *self.data, *options, "-o", "whole", "--quiet"], cwd=self.folder, check=False,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS)
        self.assertEqual(whole.returncode, WELL, whole.stderr)
        command = [PROGRAM, "train", str(self.program), *self.data, *options, "-o", "parts"]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as training:
            said = training.stderr.readline()  # "training plane: ..."
            said += training.stderr.readline()  # the first evaluation: well under way
            training.send_signal(signal.SIGINT)
            said += training.stderr.read()
            self.assertEqual(training.wait(timeout=TIMEOUT_SECONDS), INTERRUPTED, said)
        self.assertIn("interrupted after step", said)
        self.assertIn("--resume", said)
        self.assertIn("parts.checkpoint", said)
        self.assertNotIn("parts", self.files())
        resumed = self.d2nn("train", self.program, *self.data, *options, "-o", "parts", "--resume")
        self.assertEqual(resumed.status, WELL, resumed.err)
        self.assertIn("resumed after step", resumed.err)
        self.assertEqual((self.folder / "parts").read_bytes(), (self.folder / "whole").read_bytes())
        self.assertEqual([f for f in self.files() if f.startswith(".")], [])

    def test_a_checkpoint_of_another_training_is_refused(self):
        self.assertEqual(self.train(epochs=2).status, WELL)
        self.expect(WRONG_INPUT, self.train("--lambda", "0.75", "--resume", epochs=2), "w.checkpoint", "lambda")
        (self.folder / "w.checkpoint").write_bytes((self.folder / "w.checkpoint").read_bytes()[:-9])
        self.expect(WRONG_INPUT, self.train("--resume", epochs=2), "w.checkpoint")
        (self.folder / "w.checkpoint").unlink()
        self.expect(WRONG_INPUT, self.train("--resume", epochs=2), "w.checkpoint")

    def test_a_checkpoint_of_other_samples_is_refused_whatever_the_files_are_called(self):
        self.assertEqual(self.train(epochs=2).status, WELL)
        for name in ("x.npy", "y.npy"):
            (self.folder / f"moved_{name}").write_bytes((self.folder / name).read_bytes())
        self.data = ["--data", "npy:moved_x.npy,moved_y.npy"]
        self.assertEqual(self.train("--resume", epochs=2).status, WELL)
        shape, values = tensors.read_npy(self.folder / "x.npy")
        tensors.write_npy(self.folder / "moved_x.npy", shape, [*values[:-1], 9.0])
        self.expect(WRONG_INPUT, self.train("--resume", epochs=2), "`w.checkpoint` cannot be resumed", "other data", "256 samples [2]")

    def test_values_that_are_not_finite_are_named_with_their_place(self):
        self.assertEqual(self.train(epochs=1).status, WELL)
        shape, values = tensors.read_npy(self.folder / "x.npy")
        tensors.write_npy(self.folder / "bad.npy", shape, [*values[:401], float("nan"), *values[402:]])
        self.data = ["--data", "npy:bad.npy,y.npy"]
        said = self.expect(WRONG_INPUT, self.train(epochs=1), "`bad.npy` holds NaN in sample 200 at [1]").err
        self.assertNotIn("--lr", said)
        # A control node cannot decide for it: the sample of the file is named, not that of the batch.
        self.expect(WRONG_INPUT, self.d2nn("eval", self.program, *self.data, "--weights", "w", "--batch", 8), "`bad.npy` holds NaN in sample 200 at [1]")

    FOLDER_PROGRAM = """network folder {
  input image: f32[1, 4, 4];
  node N { flatten -> dense(3) }
  output scores: f32[3];
  image -> N -> scores;
}
"""

    def test_folders_as_people_have_them_are_read_with_the_classes_of_train(self):
        program = self.write("folder.d2nn", self.FOLDER_PROGRAM)
        # Scores: class 0 for black, 2 for white, 1 in between.
        tensors.write_safetensors(self.folder / "w3", {"N.dense1.weight": ([3, 16], [0] * 16 + [0.0625] * 16 + [0.125] * 16),
                                                       "N.dense1.bias": ([3], [0, -0.25, -1])})
        for split, name, grey in (("train", "ant", 0), ("train", "cat", 128), ("train", "dog", 255), ("test", "cat", 128), ("test", "dog", 255)):
            path = self.folder / "d" / split / name
            path.mkdir(parents=True)
            tensors.write_png(path / "0.PNG", 4, 4, lambda x, y, g=grey: (g, g, g))
        (self.folder / "d" / "test" / "ant").mkdir()
        (self.folder / "d" / "test" / "__MACOSX" / "cat").mkdir(parents=True)
        (self.folder / "d" / "test" / "__MACOSX" / "cat" / "._0.PNG").write_bytes(b"junk")
        (self.folder / "d" / "test" / "dog" / "1.webp").write_bytes(b"RIFF")
        evaluate = ["eval", program, "--weights", "w3", "--data", "images:d"]
        outcome = self.d2nn(*evaluate)
        self.assertEqual(outcome.status, WELL, outcome.err)
        self.assertIn("samples     2\naccuracy    1.0000\n", outcome.out)
        self.assertEqual(outcome.err, "warning: `d`: left out 1 file named neither JPEG nor PNG: `test/dog/1.webp`; convert images of other kinds to JPEG or PNG\n")
        (self.folder / "d" / "train" / "eel").mkdir()
        self.expect(WRONG_INPUT, self.d2nn(*evaluate), "`d` has 4 classes, the network tells 3 apart")
        (self.folder / "d" / "train" / "eel").rmdir()
        for split in ("train", "test"):
            for path in (self.folder / "d" / split / "ant").iterdir():
                path.unlink()
            (self.folder / "d" / split / "ant").rmdir()
        outcome = self.d2nn(*evaluate)
        self.assertEqual(outcome.status, WELL, outcome.err)
        self.assertIn("of 2 classes (0 cat, 1 dog), where the network tells 3 apart", outcome.err)

    def test_an_executable_trains_itself(self):
        self.expect(WELL, self.d2nn("build", self.program, "--train", "-o", "plane"))
        options = [*self.data, "--epochs", "4", "--threads", "1"]
        alone = self.call(self.folder / "plane", "train", *options, "-o", "alone")
        self.assertEqual(alone.status, WELL, alone.err)
        self.assertEqual(self.train(epochs=4).status, WELL)
        self.assertEqual((self.folder / "alone").read_bytes(), (self.folder / "w").read_bytes())

    TRAINING = """  train {
    loss scores: q_learning(weight: 1 / 2);
    metric: f1(positive: 1);
    reward: lambda * metric + (1 - lambda) * efficiency_weight * efficiency;
    lambda: 0.9; efficiency: linear; efficiency_weight: 0.1; explore: all; epsilon: [1, 0.1]; bag: 4; batch: 6; epochs: 4; seed: 3;
    optimizer: sgd; lr: 1 / 100; lr_schedule: constant; stages: [1, 2, 1]; control_weight: 0.5; holdout: 0.2; eval_every: 2;
  }
}
"""
    AS_OPTIONS = ["--loss", "scores=q_learning:0.5", "--metric", "f1:1", "--lambda", "0.9", "--efficiency", "linear", "--efficiency-weight", "0.1",
                  "--explore", "all", "--epsilon", "1:0.1", "--bag", "4", "--batch", "6", "--epochs", "4", "--seed", "3", "--optimizer", "sgd", "--lr", "0.01",
                  "--lr-schedule", "constant", "--stages", "1:2:1", "--control-weight", "0.5", "--holdout", "0.2", "--eval-every", "2"]

    def with_block(self, name, block=TRAINING):
        return self.write(name, PROGRAM_TEXT.rstrip().removesuffix("}") + block)

    def trained(self, program, *words, status=WELL):
        """The weights and the report of a training with nothing but these options."""
        outcome = self.expect(status, self.d2nn("train", program, *self.data, "--threads", 1, "-o", "w", "--quiet", "--json", *words))
        return (self.folder / "w").read_bytes(), json.loads(outcome.out)

    def test_a_program_with_a_train_block_trains_as_the_options_do_bit_for_bit(self):
        program = self.with_block("block.d2nn")
        by_options, options_report = self.trained(self.program, *self.AS_OPTIONS)
        by_block, block_report = self.trained(program)
        self.assertEqual(by_block, by_options)
        self.assertEqual(block_report["options"], options_report["options"])
        self.assertEqual(block_report["reward_expression"], options_report["reward_expression"])
        self.assertEqual(block_report["history"], options_report["history"])

    def test_the_command_line_stands_before_the_block(self):
        program = self.with_block("block.d2nn")
        changed, report = self.trained(program, "--lambda", "0.5", "--seed", "1", "--loss", "scores=cross_entropy")
        expected, _ = self.trained(self.program, *self.replaced(self.AS_OPTIONS, {"--lambda": "0.5", "--seed": "1", "--loss": "scores=cross_entropy"}))
        self.assertEqual(changed, expected)
        self.assertEqual((report["options"]["--lambda"], report["options"]["--seed"], report["options"]["--bag"]), ("0.5", "1", "4"))

    @staticmethod
    def replaced(options, values):
        pairs = dict(zip(options[::2], options[1::2]))
        return [word for pair in {**pairs, **values}.items() for word in pair]

    def test_an_executable_trains_itself_as_its_program_says(self):
        program = self.with_block("block.d2nn")
        self.expect(WELL, self.d2nn("build", program, "--train", "-o", "plane"))
        alone = self.call(self.folder / "plane", "train", *self.data, "--threads", "1", "-o", "alone", "--quiet", "--json")
        self.assertEqual(alone.status, WELL, alone.err)
        self.assertEqual((self.folder / "alone").read_bytes(), self.trained(program)[0])
        info = self.expect(WELL, self.call(self.folder / "plane", "info")).out
        self.assertIn("training\n  loss: scores=q_learning(counterfactual):0.5\n  metric: f1:1\n", info)
        self.assertIn("  reward: lambda * metric + (1 - lambda) * efficiency_weight * efficiency\n", info)
        described = json.loads(self.expect(WELL, self.call(self.folder / "plane", "info", "--json")).out)
        self.assertEqual(described["train"]["losses"], [{"output": "scores", "loss": "q_learning(counterfactual)", "weight": 0.5}])
        checked = json.loads(self.expect(WELL, self.d2nn("check", program, "--json")).out)
        self.assertEqual(checked["train"], described["train"])

    def test_evaluation_takes_metric_and_reward_from_the_program(self):
        program = self.with_block("block.d2nn", "  train { metric: f1(positive: 0); reward: 10 * f1 - cost / 1000; }\n}\n")
        self.trained(program, "--epochs", "2")
        def evaluated(*words):
            return json.loads(self.expect(WELL, self.d2nn("eval", program, *self.data, "--weights", "w", "--json", *words)).out)
        report = evaluated()
        self.assertEqual((report["metric"]["name"], report["metric"]["positive"], report["reward_expression"]), ("f1", 0, "10 * f1 - cost / 1000"))
        self.assertAlmostEqual(report["reward"], 10 * report["metric"]["value"] - report["mean_cost"] / 1000, places=12)
        self.assertEqual(evaluated("--metric", "accuracy")["metric"]["name"], "accuracy")
        self.expect(WRONG_USE, self.d2nn("eval", program, *self.data, "--weights", "w", "--lambda", "0.5"), "--lambda has no part in its reward")

    def test_a_changed_reward_is_no_resumption_and_one_that_is_not_finite_is_named(self):
        block = "  train {{ epochs: 2; reward: metric - {0}; }}\n}}\n"
        self.trained(self.with_block("block.d2nn", block.format("cost / 1000")))
        changed = self.with_block("block.d2nn", block.format("cost / 500"))
        self.expect(WRONG_INPUT, self.d2nn("train", changed, *self.data, "--threads", 1, "-o", "w", "--resume"),
                    "`reward: metric - cost / 1000;`", "`reward: metric - cost / 500;`")
        infinite = self.with_block("block.d2nn", block.format("1 / (cost - cost)"))
        self.expect(WRONG_INPUT, self.d2nn("train", infinite, *self.data, "--threads", 1, "-o", "w"), "the reward of bag 0 at step 0",
                    "`metric - 1 / (cost - cost)`")
        aside = self.trained(infinite, "--reward", "default")[1]
        self.assertEqual(aside["reward_expression"], "lambda * metric + (1 - lambda) * efficiency_weight * efficiency")

    def test_trained_weights_are_embedded_and_run(self):
        self.assertEqual(self.train(epochs=4).status, WELL)
        self.expect(WELL, self.d2nn("build", self.program, "--weights", "w", "-o", "plane"))
        self.assertEqual(self.call(self.folder / "plane", "run", "x.npy", "-o", "native.npy"), (WELL, "", ""))
        self.expect(WELL, self.d2nn("run", self.program, "--weights", "w", "x.npy", "-o", "process.npy"))
        self.assertEqual((self.folder / "native.npy").read_bytes(), (self.folder / "process.npy").read_bytes())

    def test_a_full_disk_is_an_error_and_the_old_checkpoint_stays(self):
        self.assertEqual(self.train(epochs=2).status, WELL)
        self.expect(WRONG_INPUT, self.train("--checkpoint", "/dev/full", epochs=2), "/dev/full", "No space left")
        self.expect(WRONG_INPUT, self.d2nn("train", self.program, *self.data, "--epochs", 2, "-o", "/dev/full", "--checkpoint", "c"),
                    "/dev/full", "No space left")
        self.expect(WRONG_INPUT, self.d2nn("train", self.program, *self.data, "--epochs", 2, "-o", "none/w"), "`none")

    def test_data_that_is_wrong_is_named(self):
        def refused(data, *fragments):
            self.expect(WRONG_INPUT, self.d2nn("train", self.program, "--data", data, "--epochs", 1, "-o", "w"), *fragments)
            self.assertNotIn("w", self.files())

        refused("stars", "`stars`", "shapes")
        refused("npy:x.npy", "two files are needed")
        refused("npy:none.npy,y.npy", "`none.npy`")
        tensors.write_npy(self.folder / "short.npy", [3], [0, 1, 0], descr="<i4", code="i")
        refused("npy:x.npy,short.npy", "256", "3")
        tensors.write_npy(self.folder / "five.npy", [SAMPLES], [5] * SAMPLES, descr="<i4", code="i")
        refused("npy:x.npy,five.npy", "5")
        refused("shapes", "shapes", "[2]")
        refused("images:none", "`none`")
        refused("mnist:none", "none")
        (self.folder / "images").write_bytes(struct.pack(">IIII", 0x803, 4, 28, 28))
        (self.folder / "labels").write_bytes(struct.pack(">II", 0x801, 4) + bytes(4))
        refused("idx:images,labels", "images")
        self.expect(WRONG_INPUT, self.d2nn("train", HIGH_LOW, *self.data, "-o", "w"), "`x.npy`", "[256, 2]")

    def test_evaluation_needs_weights_that_fit(self):
        evaluate = ["eval", self.program, *self.data]
        self.assertIn(self.d2nn(*evaluate).status, (WRONG_INPUT, WRONG_USE))
        self.expect(WRONG_INPUT, self.d2nn(*evaluate, "--weights", "none"), "`none`")
        self.expect(WRONG_INPUT, self.d2nn(*evaluate, "--weights", "x.npy"), "x.npy")

    def test_wrong_options_are_status_2(self):
        for words in (["--lambda", "7"], ["--lambda", "-1"], ["--epochs", "0"], ["--bag", "0"], ["--epsilon", "2:0"], ["--stages", "1:2"],
                      ["--metric", "f2"], ["--optimizer", "adagrad"], ["--loss", "scores=hinge"], ["--holdout", "1"], ["--bogus"]):
            with self.subTest(words):
                self.expect(WRONG_USE, self.train(*words), words[0])
        self.expect(WRONG_USE, self.d2nn("train", self.program, *self.data), "--output is required")
        self.expect(WRONG_USE, self.d2nn("train", self.program, "-o", "w"), "--data is required")
        self.assertNotIn("w", self.files())

    def test_the_bar_is_drawn_on_a_terminal(self):
        try:
            master, slave = os.openpty()
        except OSError as error:
            self.skipTest(f"there are no pseudo-terminals here: {error}")
        training = subprocess.run([PROGRAM, "train", str(self.program), *self.data, "--epochs", "5", "-o", "w"], cwd=self.folder, check=False,
                                  stdout=subprocess.DEVNULL, stderr=slave, timeout=TIMEOUT_SECONDS, env=dict(os.environ, NO_COLOR="1"))
        os.close(slave)
        said = os.read(master, 1 << 16).decode()
        os.close(master)
        self.assertEqual(training.returncode, WELL)
        self.assertRegex(said, r"\r\[#*\.*\] +\d+\.\d %  \d+ s left  (paths|joint|control)  loss \d")


if __name__ == "__main__":
    unittest.main(verbosity=2)
