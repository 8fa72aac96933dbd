"""Compares single layers, forward and backward, with PyTorch eager and (forward) ONNX Runtime, one thread each; started
by tools/bench/layers/run. Prints a Markdown table of CPU times.

Forward, d2nn runs a network of the layer through its C interface, without the copy of the result to the caller, and
PyTorch is in inference mode. Backward is the backward pass alone, to all operands and weights; PyTorch keeps its graph.
Before anything is timed, all must compute the same numbers."""

import argparse
import os
import pathlib
import re
import sys
import tempfile

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from contest import Local, Remote, Worker, raw, save_safetensors, summary, take_turns, time_text
from layers import LAYERS

TOLERANCE = 1e-5


def dims_text(dims):
    return f"f32[{', '.join(str(size) for size in dims)}]"


def program_of(layer, result_dims, with_training):
    """A network of the layer. With training, a trained layer stands before each operand, so that it has a gradient."""
    names = "abc"[:len(layer.operands)]
    body = layer.body if len(names) > 1 else f"a -> {layer.body}"
    if with_training:
        lets = "".join(f"let p{name} = {name} -> layer_norm; " for name in names)
        body = lets + "return " + re.sub(rf"\b([{names}])\b", r"p\1", body) + ";"
    inputs = "".join(f"  input {name}: {dims_text(dims)};\n" for name, dims in zip(names, layer.operands))
    edges = "".join(f"  {name} -> A.{name};\n" for name in names)
    return (f"network layer {{\n{inputs}  node A({', '.join(names)}) {{ {body} }}\n"
            f"  output y: {dims_text(result_dims)};\n{edges}  A -> y;\n}}\n")


class Problem:
    def __init__(self, layer, folder):
        generator = torch.Generator().manual_seed(1)

        def random(dims, batch):
            return torch.randn([1, *dims] if batch else dims, generator=generator)

        self.layer = layer
        self.operands = [random(dims, True) for dims in layer.operands]
        self.weights = [random(dims, False) / (dims[-1]**0.5 if len(dims) > 1 else 1) for dims in layer.weights]
        with torch.inference_mode():
            self.result = layer.torch(self.operands, self.weights)
        self.gradient = torch.randn(self.result.shape, generator=generator)
        # A gradient in the layout that PyTorch would hand over.
        self.gradient = torch.empty_like(self.result).copy_(self.gradient)
        self.paths = {name: f"{folder}/{name}" for name in ("forward.d2nn", "backward.d2nn", "w.safetensors", "forward.f32",
                                                            "backward.f32")}
        for direction in ("forward", "backward"):
            pathlib.Path(self.paths[f"{direction}.d2nn"]).write_text(
                program_of(layer, self.result.shape[1:], direction == "backward"))
        names = (f"A.{layer.label}.{suffix}" for suffix in ("weight", "bias"))
        save_safetensors(self.paths["w.safetensors"], dict(zip(names, self.weights)))
        write_floats(self.paths["forward.f32"], self.operands)
        write_floats(self.paths["backward.f32"], [*self.operands, *self.weights, self.gradient])


def write_floats(path, tensors):
    with open(path, "wb") as stream:
        for tensor in tensors:
            stream.write(raw(tensor))


def flat(tensors):
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


class TorchForward(Local):
    def __init__(self, problem):
        super().__init__()
        self.function, self.arguments = problem.layer.torch, (problem.operands, problem.weights)

    def burst(self, seconds):
        with torch.inference_mode():
            return super().burst(seconds)

    def run(self):
        return self.function(*self.arguments)

    def result(self):
        with torch.inference_mode():
            return flat([self.run()])


class TorchBackward(Local):
    def __init__(self, problem):
        super().__init__()
        operands, weights = ([tensor.clone().requires_grad_() for tensor in tensors]
                             for tensors in (problem.operands, problem.weights))
        self.leaves, self.gradient = operands + weights, problem.gradient
        self.value = problem.layer.torch(operands, weights)

    def run(self):
        # A permuted view of a gradient is work left to the next layer.
        gradients = torch.autograd.grad(self.value, self.leaves, self.gradient, retain_graph=True)
        return [gradient.contiguous() for gradient in gradients]

    def result(self):
        return flat(self.run())


class Onnx:
    """Writes the graph of one layer."""

    OPSET, IR_VERSION = 21, 10  # ONNX Runtime may not know the newest.

    def __init__(self, problem):
        self.nodes, self.constants = [], []
        operands = [f"operand{i}" for i in range(len(problem.operands))]
        weights = [self.constant(weight.numpy()) for weight in problem.weights]
        result = problem.layer.onnx(self, operands, weights)
        inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(value.shape))
                  for name, value in zip(operands, problem.operands)]
        outputs = [helper.make_tensor_value_info(result, TensorProto.FLOAT, list(problem.result.shape))]
        graph = helper.make_graph(self.nodes, "layer", inputs, outputs, self.constants)
        self.model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.OPSET)],
                                       ir_version=self.IR_VERSION)

    def add(self, op, *inputs, **attributes):
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def constant(self, array):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def number(self, value):
        return self.constant(np.float32(value))

    def integers(self, values):
        return self.constant(np.array(values, np.int64))

    def reshape(self, value, dims):
        return self.add("Reshape", value, self.integers(dims))

    def transposed(self, constant):
        (array,) = (numpy_helper.to_array(tensor) for tensor in self.constants if tensor.name == constant)
        return self.constant(array.T)


class OnnxRuntime(Local):
    def __init__(self, problem):
        super().__init__()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # It warns of constants that nothing reads.
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        self.session = onnxruntime.InferenceSession(Onnx(problem).model.SerializeToString(), options,
                                                    providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        self.arrays = [operand.numpy() for operand in problem.operands]
        self.output = np.empty(problem.result.shape, np.float32)
        for place, array in zip(self.session.get_inputs(), self.arrays):
            self.binding.bind_input(place.name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        name = self.session.get_outputs()[0].name
        self.binding.bind_output(name, "cpu", 0, np.float32, self.output.shape, self.output.ctypes.data)

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def result(self):
        self.run()
        return torch.from_numpy(self.output).reshape(-1)


def contestants_of(problem, worker, folder):
    """{pass: {name: contestant}}, checked against each other."""
    paths = problem.paths
    passes = {
        "forward": {
            "d2nn": Remote(worker, folder, "forward", paths["forward.d2nn"], paths["w.safetensors"], paths["forward.f32"]),
            "PyTorch": TorchForward(problem),
            "ONNX Runtime": OnnxRuntime(problem),
        },
        "backward": {
            "d2nn": Remote(worker, folder, "backward", paths["backward.d2nn"], paths["backward.f32"]),
            "PyTorch": TorchBackward(problem),
        },
    }
    for direction, contestants in passes.items():
        expected = contestants["PyTorch"].result()
        for name, contestant in contestants.items():
            error = ((contestant.result() - expected).abs().max() / expected.abs().max()).item()
            if not error <= TOLERANCE:
                raise SystemExit(f"{problem.layer.title}, {direction}: {name} differs from PyTorch by {error:.3g}")
    return passes


def print_case(title, direction, result):
    ours = result["d2nn"]["cpu_us"]
    cells = [title, direction, time_text(ours)]
    for peer in ("PyTorch", "ONNX Runtime"):
        entry = result.get(peer)
        cells += ["", ""] if entry is None else [time_text(entry["cpu_us"]), f"{1 / entry['cpu_ratio']:.2f}"]
    print(f"| {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, prog="tools/bench/layers/run")
    parser.add_argument("--contestants", required=True, metavar="FILE", help="the program layer_contestants")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.01, help="length of a burst")
    parser.add_argument("--layers", default="", help="only those whose title contains this")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print("| layer and operands | pass | d2nn | PyTorch | d2nn / PyTorch | ONNX Runtime | d2nn / ONNX Runtime |")
    print("|---|---|---|---|---|---|---|")
    for layer in LAYERS:
        if args.layers not in layer.title:
            continue
        with tempfile.TemporaryDirectory() as folder:
            worker = Worker(args.contestants)
            for direction, contestants in contestants_of(Problem(layer, folder), worker, folder).items():
                samples = {name: [] for name in contestants}
                for round_number in range(args.rounds):
                    take_turns(contestants, round_number, args.seconds, samples)
                print_case(layer.title, direction, summary(samples))
            worker.close()


if __name__ == "__main__":
    main()
