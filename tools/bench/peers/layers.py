"""Layers and blocks of the networks in PyTorch, labelled as d2nn names parameters, and how PyTorch follows decisions.

A network is written once, as a flow (networks.py): which node follows which, and where a control node decides. What
executes the flow is given to it: `Eager` computes with PyTorch, onnx_model.py writes an ONNX graph."""

import collections

import torch
from torch import nn


def halve():
    return nn.MaxPool2d(3, stride=2, padding=1)


class ConvRelu(nn.Sequential):
    """vision.conv_relu of the library; `halved` makes it vision.conv_relu_halve."""

    def __init__(self, channels, filters, kernel=3, stride=1, halved=False):
        layers = {"conv": nn.Conv2d(channels, filters, kernel, stride=stride, padding=kernel // 2), "relu": nn.ReLU()}
        super().__init__(collections.OrderedDict(layers | ({"halve": halve()} if halved else {})))
        self.kind = "conv_relu_halve" if halved else "conv_relu"


class PooledGate(nn.Sequential):
    """heads.pooled_gate."""

    kind = "pooled_gate"

    def __init__(self, channels, filters, inputs, hidden):
        super().__init__(collections.OrderedDict(
            first_halve=halve(), conv=nn.Conv2d(channels, filters, 3, padding=1), relu=nn.ReLU(), halve=halve(),
            flatten=nn.Flatten(), hidden=nn.Linear(inputs, hidden), hidden_relu=nn.ReLU(), scores=nn.Linear(hidden, 2)))


class Body(nn.Sequential):
    """The body of a node: a layer is called by its kind and its ordinal among that kind (docs/language.md)."""

    KINDS = {nn.Conv2d: "conv", nn.Linear: "dense"}

    def __init__(self, *layers):
        counts, labelled = collections.Counter(), collections.OrderedDict()
        for layer in layers:
            kind = getattr(layer, "kind", None) or self.KINDS.get(type(layer), type(layer).__name__.lower())
            counts[kind] += 1
            labelled[f"{kind}{counts[kind]}"] = layer
        super().__init__(labelled)


class Decision(Body):
    """The block `decision` of examples/hierarchy."""

    kind = "decision"

    def __init__(self, inputs):
        super().__init__(nn.Flatten(), nn.Linear(inputs, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(),
                         nn.Linear(1024, 2))


class Skipped(nn.Module):
    """What stands in the place of a skipped node: the default value of its edge."""

    def __init__(self, elements, value):
        super().__init__()
        self.elements, self.value = elements, value

    def forward(self, x):
        return x.new_full((x.shape[0], self.elements), self.value)


class Normalize(nn.Module):
    """normalize: a mean and a standard deviation for each channel."""

    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).reshape(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(1, -1, 1, 1), persistent=False)

    def forward(self, x):
        return (x - self.mean) / self.std


class ShortcutA(nn.Module):
    """resnet.shortcut_a: every second pixel, and zeros before and after the channels."""

    def __init__(self, channels, filters):
        super().__init__()
        self.zeros = (filters - channels) // 2

    def forward(self, x):
        return nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.zeros, self.zeros))


class BasicBlock(nn.Module):
    """resnet.basic, and resnet.basic_a where the channels change."""

    def __init__(self, channels, filters):
        super().__init__()
        stride = 1 if channels == filters else 2
        self.conv1 = nn.Conv2d(channels, filters, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.shortcut = nn.Identity() if channels == filters else ShortcutA(channels, filters)
        self.relu = nn.ReLU()

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(self.shortcut(x) + y)


class Eager:
    """Executes a flow with PyTorch: a step is a module or a function of one tensor."""

    def __call__(self, step, value):
        return step(value)

    def concat(self, values):
        return torch.cat(values, 1)

    def decide(self, control, value):
        return control(value)

    def branch(self, control, value, *actions):
        """Each action is (step, operand): only what a row chose is computed for it. Rows of a batch are gathered by
        their action and scattered again; one row takes its branch in Python."""
        chosen = self.decide(control, value).argmax(1)
        if chosen.shape[0] == 1:
            step, operand = actions[chosen.item()]
            return step(operand)
        result = None
        for action, (step, operand) in enumerate(actions):
            rows = (chosen == action).nonzero().squeeze(1)
            if rows.shape[0] == chosen.shape[0]:
                return step(operand)
            if rows.shape[0] > 0:
                part = step(operand.index_select(0, rows))
                if result is None:
                    result = part.new_empty(chosen.shape[0], *part.shape[1:])
                result.index_copy_(0, rows, part)
        return result


class Balancing(Eager):
    """Sets the bias of each control node on the way so that about half of the rows that reach it take each action."""

    def decide(self, control, value):
        scores = control(value)
        preference = (scores[:, 0] - scores[:, 1]).sort().values
        count = len(preference)
        # Between which two rows: of the middle fifth the two that are farthest apart, so that no rounding moves a row.
        first, last = int(0.4 * count), max(int(0.6 * count), int(0.4 * count) + 1)
        gaps = preference[first + 1:last + 1] - preference[first:last]
        place = first + int(gaps.argmax())
        if gaps.max() < 1e-4 * preference.abs().max():
            raise SystemExit("two images that should part are too near to each other: roundings could move one")
        shift = -(preference[place] + preference[place + 1]) / 2
        last_layer(control).bias.data[0] += shift
        scores[:, 0] += shift
        return scores


def last_layer(control):
    return [layer for layer in control.modules() if isinstance(layer, nn.Linear)][-1]
