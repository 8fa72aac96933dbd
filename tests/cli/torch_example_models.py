"""Networks of the examples in plain PyTorch, under the parameter names of the public models: torchvision's MobileNets, timm's MLP-Mixer. And the dynamic ones, whose samples take
paths: functions of their weights by d2nn's names."""

import torch
from torch import nn
from torch.nn import functional as F


def conv_norm(channels, filters, kernel=1, stride=1, groups=1, activation=None, **norm):
    layers = [nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(filters, **norm)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, squeezed, activation=nn.Sigmoid):
        super().__init__()
        self.fc1, self.fc2, self.activation = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1), activation()

    def forward(self, x):
        return x * self.activation(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class InvertedResidualV2(nn.Module):
    def __init__(self, channels, filters, stride, expansion):
        super().__init__()
        inner = channels * expansion
        layers = [conv_norm(channels, inner, activation=nn.ReLU6)] if expansion > 1 else []
        self.conv = nn.Sequential(*layers, conv_norm(inner, inner, 3, stride, inner, nn.ReLU6), nn.Conv2d(inner, filters, 1, bias=False), nn.BatchNorm2d(filters))
        self.adds = stride == 1 and channels == filters

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, classes):
        super().__init__()
        layers, channels = [conv_norm(3, 32, 3, 2, activation=nn.ReLU6)], 32
        for expansion, filters, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
            for i in range(count):
                layers.append(InvertedResidualV2(channels, filters, stride if i == 0 else 1, expansion))
                channels = filters
        self.features = nn.Sequential(*layers, conv_norm(channels, 1280, activation=nn.ReLU6))
        self.classifier = nn.Sequential(nn.Dropout(0.0), nn.Linear(1280, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class InvertedResidualV3(nn.Module):
    def __init__(self, channels, kernel, expanded, filters, squeezed, hard, stride):
        super().__init__()
        norm, activation = {"eps": 1e-3, "momentum": 0.01}, nn.Hardswish if hard else nn.ReLU
        layers = [conv_norm(channels, expanded, activation=activation, **norm)] if expanded != channels else []
        layers.append(conv_norm(expanded, expanded, kernel, stride, expanded, activation, **norm))
        layers += [SqueezeExcitation(expanded, squeezed, nn.Hardsigmoid)] if squeezed else []
        self.block = nn.Sequential(*layers, conv_norm(expanded, filters, **norm))
        self.adds = stride == 1 and channels == filters

    def forward(self, x):
        return x + self.block(x) if self.adds else self.block(x)


class MobileNetV3(nn.Module):
    SMALL = ((3, 16, 16, 8, False, 2), (3, 72, 24, 0, False, 2), (3, 88, 24, 0, False, 1), (5, 96, 40, 24, True, 2), (5, 240, 40, 64, True, 1), (5, 240, 40, 64, True, 1),
             (5, 120, 48, 32, True, 1), (5, 144, 48, 40, True, 1), (5, 288, 96, 72, True, 2), (5, 576, 96, 144, True, 1), (5, 576, 96, 144, True, 1))

    def __init__(self, classes, stages=SMALL, hidden=1024):
        super().__init__()
        norm = {"eps": 1e-3, "momentum": 0.01, "activation": nn.Hardswish}
        layers, channels = [conv_norm(3, 16, 3, 2, **norm)], 16
        for stage in stages:
            layers.append(InvertedResidualV3(channels, *stage))
            channels = stage[2]
        self.features = nn.Sequential(*layers, conv_norm(channels, 6 * channels, **norm))
        self.classifier = nn.Sequential(nn.Linear(6 * channels, hidden), nn.Hardswish(), nn.Dropout(0.0), nn.Linear(hidden, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class SEBlock(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters)
        self.conv2, self.bn2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters)
        self.se = SqueezeExcitation(filters, filters // 8)
        self.downsample = conv_norm(channels, filters, 1, stride) if stride > 1 or channels != filters else None

    def forward(self, x):
        branch = self.se(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(branch + (self.downsample(x) if self.downsample else x))


class SEResNet(nn.Module):
    def __init__(self, n, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(*(SEBlock(16, 16, 1) for _ in range(n)))
        self.layer2 = nn.Sequential(*(SEBlock(32 if i else 16, 32, 1 if i else 2) for i in range(n)))
        self.layer3 = nn.Sequential(*(SEBlock(64 if i else 32, 64, 1 if i else 2) for i in range(n)))
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        return self.fc(self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x)))))).mean((2, 3)))


class Mlp(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(size, hidden), nn.Linear(hidden, size)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class MixerBlock(nn.Module):
    def __init__(self, width, places, tokens, inner):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.mlp_tokens, self.mlp_channels = Mlp(places, tokens), Mlp(width, inner)

    def forward(self, x):
        x = x + self.mlp_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.mlp_channels(self.norm2(x))


class MlpMixer(nn.Module):
    def __init__(self, classes, size, patch, width, depth, tokens, inner):
        super().__init__()
        self.stem = nn.Module()
        self.stem.proj = nn.Conv2d(3, width, patch, patch)
        self.blocks = nn.Sequential(*(MixerBlock(width, (size // patch) ** 2, tokens, inner) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width, eps=1e-6), nn.Linear(width, classes)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.stem.proj(x).flatten(2).transpose(1, 2))).mean(1))


def halved(x):
    return F.max_pool2d(x, 3, 2, 1)


def layer(weights, name, x, stride=1):
    """A convolution with padding 1, or a dense layer, whatever the weights called so are."""
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    return F.conv2d(x, weight, bias, stride, 1) if weight.dim() == 4 else F.linear(x.flatten(1), weight, bias)


def early_exit(weights, x):
    """Scores of one sample, its path, and the scores of the control nodes that decided."""

    def exit_of(number, x):
        name = f"exit{number}.hidden_classifier1"
        return layer(weights, f"{name}.fc", F.relu(layer(weights, f"{name}.hidden", F.avg_pool2d(x, 2))))

    def stops(number, scores):
        p = F.softmax(scores, 1)
        best = p.topk(2).values
        entropy = -(p * p.clamp(1e-7, 1.0).log()).sum(1, keepdim=True)
        name = f"sure{number}.confidence_gate1"
        seen = torch.cat((best[:, :1], best[:, :1] - best[:, 1:], entropy), 1)
        decisions.append(layer(weights, f"{name}.scores", F.relu(layer(weights, f"{name}.hidden", seen))))
        return decisions[-1].argmax() == 0

    decisions = []
    x = halved(F.relu(layer(weights, "stage1.conv_relu_halve1.conv", x, 2)))
    scores = exit_of(1, x)
    if stops(1, scores):
        return scores, {"sure1": "stop", "sure2": None}, decisions
    x = halved(F.relu(layer(weights, "stage2.conv_relu_halve1.conv", x)))
    scores = exit_of(2, x)
    if stops(2, scores):
        return scores, {"sure1": "go", "sure2": "stop"}, decisions
    x = F.relu(layer(weights, "stage3.conv_relu2.conv", F.relu(layer(weights, "stage3.conv_relu1.conv", x))))
    return exit_of(3, x), {"sure1": "go", "sure2": "go"}, decisions


def mixture_of_experts(weights, x):
    """Scores of one sample, its path, and the scores of the control nodes that decided."""
    x = halved(F.relu(layer(weights, "stem.conv_relu_halve1.conv", x, 2)))
    x = halved(F.relu(layer(weights, "stem.conv_relu_halve2.conv", x)))
    shares = F.softmax(layer(weights, "router.weights", F.relu(layer(weights, "router.hidden", x.mean((2, 3))))), 1)
    decision = layer(weights, "gate.dense1", shares)
    pick = int(decision.argmax())
    answer = layer(weights, f"expert[{pick}].dense1", halved(F.relu(layer(weights, f"expert[{pick}].conv_relu_halve1.conv", x))))
    return answer * shares[:, pick], {"gate": f"pick[{pick}]"}, [decision]
