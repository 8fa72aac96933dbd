"""The tables of the comparison and the goals of the project beside what was found.

Times and ratios are of CPU time: every contestant has one thread and never waits, so on an idle machine it is the wall
time, and on a busy one it is what the contestant itself needed. Ratios of wall times stand beside them."""

import importlib.metadata
import statistics

from problem import MOST_PATHS

PEERS = ("ONNX Runtime", "PyTorch")
DYNAMIC = ("high_low", "cascade", "chain")
#: Multiplications of a path below which goal 1 asks for more: 4 MFLOP.
SMALL_PATH = 2_000_000


def time_text(seconds):
    return f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def path_title(problem, case):
    roles = [role for role, path in (("cheapest", problem.cheapest), ("dearest", problem.dearest)) if path == case.name]
    return case.name + (f" ({roles[0]})" if len(roles) == 1 else "")


def print_network(problem, results):
    print(f"\n## {problem.name}\n")
    print("| batch | path | multiplications | d2nn | ONNX Runtime | PyTorch | ONNX Runtime / d2nn | PyTorch / d2nn "
          "| wall ratios |")
    print("|---|---|---|---|---|---|---|---|---|")
    for (network, name, batch), by_name in sorted(results.items(), key=lambda item: item[0][2]):
        if network != problem.name:
            continue
        cells = [str(batch), path_title(problem, problem.cases[name]), f"{problem.cases[name].cost:,.0f}",
                 time_text(by_name["d2nn"]["cpu"])]
        cells += [time_text(by_name[peer]["cpu"]) if peer in by_name else "" for peer in PEERS]
        cells += [f"{by_name[peer]['cpu_ratio']:.2f}" if peer in by_name else "" for peer in PEERS]
        cells.append(", ".join(f"{by_name[peer]['wall_ratio']:.2f}" for peer in PEERS if peer in by_name))
        print(f"| {' | '.join(cells)} |")
    mixed = problem.cases.get("mixed")
    if mixed:
        paths = ", ".join(f"{path} {count}" for path, count in mixed.taken.items())
        print(f"\nImages of `mixed`: {paths if len(mixed.taken) <= MOST_PATHS else f'on {len(mixed.taken)} paths'}")


class Goals:
    def __init__(self):
        self.rows = []

    def least(self, number, goal, bound, found):
        """`found`: {what: ratio}, each at least `bound` where the goal is met."""
        self.add(number, goal, found, min, lambda value: value >= bound)

    def most(self, number, goal, bound, found):
        self.add(number, goal, found, max, lambda value: value <= bound)

    def add(self, number, goal, found, worst, is_met):
        if found:
            where = worst(found, key=found.get)
            missed = [f"{what} {value:.3g}" for what, value in found.items() if not is_met(value)]
            text = f"{found[where]:.3g} ({where})"
            if missed:
                text = f"**missed** in {len(missed)} of {len(found)}: " + ", ".join(missed)
            self.rows.append({"goal": number, "what": goal, "found": text, "met": not missed, "values": found})

    def print(self):
        print("\n## Goals\n\n| goal | | found, the worst |\n|---|---|---|")
        for row in self.rows:
            print(f"| {row['goal']} | {row['what']} | {row['found']} |")


def goals_of(problems, results):
    goals, by_name = Goals(), {problem.name: problem for problem in problems}

    def ratios(peer, batch, wanted):
        return {f"{network} {case}": entry[peer]["cpu_ratio"] for (network, case, size), entry in results.items()
                if size == batch and peer in entry and wanted(network, case)}

    def is_small(network, case):
        return by_name[network].cases[case].cost < SMALL_PATH

    goals.least(1, "batch 1, path under 4 MFLOP (2 M multiplications): 2.5 times ONNX Runtime", 2.5,
                ratios("ONNX Runtime", 1, lambda n, c: n in DYNAMIC and is_small(n, c)))
    goals.least(1, "batch 1, path above: 1.4 times ONNX Runtime", 1.4,
                ratios("ONNX Runtime", 1, lambda n, c: n in DYNAMIC and not is_small(n, c)))
    for peer in PEERS:
        for batch in (1, 64):
            goals.least(1, f"batch {batch}, every network: never slower than {peer}", 1.0,
                        ratios(peer, batch, lambda n, c: True))
    for peer, bound in (("PyTorch", 6.0), ("ONNX Runtime", 2.0)):
        goals.least(2, f"batch 64, mixed: {bound:g} times {peer}", bound,
                    ratios(peer, 64, lambda n, c: n in DYNAMIC and c == "mixed"))
    goals.least(2, "resnet20, batch 1: 1.3 times ONNX Runtime", 1.3,
                ratios("ONNX Runtime", 1, lambda n, c: n == "resnet20"))
    goals.most(3, "mixed, batch 64: at most 1.05 times the weighted mean of the pure paths", 1.05,
               mixed_over_mean(problems, results))
    for batch in (1, 64):
        goals.most(4, f"batch {batch}: share of the dearest path's time less that of its multiplications, at most 0.08",
                   0.08, time_over_cost(problems, results, batch))
    return goals


def mixed_over_mean(problems, results):
    """Where every path of `mixed` was measured alone; the median over the rounds."""
    found = {}
    for problem in problems:
        mixed = problem.cases.get("mixed")
        if mixed and all(path in problem.cases for path in mixed.taken):
            paths = [results[problem.name, path, 64]["d2nn"]["cpu_rounds"] for path in mixed.taken]
            counts = list(mixed.taken.values())
            means = [sum(time * count for time, count in zip(times, counts)) / sum(counts) for times in zip(*paths)]
            together = results[problem.name, "mixed", 64]["d2nn"]["cpu_rounds"]
            found[problem.name] = statistics.median(time / mean for time, mean in zip(together, means))
    return found


def time_over_cost(problems, results, batch):
    """Of each path but the dearest: its share of that one's time less its share of the multiplications."""
    found = {}
    for problem in problems:
        dearest = problem.cases[problem.dearest]
        whole = results[problem.name, problem.dearest, batch]["d2nn"]["cpu_rounds"]
        for case in problem.cases.values():
            if case.path is not None and case is not dearest:
                times = results[problem.name, case.name, batch]["d2nn"]["cpu_rounds"]
                share = statistics.median(time / most for time, most in zip(times, whole))
                found[f"{problem.name} {case.name}"] = share - case.cost / dearest.cost
    return found


def print_report(problems, results):
    """Prints everything; the same as what JSON can hold."""
    versions = {package: importlib.metadata.version(package) for package in ("torch", "onnxruntime")}
    print(f"One thread each; PyTorch {versions['torch']}, ONNX Runtime {versions['onnxruntime']}; medians of CPU time, "
          "of one image at batch 1, of the whole batch at 64")
    for problem in problems:
        print_network(problem, results)
    goals = goals_of(problems, results)
    goals.print()
    costs = {(problem.name, case.name): case.cost for problem in problems for case in problem.cases.values()}
    cases = [{"network": network, "path": case, "batch": batch, "multiplications": costs[network, case],
              "contestants": entry} for (network, case, batch), entry in results.items()]
    return {"versions": versions, "cases": cases, "goals": goals.rows}
