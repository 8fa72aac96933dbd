"""Compares the compiled high_low with a hand-written oneDNN program and with PyTorch eager; started by tools/bench/run.

The contestants take turns (contest.py). Before anything is timed, all must compute the same numbers."""

import argparse
import json
import os
import pathlib
import random
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "2")

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from contest import Local, Remote, Worker, summary, take_turns, time_text
from problem import BATCH, loss_of, make_problem

TOLERANCE = 1e-4


class TorchInference(Local):
    def __init__(self, model, images):
        super().__init__(1)
        self.model, self.images = model, images

    def run(self):
        with torch.inference_mode():
            return self.model(self.images)

    def result(self):
        return self.run()[0].reshape(-1)


class TorchTraining(Local):
    def __init__(self, model, images, labels, threads):
        super().__init__(threads)
        self.model, self.images, self.labels = model, images, labels
        self.optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)

    def run(self):
        self.optimizer.zero_grad()
        loss_of(*self.model(self.images), self.labels).backward()
        self.optimizer.step()

    def result(self):
        self.optimizer.zero_grad()
        loss_of(*self.model(self.images), self.labels).backward()
        by_name = self.model.parameters_by_name()
        self.gradients = {name: by_name[name].grad.reshape(-1).clone() for name in by_name}
        return self.gradients


def check_inference(case, contestants):
    expected = contestants["PyTorch"].result()
    for name, contestant in contestants.items():
        error = (contestant.result() - expected).abs().max().item()
        if not error <= TOLERANCE:
            raise SystemExit(f"{case}: {name} differs from PyTorch by {error:.3g}")


def check_training(case, contestants):
    """Every gradient, relative to the largest of its tensor."""
    expected = contestants["PyTorch"].result()
    compiled = contestants["d2nn"]
    found = compiled.result()
    begin = 0
    for name in compiled.description.split():
        gradient = expected[name]
        part = found[begin:begin + gradient.numel()]
        begin += gradient.numel()
        error = ((part - gradient).abs().max() / gradient.abs().max()).item()
        if not error <= TOLERANCE:
            raise SystemExit(f"{case}: the gradient of {name} differs from PyTorch's by {error:.3g} of its largest")
    if begin != found.numel():
        raise SystemExit(f"{case}: {found.numel()} gradients instead of {begin}")


def cpu_times():
    with open("/proc/stat") as stream:
        fields = [int(x) for x in stream.readline().split()[1:9]]
    busy = sum(fields) - fields[3] - fields[4]
    return sum(fields), busy, fields[7]


def own_cpu_ticks(worker):
    with open(f"/proc/{worker.process.pid}/stat") as stream:
        fields = stream.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12]) + time.process_time() * os.sysconf("SC_CLK_TCK")


def measure(cases, rounds, seconds):
    """{case: its summary}"""
    order = random.Random(1)
    samples = {case: {name: [] for name in contestants} for case, contestants in cases.items()}
    for round_number in range(rounds):
        for case in order.sample(list(cases), len(cases)):
            take_turns(cases[case], round_number, seconds, samples[case])
    return {case: summary(by_name) for case, by_name in samples.items()}


def print_table(title, result):
    print(f"\n{title}\n")
    print("| case | contestant | wall, median | CPU, median | wall, least | wall / d2nn | CPU / d2nn |")
    print("|---|---|---|---|---|---|---|")
    for case, by_name in result.items():
        for name, r in by_name.items():
            print(f"| {case} | {name} | {time_text(r['wall_us'])} | {time_text(r['cpu_us'])} | "
                  f"{time_text(r['least_wall_us'])} | {r['wall_ratio']:.2f} | {r['cpu_ratio']:.2f} |")


def run_all(args, folder):
    torch.set_num_threads(1)
    images, labels, models = make_problem(folder)
    worker = Worker(args.contestants, folder)
    inference, notes = {}, {}
    for case, batch in (("low", 1), ("high", 1), ("low", BATCH), ("high", BATCH), ("mixed", BATCH)):
        title = f"batch {batch}, {case}"
        inference[title] = {
            "d2nn": Remote(worker, folder, "compiled", case, batch, 1),
            "oneDNN by hand": Remote(worker, folder, "limit", case, batch, 1),
            "PyTorch": TorchInference(models[case], images[:batch]),
        }
        notes[title] = inference[title]["oneDNN by hand"].description
        check_inference(title, inference[title])
    training = []
    for threads in (1, 2):
        title = f"batch {BATCH}, mixed, {threads} thread{'s' if threads > 1 else ''}"
        contestants = {
            "d2nn": Remote(worker, folder, "train", "mixed", BATCH, threads),
            "PyTorch": TorchTraining(models["mixed"], images, labels, threads),
        }
        check_training(title, contestants)
        training.append({title: contestants})

    print(f"checked: the contestants agree to {TOLERANCE:g}")
    load = os.getloadavg()
    total, busy, steal = cpu_times()
    own = own_cpu_ticks(worker)
    result = measure(inference, args.rounds, args.seconds)
    # Threads that wait between two-thread steps may spin: these cases come last, alone.
    trained = {}
    for cases in training:
        trained |= measure(cases, args.rounds, 5 * args.seconds)
    after = cpu_times()
    elapsed = after[0] - total
    others = (after[1] - busy) - (own_cpu_ticks(worker) - own)
    print_table("Inference, one thread", result)
    print("\nLayouts of the program by hand:")
    for title, description in notes.items():
        print(f"  {title}: {description}")
    print_table("Training step: forward, loss, backward, SGD", trained)
    cpus = os.cpu_count()
    print(f"\nload average before {load[0]:.2f}, after {os.getloadavg()[0]:.2f}; of {cpus} CPUs others used "
          f"{cpus * others / elapsed:.2f}, stolen {cpus * (after[2] - steal) / elapsed:.2f}; {args.rounds} rounds, "
          f"PyTorch {torch.__version__}")
    worker.close()
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps({"inference": result, "training": trained, "layouts": notes}, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contestants", help="the program high_low_contestants")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=0.02, help="length of a burst")
    parser.add_argument("--json", help="also write the figures here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run_all(args, folder)


if __name__ == "__main__":
    main()
