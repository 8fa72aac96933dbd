"""The contestants: each has `calls`, functions that together answer its images once, and `result`, the scores."""

import functools
import time

import numpy as np
import onnxruntime
import torch

from onnx_model import onnx_model


class Contestant:
    #: How many of `calls` one figure covers: those of one image at batch 1, of the whole batch at 64.
    unit = 1

    def prepare(self):
        """What must stand before calls and is not timed."""

    def result(self):
        self.prepare()
        with torch.inference_mode():
            for call in self.calls:
                call()
        return self.scores

    def burst(self, seconds):
        """(wall seconds, CPU seconds) of a unit, over about that long."""
        self.prepare()
        with torch.inference_mode():
            begin, warm = time.perf_counter(), 0
            while warm == 0 or time.perf_counter() - begin < 0.2 * seconds:
                for call in self.calls:
                    call()
                warm += 1
            rounds = range(max(1, round(warm * seconds / (time.perf_counter() - begin))))
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in rounds:
                for call in self.calls:
                    call()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        units = len(rounds) * len(self.calls) / self.unit
        return wall / units, cpu / units


class D2nn(Contestant):
    def __init__(self, compiled, images, batch, classes):
        self.compiled, self.images = compiled, images
        self.scores = np.empty((len(images), classes), np.float32)
        context = compiled.context(batch)
        self.calls = [compiled.call(context, images[row:row + batch], self.scores[row:row + batch])
                      for row in range(0, len(images), batch)]

    def result(self):
        for call in self.calls:
            self.compiled.demand(call())
        return self.scores


class OnnxRuntime(Contestant):
    """`per_call` images in each call: where a network has control nodes one, for an `If` is of the whole call."""

    def __init__(self, session, images, per_call, batch, classes):
        self.images = images
        self.scores = np.empty((len(images), classes), np.float32)
        self.unit = batch // per_call
        self.calls = []
        for row in range(0, len(images), per_call):
            binding = session.io_binding()
            for bind, name, whole in ((binding.bind_input, "image", images),
                                      (binding.bind_output, "scores", self.scores)):
                part = whole[row:row + per_call]
                bind(name, "cpu", 0, np.float32, part.shape, part.ctypes.data)
            self.calls.append(functools.partial(session.run_with_iobinding, binding))


class PyTorch(Contestant):
    def __init__(self, problem, case, images, batch):
        self.problem, self.case = problem, case
        self.network = problem.network
        self.parts = [torch.from_numpy(images[row:row + batch]) for row in range(0, len(images), batch)]
        self.calls = [functools.partial(self.network, part) for part in self.parts]

    def prepare(self):
        # All cases share one network.
        self.problem.set_biases(self.case.biases)

    def result(self):
        self.prepare()
        with torch.inference_mode():
            return np.concatenate([call().numpy() for call in self.calls])


def make_session(network, batch):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # It warns of weights that only one branch reads.
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(onnx_model(network, batch), options, providers=["CPUExecutionProvider"])
