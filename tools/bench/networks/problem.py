"""The problem that all contestants of the high_low benchmark get: weights, images, labels and paths, as files.

Weights are PyTorch's defaults for a fixed seed. The path is forced by the bias of Q's last layer alone: far to one side
for `low` and `high`; for `mixed` between the two halves of the images (one half is brighter), so that half of the rows
take each path, in a shuffled order."""

import array

import torch
from torch import nn

from contest import raw, save_safetensors

BATCH = 64


def pool():
    return nn.MaxPool2d(3, stride=2, padding=1)


class HighLow(nn.Module):
    """examples/high_low in PyTorch, layer for layer; the branches of a batch by gather and scatter."""

    def __init__(self):
        super().__init__()
        self.N1 = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), pool())
        self.N2 = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), pool(), nn.Flatten(), nn.Linear(3136, 512),
                                nn.ReLU(), nn.Linear(512, 2))
        self.N3 = nn.Sequential(pool(), nn.Flatten(), nn.Linear(1568, 32), nn.ReLU(), nn.Linear(32, 2))
        self.Q = nn.Sequential(nn.Conv2d(8, 2, 3, padding=1), nn.ReLU(), pool(), nn.Flatten(), nn.Linear(392, 128),
                               nn.ReLU(), nn.Linear(128, 2))

    def forward(self, images):
        shared = self.N1(images)
        decisions = self.Q(shared)
        if images.shape[0] == 1:
            scores = self.N2(shared) if bool(decisions[0, 0] >= decisions[0, 1]) else self.N3(shared)
            return scores, decisions
        takes_high = decisions[:, 0] >= decisions[:, 1]
        high = takes_high.nonzero().squeeze(1)
        low = takes_high.logical_not().nonzero().squeeze(1)
        if low.numel() == 0:
            return self.N2(shared), decisions
        if high.numel() == 0:
            return self.N3(shared), decisions
        scores = shared.new_empty(images.shape[0], 2)
        scores = scores.index_copy(0, high, self.N2(shared.index_select(0, high)))
        scores = scores.index_copy(0, low, self.N3(shared.index_select(0, low)))
        return scores, decisions

    def parameters_by_name(self):
        """Names as the compiler gives them (NODE.conv1.weight), in its order: nodes as declared, layers as they stand."""
        named = {}
        for node_name, node in (("N1", self.N1), ("N2", self.N2), ("N3", self.N3), ("Q", self.Q)):
            counts = {}
            for layer in node:
                kind = "conv" if isinstance(layer, nn.Conv2d) else "dense" if isinstance(layer, nn.Linear) else None
                if kind is not None:
                    counts[kind] = counts.get(kind, 0) + 1
                    named[f"{node_name}.{kind}{counts[kind]}.weight"] = layer.weight
                    named[f"{node_name}.{kind}{counts[kind]}.bias"] = layer.bias
        return named


def loss_of(scores, decisions, labels):
    """Cross-entropy of the scores and the mean square of Q's: both kinds of nodes learn something."""
    return nn.functional.cross_entropy(scores, labels) + decisions.square().mean()


def make_problem(folder):
    """Writes the files; returns (images, labels, {case: model})."""
    torch.manual_seed(1)
    bright = torch.randperm(BATCH) < BATCH // 2
    images = 0.5 * torch.rand(BATCH, 3, 112, 112) + 0.5 * bright.float().reshape(BATCH, 1, 1, 1)
    labels = torch.randint(0, 2, (BATCH,))
    first = HighLow()
    with torch.no_grad():
        decisions = first.Q(first.N1(images))
        preference = decisions[:, 0] - decisions[:, 1]
        ordered = preference.sort().values
        middle = (ordered[BATCH // 2 - 1] + ordered[BATCH // 2]) / 2
        gap = (ordered[BATCH // 2] - ordered[BATCH // 2 - 1]).item()
    if gap < 1e-3:
        raise SystemExit(f"the halves of the images are only {gap:.2g} apart: roundings could move a row")
    models = {}
    for case, shift in (("low", -100.0), ("high", 100.0), ("mixed", -middle.item())):
        model = HighLow()
        model.load_state_dict(first.state_dict())
        with torch.no_grad():
            model.Q[-1].bias[0] += shift
            _, decisions = model(images)
        paths = (decisions[:, 0] >= decisions[:, 1]).tolist()
        if sum(paths) != {"low": 0, "high": BATCH, "mixed": BATCH // 2}[case]:
            raise SystemExit(f"{sum(paths)} of {BATCH} rows take the high path in case `{case}`")
        save_safetensors(f"{folder}/{case}.safetensors", model.parameters_by_name())
        with open(f"{folder}/{case}.paths", "wb") as stream:
            stream.write(bytes(int(path) for path in paths))
        models[case] = model
    with open(f"{folder}/images.f32", "wb") as stream:
        stream.write(raw(images))
    with open(f"{folder}/labels.i32", "wb") as stream:
        stream.write(array.array("i", labels.tolist()).tobytes())
    return images, labels, models
