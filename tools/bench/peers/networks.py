"""The networks of the comparison: programs of examples, node for node, as flows for PyTorch and the ONNX writer."""

import torch
from torch import nn

from layers import BasicBlock, Body, ConvRelu, Decision, Eager, Normalize, PooledGate, Skipped, halve


class Network(nn.Module):
    """Nodes are submodules by their names in `program`; `flow(run, image)` is what happens to them. Parameters have the
    names and shapes of the program's, so that one file of weights serves all."""

    size = 112
    classes = 2
    controls = ()
    #: Score of a class that was not looked at.
    skipped_score = None
    eager = Eager()

    def forward(self, image):
        return self.flow(self.eager, image)

    def node(self, name):
        return self.get_submodule(name)


class HighLow(Network):
    program = "examples/high_low/high_low.d2nn"
    controls = ("Q",)

    def __init__(self):
        super().__init__()
        self.N1 = Body(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), halve())
        self.N2 = Body(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), halve(), nn.Flatten(), nn.Linear(3136, 512),
                       nn.ReLU(), nn.Linear(512, 2))
        self.N3 = Body(halve(), nn.Flatten(), nn.Linear(1568, 32), nn.ReLU(), nn.Linear(32, 2))
        self.Q = Body(nn.Conv2d(8, 2, 3, padding=1), nn.ReLU(), halve(), nn.Flatten(), nn.Linear(392, 128), nn.ReLU(),
                      nn.Linear(128, 2))

    def flow(self, run, image):
        shared = run(self.N1, image)
        return run.branch(self.Q, shared, (self.N2, shared), (self.N3, shared))


class Cascade(Network):
    program = "examples/cascade/cascade.d2nn"
    controls = ("Q1", "Q2", "Q3")

    def __init__(self):
        super().__init__()
        self.N1 = Body(ConvRelu(3, 2, stride=2, halved=True))
        self.N2 = Body(ConvRelu(2, 16, halved=True), nn.Flatten(), nn.Linear(3136, 2))
        self.Q1 = Body(nn.Flatten(), nn.Linear(1568, 2))
        self.N3 = Body(ConvRelu(3, 2, stride=2, halved=True), ConvRelu(2, 8, stride=2, halved=True))
        self.N4 = Body(halve(), halve(), nn.Flatten(), nn.Linear(32, 2))
        self.Q2 = Body(nn.Flatten(), nn.Linear(392, 2))
        self.N5 = Body(ConvRelu(3, 4, stride=2, halved=True), ConvRelu(4, 16, stride=2, halved=True))
        self.N6 = Body(halve(), halve(), nn.Flatten(), nn.Linear(64, 2))
        self.Q3 = Body(nn.Flatten(), nn.Linear(784, 2))
        self.N7 = Body(ConvRelu(3, 2, stride=2, halved=True), ConvRelu(2, 8, stride=2, halved=True),
                       ConvRelu(8, 64, stride=2), nn.Flatten(), nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, 512),
                       nn.ReLU(), nn.Linear(512, 2))

    def flow(self, run, image):
        def second(image):
            seen = run(self.N3, image)
            return run.branch(self.Q2, seen, (self.N4, seen), (third, image))

        def third(image):
            seen = run(self.N5, image)
            return run.branch(self.Q3, seen, (self.N6, seen), (self.N7, image))

        seen = run(self.N1, image)
        return run.branch(self.Q1, seen, (self.N2, seen), (second, image))


class Chain(Network):
    program = "examples/chain/chain.d2nn"
    controls = ("Q1", "Q2", "Q3")

    def __init__(self):
        super().__init__()
        self.N1 = Body(ConvRelu(3, 2, stride=2, halved=True))
        self.N2 = Body(ConvRelu(2, 16, kernel=1))
        self.N3 = Body(ConvRelu(2, 16))
        self.N4 = Body(halve())
        self.Q1 = Body(PooledGate(2, 8, 392, 64))
        self.N5 = Body(ConvRelu(16, 32, kernel=1))
        self.N6 = Body(ConvRelu(16, 32), ConvRelu(32, 32))
        self.N7 = Body(halve())
        self.Q2 = Body(halve(), ConvRelu(16, 4), nn.Flatten(), nn.Linear(196, 64), nn.ReLU(), nn.Linear(64, 2))
        self.N8 = Body(ConvRelu(32, 32, kernel=1, halved=True), nn.Flatten(), nn.Linear(512, 256), nn.ReLU())
        self.N9 = Body(ConvRelu(32, 64), nn.Flatten(), nn.Linear(3136, 256), nn.ReLU())
        self.N10 = Body(nn.Linear(256, 2))
        self.Q3 = Body(ConvRelu(32, 2), nn.Flatten(), nn.Linear(98, 64), nn.ReLU(), nn.Linear(64, 2))

    def flow(self, run, image):
        value = run(self.N1, image)
        for control, low, high, after in ((self.Q1, self.N2, self.N3, self.N4), (self.Q2, self.N5, self.N6, self.N7),
                                          (self.Q3, self.N8, self.N9, self.N10)):
            # One of the two edges counts as 0 in the sum, so the sum is the other one.
            value = run(after, run.branch(control, value, (low, value), (high, value)))
        return value


class Hierarchy(Network):
    program = "examples/hierarchy/hierarchy.d2nn"
    size = 224
    classes = 10
    controls = tuple(f"Q[{i}]" for i in range(1, 8))
    skipped_score = -10.0

    def __init__(self):
        super().__init__()
        self.add_module("N[1]", Body(nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), halve()))
        for i in (2, 3):
            self.add_module(f"N[{i}]", Body(ConvRelu(64, 96, kernel=5)))
            self.add_module(f"Q[{i - 1}]", Body(ConvRelu(64, 16, kernel=5, halved=True),
                                                nn.Conv2d(16, 32, 5, padding=1), nn.ReLU(), halve(), Decision(1152)))
        for i in range(4, 9):
            self.add_module(f"N[{i}]", Body(halve(), ConvRelu(96, 160), ConvRelu(160, 128),
                                            ConvRelu(128, 128, halved=True), nn.Flatten(), nn.Linear(6272, 2048),
                                            nn.ReLU(), nn.Linear(2048, 2)))
            self.add_module(f"Q[{i - 1}]", Body(ConvRelu(96, 16, kernel=5, halved=True),
                                                ConvRelu(16, 32, halved=True), Decision(1568)))

    def flow(self, run, image):
        def look(index, step, value, skipped):
            return run.branch(self.node(f"Q[{index - 1}]"), value, (step, value),
                              (Skipped(skipped, self.skipped_score), value))

        def superclass(index, pairs):
            def leaves(value):
                seen = run(self.node(f"N[{index}]"), value)
                return run.concat([look(pair, self.node(f"N[{pair}]"), seen, 2) for pair in pairs])

            return leaves

        shared = run(self.node("N[1]"), image)
        return run.concat([look(2, superclass(2, (4, 5)), shared, 4), look(3, superclass(3, (6, 7, 8)), shared, 6)])


class Resnet20(Network):
    program = "examples/resnet_cifar/resnet_cifar.d2nn"
    size = 32
    classes = 10

    def __init__(self):
        super().__init__()
        self.normalize = Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU()
        self.layer1 = nn.Sequential(*(BasicBlock(16, 16) for _ in range(3)))
        self.layer2 = nn.Sequential(BasicBlock(16, 32), BasicBlock(32, 32), BasicBlock(32, 32))
        self.layer3 = nn.Sequential(BasicBlock(32, 64), BasicBlock(64, 64), BasicBlock(64, 64))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(64, 10)
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm2d):
                # As after training: with the statistics of a fresh layer, to leave it out would go unnoticed.
                for tensor, low, high in ((layer.weight, 0.5, 1.0), (layer.bias, -0.2, 0.2),
                                          (layer.running_mean, -0.2, 0.2), (layer.running_var, 0.5, 1.5)):
                    nn.init.uniform_(tensor, low, high)

    def flow(self, run, image):
        value = image
        for step in (self.normalize, self.conv1, self.bn1, self.relu, self.layer1, self.layer2, self.layer3, self.pool,
                     self.flatten, self.linear):
            value = run(step, value)
        return value


NETWORKS = {"high_low": HighLow, "cascade": Cascade, "chain": Chain, "hierarchy": Hierarchy, "resnet20": Resnet20}


def make_network(name):
    """With PyTorch's default weights for a fixed seed."""
    torch.manual_seed(1)
    return NETWORKS[name]().eval().requires_grad_(False)
