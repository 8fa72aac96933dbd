#!/usr/bin/env python3
"""Prints torch_models.json: scores and gradients of PyTorch for small sizes of the examples' networks that PyTorch's users know.

    python3 -m venv venv && venv/bin/pip install torch==2.13.0
    venv/bin/python tests/cli/make_torch_models.py > tests/cli/torch_models.json

The models are torchvision's and timm's, written out under their names of parameters; neither is needed. Only needed when a model
changes; torch_models_test.py reads the printed file. For the dynamic networks, which have names of d2nn's own, D2NN_PROGRAM says where d2nn is.
"""

import json
import os
import pathlib
import subprocess
import tempfile

import torch
from torch import nn

import torch_example_models as examples
from drawn_numbers import drawn, weight

torch.set_default_dtype(torch.float64)
SAMPLES = 4
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


class EncoderBlock(nn.Module):
    def __init__(self, dim, heads, hidden):
        super().__init__()
        self.ln_1 = nn.LayerNorm(dim, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Dropout(0.0), nn.Linear(hidden, dim), nn.Dropout(0.0))

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.self_attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    def __init__(self, tokens, dim, depth, heads, hidden):
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.empty(1, tokens, dim))
        self.layers = nn.Sequential()
        for i in range(depth):
            self.layers.add_module(f"encoder_layer_{i}", EncoderBlock(dim, heads, hidden))
        self.ln = nn.LayerNorm(dim, eps=1e-6)

    def forward(self, x):
        return self.ln(self.layers(x + self.pos_embedding))


class VisionTransformer(nn.Module):
    """torchvision.models.VisionTransformer."""

    def __init__(self, classes, size, patch, dim, depth, heads, hidden):
        super().__init__()
        self.class_token = nn.Parameter(torch.empty(1, 1, dim))
        self.conv_proj = nn.Conv2d(3, dim, patch, patch)
        self.encoder = Encoder((size // patch) ** 2 + 1, dim, depth, heads, hidden)
        self.heads = nn.Sequential()
        self.heads.add_module("head", nn.Linear(dim, classes))

    def forward(self, x):
        x = self.conv_proj(x).flatten(2).permute(0, 2, 1)
        x = torch.cat((self.class_token.expand(x.shape[0], -1, -1), x), 1)
        return self.heads(self.encoder(x)[:, 0])


class LayerNorm2d(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Permute(nn.Module):
    def __init__(self, *axes):
        super().__init__()
        self.axes = axes

    def forward(self, x):
        return x.permute(self.axes)


class CNBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(dim, dim, 7, padding=3, groups=dim), Permute(0, 2, 3, 1), nn.LayerNorm(dim, eps=1e-6),
                                   nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim), Permute(0, 3, 1, 2))
        self.layer_scale = nn.Parameter(torch.empty(dim, 1, 1))

    def forward(self, x):
        return x + self.layer_scale * self.block(x)


class ConvNeXt(nn.Module):
    """torchvision.models.ConvNeXt."""

    def __init__(self, classes, widths, depths, patch):
        super().__init__()
        layers = [nn.Sequential(nn.Conv2d(3, widths[0], patch, patch), LayerNorm2d(widths[0], eps=1e-6))]
        for i, (dim, depth) in enumerate(zip(widths, depths)):
            layers.append(nn.Sequential(*(CNBlock(dim) for _ in range(depth))))
            if i + 1 < len(widths):
                layers.append(nn.Sequential(LayerNorm2d(dim, eps=1e-6), nn.Conv2d(dim, widths[i + 1], 2, 2)))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(LayerNorm2d(widths[-1], eps=1e-6), nn.Flatten(1), nn.Linear(widths[-1], classes))

    def forward(self, x):
        return self.classifier(nn.functional.adaptive_avg_pool2d(self.features(x), 1))


def shortened(number):
    return float(f"{number:.7g}")


def drawn_weight(name, shape):
    return torch.tensor(weight(name, shape)).reshape(shape)


def numbers(values):
    return [shortened(value) for value in values.flatten().tolist()]


def fixture(model, program, definitions, size, network=None, normalization=(MEAN, DEVIATION), has_gradients=True):
    """A static network: scores, gradients of a step, and what batch normalisation makes of its statistics in that step."""
    buffers = {name: value for name, value in model.named_buffers() if not name.endswith("num_batches_tracked")}
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *buffers.items()]:
            value.copy_(drawn_weight(name, value.shape))
    classes = int(definitions["classes"])
    pictures = torch.tensor(drawn("pictures", SAMPLES * 3 * size * size, 0.5, 0.5)).reshape(SAMPLES, 3, size, size)
    labels = torch.arange(SAMPLES) % classes
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in normalization)
    pictures = (pictures - mean) / deviation
    scores = model.eval()(pictures)
    nn.functional.cross_entropy(model.train()(pictures), labels).backward()
    parameters = []
    for name, parameter in model.named_parameters():
        entry = {"name": name, "shape": list(parameter.shape)}
        if has_gradients:
            probe = torch.tensor(drawn("probe " + name, parameter.numel())).reshape(parameter.shape)
            entry |= {"gradient_norm": shortened(parameter.grad.norm().item()), "gradient_on_probe": shortened((parameter.grad * probe).sum().item())}
        parameters.append(entry)
    statistics = [{"name": name, "shape": list(value.shape), "mean_after": shortened(value.mean().item())} for name, value in buffers.items()]
    return {"program": program, "network": network, "definitions": definitions, "size": size, "samples": SAMPLES, "classes": classes, "has_gradients": has_gradients,
            "scores": numbers(scores.detach()), "parameters": parameters, "statistics": statistics}


def shapes_of(program):
    """{name: shape} of the parameters of a program, of d2nn."""
    path = pathlib.Path(__file__).parents[2] / "examples" / program
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([pathlib.Path(os.environ["D2NN_PROGRAM"]).resolve(), "build", path, "--emit", "obj", "-O0", "-o", "net.o"], cwd=folder, check=True)
        (network,) = json.loads(pathlib.Path(folder, "net.json").read_text())["networks"]
    return {parameter["name"]: parameter["shape"] for parameter in network["parameters"]}


def is_clear(scores):
    """Whether the two best scores are further apart than rounding."""
    best = scores.topk(2).values[0]
    return best[0] - best[1] > 1e-3 * scores.abs().max()


def dynamic_fixture(function, program, size, samples, biases_of_gates):
    """A dynamic network: scores and paths. The biases of the gates' scores, in the order of deciding, are set so that samples differ in what they decide; their pictures differ in
    brightness."""
    shapes = shapes_of(program)
    weights = {name: drawn_weight(name, shape) for name, shape in shapes.items()}
    pictures = torch.tensor(drawn("pictures", samples * 3 * size * size, 0.5, 0.5)).reshape(samples, 3, size, size)
    pictures *= torch.arange(1, samples + 1).view(samples, 1, 1, 1) / samples
    biases = {}
    for number, name in enumerate(biases_of_gates):
        weights[name].zero_()
        reached = [decisions[number] for _, _, decisions in (function(weights, picture[None]) for picture in pictures) if len(decisions) > number]
        biases[name] = [float(f"{-value:.4g}") for value in torch.cat(reached).mean(0).tolist()]
        weights[name] = torch.tensor(biases[name])
    results = [function(weights, picture[None]) for picture in pictures]
    assert all(is_clear(scores) for _, _, decisions in results for scores in decisions), program
    assert len({str(path) for _, path, _ in results}) > len(biases_of_gates), program
    return {"program": program, "network": None, "definitions": {}, "size": size, "samples": samples, "biases": biases,
            "parameters": [{"name": name, "shape": shape} for name, shape in shapes.items()], "statistics": [],
            "scores": numbers(torch.cat([scores for scores, _, _ in results])), "paths": [path for _, path, _ in results]}


def as_text(model):
    """JSON with a line for each parameter."""
    lists = ("parameters", "statistics")
    text = json.dumps({key: value for key, value in model.items() if key not in lists})[:-1]
    for key in lists:
        text += f', "{key}": [' + ",".join("\n " + json.dumps(entry) for entry in model[key]) + "]"
    return text + "}"


def main():
    vit = {"classes": 7, "size": 12, "patch": 4, "dim": 24, "depth": 2, "heads": 3, "hidden": 40}
    widths, depths = [8, 12, 16, 20], [1, 2, 1, 1]
    convnext = {"classes": "5", "size": "32", "widths": str(widths), "depths": str(depths), "patch": "2"}
    models = [
        fixture(VisionTransformer(**vit), "vit_tiny/vit_tiny.d2nn", {name: str(value) for name, value in vit.items()}, vit["size"]),
        fixture(ConvNeXt(5, widths, depths, 2), "convnext_tiny/convnext_tiny.d2nn", convnext, 32),
    ]
    # Training of MobileNetV2 is so sensitive to rounding, by relu6 and by batch normalisation over few places, that PyTorch in f32 disagrees with itself in f64.
    mobile = {"classes": "10", "size": "64"}
    models += [
        fixture(examples.MobileNetV2(10), "imagenet/mobilenet.d2nn", mobile, 64, "mobilenet_v2", has_gradients=False),
        fixture(examples.MobileNetV3(10), "mobilenet_v3/mobilenet_v3.d2nn", mobile | {"drop": "0.0"}, 64, "mobilenet_v3_small"),
        fixture(examples.SEResNet(2, 10), "squeeze_excite/squeeze_excite.d2nn", {"classes": "10", "n": "2"}, 32),
        fixture(examples.MlpMixer(10, 32, 4, 96, 2, 48, 384), "mlp_mixer/mlp_mixer.d2nn", {"classes": "10", "depth": "2"}, 32, normalization=([0.5] * 3, [0.5] * 3)),
        dynamic_fixture(examples.early_exit, "early_exit/early_exit.d2nn", 48, 8, ["sure1.confidence_gate1.scores.bias", "sure2.confidence_gate1.scores.bias"]),
        dynamic_fixture(examples.mixture_of_experts, "mixture_of_experts/mixture_of_experts.d2nn", 48, 8, ["gate.dense1.bias"]),
    ]
    print("[" + ",\n".join(as_text(model) for model in models) + "]")


main()
