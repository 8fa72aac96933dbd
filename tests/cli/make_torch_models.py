#!/usr/bin/env python3
"""Prints torch_models.json: scores and gradients of PyTorch for small sizes of the examples' networks that PyTorch's users know.

    python3 -m venv venv && venv/bin/pip install torch==2.13.0
    venv/bin/python tests/cli/make_torch_models.py > tests/cli/torch_models.json

The models are torchvision's, written out under its names of parameters; torchvision itself is not needed. Only needed when a model
changes; torch_models_test.py reads the printed file.
"""

import json

import torch
from torch import nn

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


def fixture(model, program, definitions, size):
    for name, parameter in model.named_parameters():
        parameter.data = torch.tensor(weight(name, parameter.shape)).reshape(parameter.shape)
    classes = int(definitions["classes"])
    pictures = torch.tensor(drawn("pictures", SAMPLES * 3 * size * size, 0.5, 0.5)).reshape(SAMPLES, 3, size, size)
    labels = torch.arange(SAMPLES) % classes
    scores = model((pictures - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(DEVIATION).view(3, 1, 1))
    nn.functional.cross_entropy(scores, labels).backward()
    parameters = []
    for name, parameter in model.named_parameters():
        probe = torch.tensor(drawn("probe " + name, parameter.numel())).reshape(parameter.shape)
        parameters.append({"name": name, "shape": list(parameter.shape), "gradient_norm": shortened(parameter.grad.norm().item()),
                           "gradient_on_probe": shortened((parameter.grad * probe).sum().item())})
    return {"program": program, "definitions": definitions, "size": size, "samples": SAMPLES, "classes": classes,
            "scores": [shortened(score) for score in scores.flatten().tolist()], "parameters": parameters}


def main():
    vit = {"classes": 7, "size": 12, "patch": 4, "dim": 24, "depth": 2, "heads": 3, "hidden": 40}
    widths, depths = [8, 12, 16, 20], [1, 2, 1, 1]
    convnext = {"classes": "5", "size": "32", "widths": str(widths), "depths": str(depths), "patch": "2"}
    models = [
        fixture(VisionTransformer(**vit), "vit_tiny/vit_tiny.d2nn", {name: str(value) for name, value in vit.items()}, vit["size"]),
        fixture(ConvNeXt(5, widths, depths, 2), "convnext_tiny/convnext_tiny.d2nn", convnext, 32),
    ]
    print(json.dumps(models, indent=1))


main()
