"""The problem that all contestants get: images, weights, and the cases, which differ in what the control nodes decide.

Decisions are forced by the bias of the last layer of each control node alone: far to one side for a path, between two
images for `mixed`."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from contest import save_safetensors
from layers import Balancing, last_layer
from networks import make_network

ROOT = pathlib.Path(__file__).resolve().parents[3]
IMAGES = 64
#: Networks with more paths than this are measured on the cheapest and the dearest only.
MOST_PATHS = 8
ONLY_PATH = "the only path"
#: What the bias of an action is moved by.
FORCE = 100.0


class Case:
    """One set of decisions: `path` gives the action of each control node by name, None for `mixed`. Its cost is in
    multiplications, that of `mixed` the mean."""

    def __init__(self, name, path=None, cost=None):
        self.name, self.path, self.cost = name, path, cost
        self.taken = {}
        self.biases = {}
        self.expected = None


class Problem:
    """A network with its images and cases; `cheapest` and `dearest` name cases, the others lie between."""

    def __init__(self, name, d2nn):
        self.name = name
        self.network = make_network(name)
        self.program = ROOT / self.network.program
        self.images = make_images(self.network.size)
        report = subprocess.run([d2nn, "check", "--paths", "--json", self.program], stdout=subprocess.PIPE, check=True)
        paths = json.loads(report.stdout)["paths"]
        self.actions = actions_in_order(self.network.controls, paths)
        paths.sort(key=lambda path: path["cost"])
        self.cheapest, self.dearest = path_name(paths[0]), path_name(paths[-1])
        if len(paths) > MOST_PATHS:
            paths = [paths[0], paths[-1]]
        cases = [Case(path_name(path), path["actions"], path["cost"]) for path in paths]
        if self.network.controls:
            cases.append(Case("mixed"))
        self.cases = {case.name: case for case in cases}
        unforced = self.biases()
        for case in cases:
            self.set_biases(unforced)
            self.force(case)
            case.biases = self.biases()
            with torch.inference_mode():
                case.expected = self.network(self.images).numpy()

    def force(self, case):
        if case.path is None:
            with torch.inference_mode():
                self.network.flow(Balancing(), self.images)
            return
        for control, action in case.path.items():
            if action is not None:
                last_layer(self.network.node(control)).bias.data[self.actions[control].index(action)] += FORCE

    def biases(self):
        return {name: last_layer(self.network.node(name)).bias.detach().clone() for name in self.network.controls}

    def set_biases(self, biases):
        for name, bias in biases.items():
            last_layer(self.network.node(name)).bias.data.copy_(bias)

    def error(self, case, found):
        """The greatest difference from what PyTorch computes for all images at once, relative to the largest score.
        Scores of classes that were not looked at are a constant, which must not hide the others."""
        looked_at = case.expected[case.expected != self.network.skipped_score]
        scale = np.abs(looked_at if looked_at.size else case.expected).max()
        return np.abs(found - case.expected[:len(found)]).max() / scale


def actions_in_order(controls, paths):
    """{control node: its actions as declared}: the paths of `d2nn check` come in that order."""
    actions = {control: [] for control in controls}
    for path in paths:
        for control, action in path["actions"].items():
            if action is not None and action not in actions[control]:
                actions[control].append(action)
    return actions


def path_name(path):
    return " ".join(action for action in path["actions"].values() if action is not None) or ONLY_PATH


def make_images(size):
    """Smooth patterns under more or less noise, of both signs: all of one sign, most scores would follow the
    brightness, and what one control node decides would decide the others."""
    torch.manual_seed(2)
    smooth = torch.nn.functional.interpolate(torch.randn(IMAGES, 3, 5, 5), size=(size, size), mode="bilinear")
    return smooth + torch.rand(IMAGES, 1, 1, 1) * torch.randn(IMAGES, 3, size, size)


def save_weights(path, network):
    """As safetensors, the state of the network now."""
    save_safetensors(path, {name: tensor for name, tensor in network.state_dict().items()
                            if not name.endswith("num_batches_tracked")})
