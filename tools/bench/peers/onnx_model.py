"""A network as an ONNX model: control nodes as `If`, each branch a graph of its own that holds its weights.

`Writer` executes a flow of networks.py as layers.Eager does, on names of ONNX values instead of tensors; shapes are
static."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from layers import BasicBlock, Normalize, ShortcutA, Skipped

OPSET = 21
#: What the opset needs; ONNX Runtime may not know the newest.
IR_VERSION = 10


class Writer:
    def __init__(self, batch):
        self.batch = batch
        self.nodes, self.initializers = [], []
        self.names = 0

    def __call__(self, step, value):
        if not isinstance(step, nn.Module):
            return step(value)
        if isinstance(step, nn.Sequential):
            for layer in step:
                value = self(layer, value)
            return value
        return WRITERS[type(step)](self, step, value)

    def add(self, op, *inputs, **attributes):
        """An operator of one result; its name."""
        self.names += 1
        name = f"{op}_{self.names}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=f"node_{name}", **attributes))
        return name

    def constant(self, array):
        self.names += 1
        name = f"constant_{self.names}"
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def concat(self, values):
        return self.add("Concat", *values, axis=1)

    def branch(self, control, value, *actions):
        # The first of equal scores wins, in ArgMax as in d2nn; of two actions its index is the condition of an `If`.
        first, second = actions
        index = self.add("ArgMax", self(control, value), axis=1, keepdims=0)
        condition = self.add("Cast", index, to=TensorProto.BOOL)
        return self.add("If", condition, then_branch=self.graph_of(*second), else_branch=self.graph_of(*first))

    def graph_of(self, step, operand):
        outer = self.nodes, self.initializers
        self.nodes, self.initializers = [], []
        result = helper.make_tensor_value_info(self(step, operand), TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, f"branch_{self.names}", [], [result], self.initializers)
        self.nodes, self.initializers = outer
        return graph


def write_conv(writer, layer, value):
    inputs = [value, writer.constant(layer.weight.numpy())]
    if layer.bias is not None:
        inputs.append(writer.constant(layer.bias.numpy()))
    return writer.add("Conv", *inputs, kernel_shape=layer.kernel_size, strides=layer.stride, pads=layer.padding * 2)


def write_dense(writer, layer, value):
    inputs = [value, writer.constant(layer.weight.numpy()), writer.constant(layer.bias.numpy())]
    return writer.add("Gemm", *inputs, transB=1)


def write_max_pool(writer, layer, value):
    return writer.add("MaxPool", value, kernel_shape=[layer.kernel_size] * 2, strides=[layer.stride] * 2,
                      pads=[layer.padding] * 4)


def write_batch_norm(writer, layer, value):
    parameters = (layer.weight, layer.bias, layer.running_mean, layer.running_var)
    return writer.add("BatchNormalization", value, *(writer.constant(p.numpy()) for p in parameters), epsilon=layer.eps)


def write_normalize(writer, layer, value):
    shifted = writer.add("Sub", value, writer.constant(layer.mean.numpy()))
    return writer.add("Mul", shifted, writer.constant((1 / layer.std).numpy()))


def write_shortcut(writer, layer, value):
    # Slice and Pad say it more plainly; a convolution stays in ONNX Runtime's blocked layout: resnet20 is 5 % faster.
    channels = 2 * layer.zeros
    kernel = np.zeros((2 * channels, channels, 1, 1), np.float32)
    kernel[layer.zeros:layer.zeros + channels, :, 0, 0] = np.eye(channels)
    return writer.add("Conv", value, writer.constant(kernel), kernel_shape=[1, 1], strides=[2, 2])


def write_basic_block(writer, block, value):
    inner = value
    for layer in (block.conv1, block.bn1, block.relu, block.conv2, block.bn2):
        inner = writer(layer, inner)
    return writer.add("Relu", writer.add("Add", inner, writer(block.shortcut, value)))


def write_skipped(writer, layer, value):
    low = np.full((writer.batch, layer.elements), layer.value, np.float32)
    return writer.add("Constant", value=numpy_helper.from_array(low))


WRITERS = {
    nn.Conv2d: write_conv,
    nn.Linear: write_dense,
    nn.MaxPool2d: write_max_pool,
    nn.BatchNorm2d: write_batch_norm,
    nn.ReLU: lambda writer, layer, value: writer.add("Relu", value),
    nn.Flatten: lambda writer, layer, value: writer.add("Flatten", value),
    nn.AdaptiveAvgPool2d: lambda writer, layer, value: writer.add("GlobalAveragePool", value),
    nn.Identity: lambda writer, layer, value: value,
    Normalize: write_normalize,
    ShortcutA: write_shortcut,
    BasicBlock: write_basic_block,
    Skipped: write_skipped,
}


def onnx_model(network, batch):
    """The model's bytes: input `image`, output `scores`, both of `batch` rows."""
    writer = Writer(batch)
    result = network.flow(writer, "image")
    writer.nodes.append(helper.make_node("Identity", [result], ["scores"]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, 3, network.size, network.size])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, network.classes])
    graph = helper.make_graph(writer.nodes, "network", [image], [scores], writer.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    return model.SerializeToString()
