"""How long the compiler takes and how big and quick its executables are, on examples/high_low; started by tools/bench/run.

Every figure is of a whole process, started anew: the median and the least of several, wall and CPU time. They take turns
with a process that does nothing (`true`), so that what starting any process costs here can be seen. A peak of memory can
only be seen above that of the process that starts it: the line of `true`."""

import argparse
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import time

PROGRAM = "examples/high_low/high_low.d2nn"


def measure(command):
    """(wall seconds, CPU seconds, peak kilobytes) of one run."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def write_images(folder):
    """One image as npy, and the path to the raw ones."""
    # In a process of its own: PyTorch's memory would count as a floor of every peak measured here.
    here = pathlib.Path(__file__).parent
    make = "import sys; sys.path.insert(0, sys.argv[1]); from problem import make_problem; make_problem(sys.argv[2])"
    subprocess.run([sys.executable, "-W", "ignore", "-c", make, str(here), folder], check=True)
    with open(f"{folder}/images.f32", "rb") as stream:
        image = stream.read(3 * 112 * 112 * 4)
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 112, 112), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with open(f"{folder}/image.npy", "wb") as stream:
        stream.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + image)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("d2nn", help="the compiler")
    parser.add_argument("--rounds", type=int, default=25)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_images(folder)
        weights = f"{folder}/mixed.safetensors"
        net, embedded, shared = f"{folder}/net", f"{folder}/net_weights", f"{folder}/net.so"
        commands = {
            "a process that does nothing": ["true"],
            "d2nn check": [args.d2nn, "check", PROGRAM],
            "d2nn check --paths": [args.d2nn, "check", "--paths", PROGRAM],
            "d2nn build --weights (executable)": [args.d2nn, "build", PROGRAM, "--weights", weights, "-o", embedded],
            "d2nn build --train (executable)": [args.d2nn, "build", PROGRAM, "--train", "-o", net],
            "d2nn build --emit shared": [args.d2nn, "build", PROGRAM, "--emit", "shared", "-o", shared],
            "net run, one image, weights embedded": [embedded, "run", f"{folder}/image.npy", "-o", f"{folder}/y.npy"],
            "net info": [embedded, "info"],
        }
        samples = {name: [] for name in commands}
        for _ in range(args.rounds):
            for name, command in commands.items():
                samples[name].append(measure(command))
        print(f"\nPrograms (whole processes, {args.rounds} rounds)\n")
        print("| command | wall, median | CPU, median | wall, least | peak memory |")
        print("|---|---|---|---|---|")
        for name, values in samples.items():
            wall, cpu = (statistics.median(v[i] for v in values) * 1e3 for i in (0, 1))
            least = min(v[0] for v in values) * 1e3
            print(f"| {name} | {wall:.1f} ms | {cpu:.1f} ms | {least:.1f} ms | {statistics.median(v[2] for v in values) / 1024:.1f} MB |")
        sizes = {"executable with weights": embedded, "executable that can train": net, "shared library": shared, "the weights": weights}
        print("\nSizes: " + ", ".join(f"{name} {pathlib.Path(path).stat().st_size / 1e6:.2f} MB" for name, path in sizes.items()))
        print(f"load average {os.getloadavg()[0]:.2f} of {os.cpu_count()} CPUs")


if __name__ == "__main__":
    main()
