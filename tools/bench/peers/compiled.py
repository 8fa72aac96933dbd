"""A network compiled by d2nn, called through the C interface (runtime/include/d2nn/d2nn.h) from Python."""

import ctypes
import functools
import json
import pathlib
import subprocess

import numpy as np


class RunOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_size_t), ("cost_budget", ctypes.c_int64),
                ("valid", ctypes.c_void_p), ("trace", ctypes.c_void_p)]


class Trace(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("actions", ctypes.c_void_p), ("executed", ctypes.c_void_p),
                ("cost", ctypes.c_void_p)]


class ContextOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("max_batch", ctypes.c_size_t), ("threads", ctypes.c_size_t)]


class Compiled:
    """A shared library with its weights, and the model made of it."""

    def __init__(self, d2nn, program, weights, output):
        subprocess.run([d2nn, "build", program, "--emit", "shared", "--weights", weights, "-o", output], check=True)
        manifest = json.loads(pathlib.Path(output).with_suffix(".json").read_text())
        entry = manifest["networks"][0]
        self.controls = sum(node["kind"] == "control" for node in entry["nodes"])
        folder = next(flag[2:] for flag in manifest["link_flags_shared"] if flag.startswith("-L"))
        # The library of the network leaves the functions of the runtime open.
        self.runtime = ctypes.CDLL(f"{folder}/libd2nn.so", ctypes.RTLD_GLOBAL)
        self.runtime.d2nn_last_error.restype = ctypes.c_char_p
        module = getattr(ctypes.CDLL(output), entry["symbol"])
        module.restype = ctypes.c_void_p
        self.model = ctypes.c_void_p()
        self.demand(self.runtime.d2nn_model_create(ctypes.c_void_p(module()), None, ctypes.byref(self.model)))

    def demand(self, status):
        if status != 0:
            raise SystemExit(f"d2nn: {self.runtime.d2nn_last_error().decode()}")

    def context(self, batch):
        """Memory for runs of `batch` samples on the caller's thread."""
        context = ctypes.c_void_p()
        options = ContextOptions(ctypes.sizeof(ContextOptions), batch, 1)
        self.demand(self.runtime.d2nn_context_create_with(self.model, ctypes.byref(options), ctypes.byref(context)))
        return context

    def call(self, context, images, scores, options=None):
        """A function without arguments that is one call of d2nn_run and returns its status; the arrays must stay."""
        inputs, outputs = ((ctypes.c_void_p * 1)(array.ctypes.data) for array in (images, scores))
        return functools.partial(self.runtime.d2nn_run, context, ctypes.c_size_t(len(images)), inputs, outputs, options)

    def traced(self, images, scores):
        """Runs all images at once: (actions, one row per image, -1 where the control node did not execute; costs)."""
        batch = len(images)
        actions, costs = np.empty((batch, self.controls), np.int32), np.empty(batch, np.int64)
        trace = Trace(ctypes.sizeof(Trace), actions.ctypes.data if self.controls else None, None, costs.ctypes.data)
        options = RunOptions(ctypes.sizeof(RunOptions), 1, 0, None, ctypes.addressof(trace))
        context = self.context(batch)
        self.demand(self.call(context, images, scores, ctypes.byref(options))())
        self.runtime.d2nn_context_destroy(context)
        return actions, costs
