"""The problem that all contestants get: images, weights, and the cases, which differ in what the control nodes decide.

Decisions are forced by the bias of the last layer of each control node alone: far to one side for a path, between two
images for `mixed`. The images differ in brightness, contrast and pattern so that their scores do."""

import itertools
import json
import struct
import subprocess

import numpy as np
import torch

from layers import Balancing, last_layer
from networks import make_network

IMAGES = 64
#: Networks with more paths than this are measured on the cheapest and the dearest only.
MOST_PATHS = 8
FORCE = 100.0


class Case:
    """One set of decisions: `path` gives the action of each control node by name, None for `mixed`."""

    def __init__(self, name, path, cost):
        self.name, self.path, self.cost = name, path, cost
        self.biases = {}
        self.expected = None


class Problem:
    """A network with its images and cases; `cheapest` and `dearest` name cases, the others lie between."""

    def __init__(self, name, d2nn, folder):
        self.name, self.folder = name, folder
        self.network = make_network(name)
        self.images = make_images(self.network.size)
        self.program = self.network.program
        report = subprocess.run([d2nn, "check", "--paths", "--json", self.program], stdout=subprocess.PIPE, check=True)
        paths = json.loads(report.stdout)["paths"]
        actions = self.actions_in_order(paths)
        paths.sort(key=lambda path: path["cost"])
        self.cheapest, self.dearest = path_name(paths[0]), path_name(paths[-1])
        if len(paths) > MOST_PATHS:
            paths = [paths[0], paths[-1]]
        self.cases = {path_name(path): Case(path_name(path), path["actions"], path["cost"]) for path in paths}
        self.actions = actions
        base = self.biases()
        for case in self.cases.values():
            self.set_biases(base)
            for control, action in case.path.items():
                if action is not None:
                    last_layer(self.network.node(control)).bias.data[actions[control].index(action)] += FORCE
            case.biases = self.biases()
        if self.network.controls:
            self.set_biases(base)
            with torch.inference_mode():
                self.network.flow(Balancing(), self.images)
            self.cases["mixed"] = Case("mixed", None, None)
            self.cases["mixed"].biases = self.biases()
        for case in self.cases.values():
            self.set_biases(case.biases)
            with torch.inference_mode():
                case.expected = self.network(self.images).numpy()

    def actions_in_order(self, paths):
        """{control node: its actions as declared}: the paths of `d2nn check` come in that order."""
        actions = {control: [] for control in self.network.controls}
        for path, (control, action) in itertools.chain.from_iterable(
                zip(itertools.repeat(path), path["actions"].items()) for path in paths):
            if action is not None and action not in actions[control]:
                actions[control].append(action)
        return actions

    def biases(self):
        return {control: last_layer(self.network.node(control)).bias.detach().clone() for control in self.network.controls}

    def set_biases(self, biases):
        for control, bias in biases.items():
            last_layer(self.network.node(control)).bias.data.copy_(bias)

    def save_weights(self, case):
        """The weights of a case as safetensors; the path of the file."""
        self.set_biases(case.biases)
        path = f"{self.folder}/{self.name}.safetensors"
        tensors = {name: tensor.numpy() for name, tensor in self.network.state_dict().items()
                   if not name.endswith("num_batches_tracked")}
        save_safetensors(path, tensors)
        return path

    def error(self, case, found):
        """The greatest difference from what PyTorch computes for all images at once, relative to the largest score; that of a
        class that was not looked at is a constant and must not hide the others."""
        looked_at = case.expected[case.expected != self.network.skipped_score]
        scale = np.abs(looked_at if looked_at.size else case.expected).max()
        return np.abs(found - case.expected[:len(found)]).max() / scale


def path_name(path):
    return " ".join(action for action in path["actions"].values() if action is not None) or "the only path"


def make_images(size):
    torch.manual_seed(2)
    coarse = nn_pattern(size)
    contrast, brightness = torch.rand(2, IMAGES, 1, 1, 1)
    noise = torch.rand(IMAGES, 3, size, size)
    return (0.4 * brightness + 0.3 * contrast * coarse + 0.3 * noise).contiguous()


def nn_pattern(size):
    """Smooth random patterns."""
    return torch.nn.functional.interpolate(torch.rand(IMAGES, 3, 7, 7), size=(size, size), mode="bilinear")


def save_safetensors(path, tensors):
    header, begin = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [begin, begin + tensor.nbytes]}
        begin += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            stream.write(np.ascontiguousarray(tensor, np.float32).tobytes())
