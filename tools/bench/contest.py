"""Contestants of two processes that take turns in short bursts: those in C++ (contest.h) and those in Python.

A figure is the median over the rounds, a ratio the median of the ratios within one round, so that what else the machine
does weighs on all alike."""

import ctypes
import json
import pathlib
import statistics
import struct
import subprocess
import time

import torch


def read_floats(path):
    return torch.frombuffer(bytearray(pathlib.Path(path).read_bytes()), dtype=torch.float32)


def raw(tensor):
    """The bytes of an f32 tensor, without NumPy."""
    tensor = tensor.detach().to(torch.float32).contiguous()
    return ctypes.string_at(tensor.data_ptr(), 4 * tensor.numel())


def save_safetensors(path, tensors):
    header, begin = {}, 0
    for name, tensor in tensors.items():
        end = begin + 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            stream.write(raw(tensor))


class Worker:
    """The C++ contestants in their process."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.made = 0

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().rstrip("\n")
        if not answer.startswith("ok"):
            raise SystemExit(f"`{question}`: {answer or 'the contestants have ended'}")
        return answer[3:]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Remote:
    """One contestant of a worker; `words` say which. `folder` is for its result."""

    def __init__(self, worker, folder, *words):
        self.worker, self.folder = worker, folder
        self.description = worker.ask(" ".join(["make", *(str(word) for word in words)]))
        self.index = worker.made
        worker.made += 1

    def result(self):
        path = f"{self.folder}/result.f32"
        self.worker.ask(f"result {self.index} {path}")
        return read_floats(path)

    def burst(self, seconds):
        """(wall seconds, CPU seconds) of a run, over about that long."""
        wall, cpu, _ = self.worker.ask(f"time {self.index} {seconds}").split()
        return float(wall), float(cpu)


class Local:
    """A contestant in this process: what derives from it has run() and result()."""

    def __init__(self, threads=1):
        self.threads = threads

    def burst(self, seconds):
        torch.set_num_threads(self.threads)
        begin, runs = time.perf_counter(), 0
        while runs < 2 or time.perf_counter() - begin < 0.2 * seconds:
            self.run()
            runs += 1
        runs = max(1, int(runs * seconds / (time.perf_counter() - begin)))
        cpu, begin = time.process_time(), time.perf_counter()
        for _ in range(runs):
            self.run()
        return (time.perf_counter() - begin) / runs, (time.process_time() - cpu) / runs


def take_turns(contestants, round_number, seconds, samples):
    """A burst of each; whoever begins changes from round to round. samples: {name: [(wall, CPU) of each round]}"""
    names = list(contestants)
    turn = round_number % len(names)
    for name in names[turn:] + names[:turn]:
        samples[name].append(contestants[name].burst(seconds))


def summary(by_name, ours="d2nn"):
    """Medians of one case, and ratios to `ours` within each round."""
    result = {}
    for name, values in by_name.items():
        ratios = [[value[i] / own[i] for value, own in zip(values, by_name[ours])] for i in (0, 1)]
        result[name] = {
            "wall_us": statistics.median(v[0] for v in values) * 1e6,
            "cpu_us": statistics.median(v[1] for v in values) * 1e6,
            "least_wall_us": min(v[0] for v in values) * 1e6,
            "wall_ratio": statistics.median(ratios[0]),
            "cpu_ratio": statistics.median(ratios[1]),
        }
    return result


def time_text(microseconds):
    return f"{microseconds:.1f} us" if microseconds < 1000 else f"{microseconds / 1000:.2f} ms"
