#!/usr/bin/env python3
"""tools/demo, after d2nn is built: one network from program text to a trained native executable.

Checks examples/high_low, draws it, trains it, compiles it with its weights, runs the executable on images that the training never
saw, and compares accuracy and cost with the two static sub-networks, trained with the same options. Only d2nn's own commands do the
work; every one is printed before it runs. All that is made stands in build/demo.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = ROOT / "build" / "release" / "bin"
OUT = pathlib.Path("build") / "demo"
PROGRAMS = pathlib.Path("examples") / "high_low"
# Samples shown to the network in training: epochs follow from it, so that data sets of any size take about the same time.
SAMPLE_BUDGET = 320_000


def title(text):
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else f"\n{text}", flush=True)


def show(words):
    print("$ " + shlex.join(str(w) for w in words), flush=True)


def call(words, quiet=False, capture=False):
    """Runs a command that must succeed; its standard output when captured."""
    if not quiet:
        show(words)
    environment = dict(os.environ, PATH=f"{TOOLS}{os.pathsep}{os.environ.get('PATH', '')}")
    done = subprocess.run([str(w) for w in words], cwd=ROOT, env=environment, stdout=subprocess.PIPE if capture else None, text=True, check=False)
    if done.returncode != 0:
        print(f"tools/demo: stopped, `{words[0]}` ended with status {done.returncode}", file=sys.stderr)
        sys.exit(done.returncode if done.returncode > 0 else 1)
    return done.stdout


def grouped(number):
    return f"{round(number):,}"


class Demo:
    def __init__(self, options):
        kind, _, place = options.data.partition(":")
        self.data = f"{kind}:{pathlib.Path(options.folder, place)}" if kind == "images" else options.data
        # Images of another size are scaled; generated ones have the right size.
        self.resize = ["--resize"] if self.data.startswith("images:") else []
        described = json.loads(call(["d2nn_samples", "--data", self.data, "--describe"] + self.resize, quiet=True, capture=True))
        self.classes = described["classes"]
        self.definitions = [] if len(self.classes) == 2 else [f"-Dclasses={len(self.classes)}"]
        epochs = options.epochs or max(3, round(SAMPLE_BUDGET / described["samples"]))
        self.metric = ["--metric", options.metric]
        # Twenty evaluations or so: each prints a line.
        self.train_options = ["--lambda", f"{options.reward_lambda:g}", "--epochs", str(epochs), "--eval-every", str(max(1, epochs // 20)),
                              "--explore", "all"] + self.metric
        self.evaluations = {}
        self.seconds = {}

    def program(self, name):
        return PROGRAMS / f"{name}.d2nn"

    def weights(self, name):
        return OUT / f"{name}.safetensors"

    def test_data(self):
        """Generated pictures: a quarter as many as to train on."""
        kind, _, count = self.data.partition(":")
        return f"shapes:{max(16, int(count) // 4)}" if kind == "shapes" and count else self.data

    def check_and_draw(self):
        title("1. The program: how many paths, what each costs")
        call(["d2nn", "check", "--paths", self.program("high_low")] + self.definitions)
        title("2. Drawn")
        drawing = OUT / "high_low.svg"
        call(["d2nn", "graph", self.program("high_low")] + self.definitions + ["-o", drawing])
        print(f"open {drawing}")

    def train(self, name):
        began = time.monotonic()
        options = [o for o in self.train_options] if name == "high_low" else self.static_options()
        call(["d2nn", "train", self.program(name)] + self.definitions + ["--data", self.data] + self.resize + options + ["-o", self.weights(name)])
        self.seconds[name] = time.monotonic() - began

    def static_options(self):
        """The options of high_low less those about actions, of which a static network has none."""
        explore = self.train_options.index("--explore")
        return self.train_options[:explore] + self.train_options[explore + 2:]

    def compile(self):
        title("4. Compiled with its weights to a native executable")
        executable = OUT / "high_low"
        began = time.monotonic()
        call(["d2nn", "build", self.program("high_low")] + self.definitions + ["--weights", self.weights("high_low"), "-o", executable])
        seconds = time.monotonic() - began
        size = (ROOT / executable).stat().st_size
        print(f"{executable}: {size / 1e6:.1f} MB, compiled in {seconds:.1f} s; it needs nothing of d2nn any more")
        return executable

    def run_on_images(self, executable):
        title("5. The executable on images that the training never saw")
        folder = OUT / "images"
        shutil.rmtree(ROOT / folder, ignore_errors=True)
        per_class = max(1, 10 // len(self.classes))
        listed = call(["d2nn_samples", "--data", self.data, "-o", folder, "--per-class", str(per_class)] + self.resize, quiet=True, capture=True)
        samples = [line.split("\t") for line in listed.splitlines()]
        samples.sort(key=lambda sample: (int(sample[1]), sample[0]))
        print(f"$ ./{executable} run {folder}/*/*.png", flush=True)
        began = time.monotonic()
        printed = call([f"./{executable}", "run"] + [sample[0] for sample in samples], quiet=True, capture=True)
        seconds = time.monotonic() - began
        answers = self.parse(printed)
        width = max(len(sample[0]) for sample in samples)
        class_width = max(6, max(len(name) for name in self.classes))
        print(f"{'image':{width}}  {'answer':{class_width}}  {'':5}  {'path':8}  multiplications")
        for path, label, _ in samples:
            answer, taken, cost = answers[path]
            verdict = "right" if answer == int(label) else "wrong"
            print(f"{path:{width}}  {self.classes[answer]:{class_width}}  {verdict:5}  {taken:8}  {cost:>15}")
        print(f"{len(samples)} images, start of the program and decoding included: {1000 * seconds:.0f} ms")

    @staticmethod
    def parse(printed):
        """{image: (class, path, multiplications)} of what `./net run IMAGE...` prints."""
        answers, image, facts = {}, None, {}
        for line in printed.splitlines():
            if not line.startswith(" "):
                image, facts = line, {}
                continue
            key, value = line.strip().split(": ", 1)
            facts[key] = value
            if key == "multiplications":
                answers[image] = (int(re.match(r"\d+", facts["scores"]).group()), facts["path"], value)
        return answers

    def compare(self):
        title("6. Accuracy against cost: high_low and its two paths as static networks, trained with the same options")
        for name in ("static_low", "static_high"):
            self.train(name)
        for name in ("static_low", "high_low", "static_high"):
            words = ["d2nn", "eval", self.program(name)] + self.definitions + ["--weights", self.weights(name), "--data", self.test_data()]
            self.evaluations[name] = json.loads(call(words + self.resize + self.metric + ["--json"], capture=True))

    def print_table(self):
        metric = self.evaluations["high_low"]["metric"]["name"]
        dearest = self.evaluations["static_high"]["mean_cost"]
        samples = self.evaluations["high_low"]["samples"]
        print(f"\n{samples:,} images that no training saw\n")
        print(f"{'network':12}  {metric:>8}  {'multiplications':>15}  {'relative':>8}  {'on path high':>12}  {'trained in':>10}")
        for name, found in self.evaluations.items():
            high = "-"
            if "Q" in found["actions"]:
                high = f"{100 * found['actions']['Q']['high'] / found['samples']:.0f} %"
            print(f"{name:12}  {found['metric']['value']:8.4f}  {grouped(found['mean_cost']):>15}  {100 * found['mean_cost'] / dearest:6.0f} %"
                  f"  {high:>12}  {self.seconds[name]:8.0f} s")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tools/demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="shapes:16384", metavar="SPEC",
                        help="shapes:16384 (default: so many pictures drawn on the fly, needs no files), or images:DIR: a folder per class, or a .tar of it")
    parser.add_argument("--lambda", dest="reward_lambda", type=float, default=0.9, metavar="L",
                        help="reward = L * metric + (1 - L) * efficiency (default %(default)s)")
    parser.add_argument("--metric", default="accuracy", metavar="M", help="accuracy (default) or f1[:CLASS]")
    parser.add_argument("--epochs", type=int, default=0, metavar="N", help=f"default: about {SAMPLE_BUDGET:,} samples")
    parser.add_argument("--from", dest="folder", default=".", help=argparse.SUPPRESS)  # where paths of the caller begin
    return parser.parse_args()


def main():
    options = parse_arguments()
    began = time.monotonic()
    (ROOT / OUT).mkdir(parents=True, exist_ok=True)
    demo = Demo(options)
    demo.check_and_draw()
    title(f"3. Trained on {demo.data} ({', '.join(demo.classes)}): Q learns which images deserve the expensive path")
    demo.train("high_low")
    executable = demo.compile()
    demo.run_on_images(executable)
    demo.compare()
    demo.print_table()
    print(f"\nall of it in {time.monotonic() - began:.0f} s; what was made stands in {OUT}: high_low.svg, high_low (the executable), *.safetensors")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
