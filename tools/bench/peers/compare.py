"""Compares compiled networks with ONNX Runtime and PyTorch eager, decisions included; started by tools/bench/peers/run.

The contestants take turns in short bursts within one run, each on one thread; a figure is the median over the rounds,
a ratio the median of the ratios within one round, so that what else the machine does weighs on all alike. Before
anything is timed, all must compute the same numbers and d2nn must take the paths that it was given."""

import argparse
import json
import os
import pathlib
import random
import statistics
import tempfile

# Before the libraries read it.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch

from compiled import Compiled
from contestants import D2nn, OnnxRuntime, PyTorch, make_session
from networks import NETWORKS
from problem import IMAGES, ONLY_PATH, Problem, save_weights
from report import print_report

TOLERANCE = 1e-4


def check_paths(problem, case, compiled, images):
    """Lets d2nn say what it decided; gives `mixed` its paths and costs."""
    actions, costs = compiled.traced(images, np.empty((len(images), problem.network.classes), np.float32))
    taken = [" ".join(problem.actions[control][action] for control, action in zip(problem.network.controls, row)
                      if action >= 0) or ONLY_PATH for row in actions]
    if case.path is None:
        case.taken = {path: taken.count(path) for path in sorted(set(taken))}
        case.cost = float(costs.mean())
    elif set(taken) != {case.name} or set(costs) != {case.cost}:
        raise SystemExit(f"{problem.name}: in case `{case.name}` d2nn takes {sorted(set(taken))}")


def contestants_of(problem, d2nn, folder):
    """{(case, batch): {name: contestant}}, checked against each other."""
    images, network, cases = problem.images.numpy(), problem.network, {}
    for number, case in enumerate(problem.cases.values()):
        problem.set_biases(case.biases)
        weights = f"{folder}/{problem.name}.safetensors"
        save_weights(weights, network)
        compiled = Compiled(d2nn, problem.program, weights, f"{folder}/{problem.name}_{number}.so")
        check_paths(problem, case, compiled, images)
        sessions = {1: make_session(network, 1)}
        if not network.controls:
            sessions[IMAGES] = make_session(network, IMAGES)
        for batch in (1, IMAGES):
            # One image again and again shows one path at its best; where decisions differ it takes different images.
            shown = images if batch > 1 or case.path is None else images[:1]
            entry = {"d2nn": D2nn(compiled, shown, batch, network.classes)}
            # A pure path between the extremes is there for the weighted mean of goal 3: of d2nn alone.
            if batch == 1 or case.name in (problem.cheapest, problem.dearest, "mixed"):
                per_call = batch if batch in sessions else 1
                entry["ONNX Runtime"] = OnnxRuntime(sessions[per_call], shown, per_call, batch, network.classes)
                entry["PyTorch"] = PyTorch(problem, case, shown, batch)
            for name, contestant in entry.items():
                error = problem.error(case, contestant.result())
                if not error <= TOLERANCE:
                    raise SystemExit(f"{problem.name}, {case.name}, batch {batch}: {name} differs by {error:.3g}")
            cases[case.name, batch] = entry
    return cases


def measure(cases, rounds, seconds):
    """{(network, case, batch): {contestant: [(wall, CPU) of each round]}}"""
    order = random.Random(1)
    samples = {case: {name: [] for name in contestants} for case, contestants in cases.items()}
    networks = sorted({network for network, _, _ in cases})
    for round_number in range(rounds):
        # Cases of one network stay together: what is held against each other is then measured soon after each other.
        for case in sorted(order.sample(list(cases), len(cases)), key=lambda case: networks.index(case[0])):
            names = list(cases[case])
            turn = round_number % len(names)
            for name in names[turn:] + names[:turn]:
                samples[case][name].append(cases[case][name].burst(seconds))
    return samples


def summary(by_name):
    """Medians, and ratios to d2nn within each round, of one case."""
    result = {}
    for name, values in by_name.items():
        ratios = [[value[i] / ours[i] for value, ours in zip(values, by_name["d2nn"])] for i in (0, 1)]
        result[name] = {"wall": statistics.median(v[0] for v in values), "cpu": statistics.median(v[1] for v in values),
                        "wall_ratio": statistics.median(ratios[0]), "cpu_ratio": statistics.median(ratios[1]),
                        "cpu_rounds": [v[1] for v in values]}
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, prog="tools/bench/peers/run")
    parser.add_argument("--d2nn", required=True, metavar="FILE", help="the compiler; run builds it if not given")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.02, help="length of a burst")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="some of the networks, with commas")
    parser.add_argument("--json", help="also write the figures here")
    args = parser.parse_args()
    unknown = set(args.networks.split(",")) - set(NETWORKS)
    if unknown:
        parser.error(f"unknown network {', '.join(sorted(unknown))}; there are {', '.join(NETWORKS)}")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        problems = [Problem(name, args.d2nn) for name in args.networks.split(",")]
        cases = {}
        for problem in problems:
            entries = contestants_of(problem, args.d2nn, folder)
            cases |= {(problem.name, case, batch): entry for (case, batch), entry in entries.items()}
        print(f"checked: the contestants agree to {TOLERANCE:g} of the largest score in {len(cases)} cases", flush=True)
        load = os.getloadavg()[0]
        results = {case: summary(values) for case, values in measure(cases, args.rounds, args.seconds).items()}
    figures = print_report(problems, results)
    print(f"\n{args.rounds} rounds; load average before {load:.2f}, after {os.getloadavg()[0]:.2f}, of "
          f"{os.cpu_count()} CPUs")
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
