#!/usr/bin/env python3
"""Prints torch_fixtures.cpp: what PyTorch 2.13 computes for each layer, forward and backward, in float64.

    python3 -m venv venv && venv/bin/pip install torch==2.13.0
    venv/bin/python tests/reference/make_torch_fixtures.py > tests/reference/torch_fixtures.cpp

Only needed when a fixture changes; the tests read the printed file.
"""

import torch
import torch.nn.functional as F

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def short(*shape):
    """Random numbers with two decimals, so that the file can be read."""
    return (torch.randn(*shape) * 100).round() / 100


def numbers(tensor):
    return "{" + ", ".join(f"{float(x):.13g}" for x in tensor.detach().flatten()) + "}"


def dims(tensor):
    return "{" + ", ".join(str(d) for d in tensor.shape[1:]) + "}"


def emit(name, kind, attrs, operands, weights, function, frozen=(), after=None):
    """One fixture; operands carry the batch as axis 0. `frozen`: positions of weights without gradient."""
    operands = [x.clone().requires_grad_() for x in operands]
    weights = [w.clone().requires_grad_(i not in frozen) for i, w in enumerate(weights)]
    result = function(*operands, *weights)
    upstream = short(*result.shape)
    (result * upstream).sum().backward()
    print("  {")
    print(f'    Fixture f;\n    f.name = "{name}";\n    f.layer = "{kind}";')
    for field, value in attrs.items():
        print(f'    f.arguments.set("{field}", {value});')
    for x in operands:
        print(f"    f.operands.push_back({{Shape{dims(x)}, {numbers(x)}}});")
        print(f"    f.operand_gradients.push_back({numbers(x.grad)});")
    for i, w in enumerate(weights):
        print(f"    f.weights.push_back({numbers(w)});")
        print(f"    f.weight_gradients.push_back({numbers(w.grad if i not in frozen else torch.zeros_like(w))});")
    print(f"    f.rows = {operands[0].shape[0]};")
    print(f"    f.result = {numbers(result)};")
    print(f"    f.result_gradient = {numbers(upstream)};")
    if after is not None:
        print("    f.is_training = true;")
        for w in after:
            print(f"    f.weights_after.push_back({numbers(w)});")
    print("    fixtures.push_back(std::move(f));")
    print("  }")


def unary(name, function, shape=(1, 2, 2, 3), kind=None, **attrs):
    emit(name, kind or name, attrs, [short(*shape)], [], function)


def attention(heads, causal=False):
    def split(x):
        return x.unflatten(-1, (heads, -1)).transpose(-2, -3)
    return lambda q, k, v: F.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=causal).transpose(
        -2, -3).flatten(-2)


def bilinear():
    for shape, scale in (((1, 2, 2, 3), (2, 3)), ((1, 1, 3, 1), (4, 1)), ((2, 1, 1, 1), (3, 2)), ((1, 1, 3, 5), (5, 4))):
        unary(f"upsample bilinear of {shape[2]}x{shape[3]}", lambda x: F.interpolate(
            x, scale_factor=scale, mode="bilinear", align_corners=False), shape, "upsample",
            scale=f"ops::Extent{{{scale[0]}, {scale[1]}}}", mode='"bilinear"')


def learned():
    """A tensor that is read by two rows; there are no operands."""
    weight = short(3, 2).requires_grad_()
    upstream = short(2, 3, 2)
    result = weight.expand(2, 3, 2)
    (result * upstream).sum().backward()
    print(f"""  {{
    Fixture f;
    f.name = "parameter";
    f.layer = "parameter";
    f.arguments.set("dims", ops::Integers{{3, 2}});
    f.weights.push_back({numbers(weight)});
    f.weight_gradients.push_back({numbers(weight.grad)});
    f.rows = 2;
    f.result = {numbers(result)};
    f.result_gradient = {numbers(upstream)};
    fixtures.push_back(std::move(f));
  }}""")


def operators():
    two = {"add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div}
    for name, function in two.items():
        emit(f"{name}, repeated", name, {}, [short(2, 2, 1, 2), short(2, 1, 2, 2)], [], function)
    unary("negate", lambda x: -x)
    unary("add_number", lambda x: x + 1.5, number="1.5")
    unary("multiply_number", lambda x: x * -0.25, number="-0.25")
    unary("divide_by_number", lambda x: x / 1.5, number="1.5")
    unary("number_minus", lambda x: 1.5 - x, number="1.5")
    unary("number_over", lambda x: 1.5 / x, number="1.5")


def main():
    print('''// Made by make_torch_fixtures.py with PyTorch 2.13.0 in float64; do not edit.
// clang-format off
#include "reference/torch_fixtures.h"

namespace d2nn::reference {

using ops::Shape;

std::vector<Fixture> torch_fixtures() {
  std::vector<Fixture> fixtures;''')
    emit("conv with stride, padding and bias", "conv",
         {"kernel": "ops::Extent{3, 2}", "filters": 3, "stride": "ops::Extent{2, 1}", "pad": "ops::Extent{1, 1}"},
         [short(2, 2, 4, 3)], [short(3, 2, 3, 2), short(3)],
         lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=1))
    emit("conv with groups and dilation, without bias", "conv",
         {"kernel": "ops::Extent{2, 2}", "filters": 4, "dilation": "ops::Extent{2, 1}", "groups": 2, "bias": "false"},
         [short(1, 4, 4, 3)], [short(4, 2, 2, 2)],
         lambda x, w: F.conv2d(x, w, None, dilation=(2, 1), groups=2))
    emit("dense flattens in C, H, W order", "dense", {"units": 3}, [short(2, 2, 1, 3)], [short(3, 6), short(3)],
         lambda x, w, b: F.linear(x.flatten(1), w, b))
    emit("dense without bias", "dense", {"units": 2, "bias": "false"}, [short(1, 4)], [short(2, 4)], F.linear)
    unary("max_pool with padding", lambda x: F.max_pool2d(x, (3, 2), (2, 1), (1, 1)), (1, 2, 4, 4), "max_pool",
          kernel="ops::Extent{3, 2}", stride="ops::Extent{2, 1}", pad="ops::Extent{1, 1}")
    unary("avg_pool counts padding", lambda x: F.avg_pool2d(x, (3, 2), (2, 2), (1, 1)), (1, 2, 5, 4), "avg_pool",
          kernel="ops::Extent{3, 2}", stride="ops::Extent{2, 2}", pad="ops::Extent{1, 1}")
    unary("global_avg_pool", lambda x: F.adaptive_avg_pool2d(x, 1))
    for shape, name in (((3, 2, 2, 2), "an image"), ((4, 3), "a vector")):
        channels = shape[1]
        stats = [short(channels), short(channels).abs() + 0.5]
        emit(f"batch_norm of {name} by running statistics", "batch_norm", {"eps": "1e-3"}, [short(*shape)],
             [short(channels), short(channels), *stats],
             lambda x, w, b, m, v: F.batch_norm(x, m, v, w, b, False, 0.1, 1e-3), frozen=(2, 3))
        moved = [s.clone() for s in stats]
        emit(f"batch_norm of {name} in training", "batch_norm", {"eps": "1e-5", "momentum": "0.3"}, [short(*shape)],
             [short(channels), short(channels), *stats],
             lambda x, w, b, m, v: F.batch_norm(x, moved[0], moved[1], w, b, True, 0.3, 1e-5), frozen=(2, 3),
             after=moved)
    unary("relu", F.relu)
    unary("leaky_relu", lambda x: F.leaky_relu(x, 0.2), slope=0.2)
    unary("sigmoid", torch.sigmoid)
    unary("tanh", torch.tanh)
    unary("gelu", F.gelu)
    unary("silu", F.silu)
    unary("softmax over channels", lambda x: F.softmax(x, 1), kind="softmax")
    unary("softmax of a vector", lambda x: F.softmax(x, 1), (2, 4), "softmax")
    unary("dropout outside training", lambda x: F.dropout(x, 0.5, False), kind="dropout", p=0.5)
    unary("flatten", lambda x: x.flatten(1))
    unary("reshape", lambda x: x.reshape(1, 3, 4), dims="ops::Integers{3, 4}")
    unary("normalize", lambda x: (x - torch.tensor([0.4, -0.2]).view(1, 2, 1, 1)) / torch.tensor([0.5, 2.0]).view(1, 2, 1, 1),
          mean="ops::Numbers{0.4, -0.2}", std="ops::Numbers{0.5, 2.0}")
    unary("pad_channels", lambda x: F.pad(x, (0, 0, 0, 0, 1, 2)), before=1, after=2)
    unary("identity", lambda x: x * 1)
    emit("add", "add", {}, [short(2, 3), short(2, 3), short(2, 3)], [], lambda a, b, c: a + b + c)
    emit("multiply", "multiply", {}, [short(2, 3), short(2, 3)], [], lambda a, b: a * b)
    emit("concat", "concat", {}, [short(2, 1, 2, 2), short(2, 3, 2, 2)], [], lambda a, b: torch.cat((a, b), 1))
    emit("linear along the last axis", "linear", {"units": 3}, [short(2, 2, 3, 4)], [short(3, 4), short(3)], F.linear)
    emit("linear of a vector without bias", "linear", {"units": 2, "bias": "false"}, [short(2, 5)], [short(2, 5)],
         F.linear)
    emit("matmul", "matmul", {}, [short(2, 2, 3), short(2, 3, 4)], [], torch.matmul)
    emit("matmul broadcasts axes of size 1", "matmul", {}, [short(2, 2, 1, 2, 3), short(2, 1, 3, 3, 2)], [],
         torch.matmul)
    emit("attention of two heads", "attention", {"heads": 2}, [short(2, 3, 4), short(2, 5, 4), short(2, 5, 6)], [],
         attention(2))
    emit("causal attention", "attention", {"heads": 2, "causal": "true"},
         [short(2, 3, 4), short(2, 3, 4), short(2, 3, 4)], [], attention(2, True))
    emit("conv_transpose with stride, padding and output padding", "conv_transpose",
         {"kernel": "ops::Extent{3, 2}", "filters": 3, "stride": "ops::Extent{2, 3}", "pad": "ops::Extent{1, 0}",
          "output_pad": "ops::Extent{1, 2}"},
         [short(2, 2, 3, 2)], [short(2, 3, 3, 2), short(3)],
         lambda x, w, b: F.conv_transpose2d(x, w, b, (2, 3), (1, 0), (1, 2)))
    emit("conv_transpose with groups and dilation, without bias", "conv_transpose",
         {"kernel": "ops::Extent{2, 2}", "filters": 4, "dilation": "ops::Extent{2, 1}", "groups": 2, "bias": "false"},
         [short(1, 4, 3, 3)], [short(4, 2, 2, 2)],
         lambda x, w: F.conv_transpose2d(x, w, None, dilation=(2, 1), groups=2))
    unary("top", lambda x: x.topk(3).values, (2, 6), k=3)
    for name, function in (("relu6", F.relu6), ("hard_sigmoid", lambda x: F.relu6(x + 3) / 6), ("hard_swish", F.hardswish)):
        emit(name, name, {}, [short(1, 3, 4) * 4], [], function)
    unary("elu", F.elu)
    unary("elu with another alpha", lambda x: F.elu(x, 0.3), kind="elu", alpha=0.3)
    unary("clamp", lambda x: x.clamp(-0.5, 0.75), min=-0.5, max=0.75)
    unary("exp", torch.exp)
    for name, function in (("log", torch.log), ("sqrt", torch.sqrt)):
        emit(name, name, {}, [short(1, 3, 4).abs() + 0.01], [], function)
    unary("abs", torch.abs)
    unary("softmax along the last axis", lambda x: F.softmax(x, 3), kind="softmax", axis=2)
    for name, function in (("sum", torch.sum), ("mean", torch.mean), ("max", torch.amax)):
        unary(f"{name} over an axis", lambda x: function(x, 2, keepdim=True), (2, 3, 4), name, axes="ops::IntegerList{{1}}")
        unary(f"{name} over outer and inner axes", lambda x: function(x, (1, 3), keepdim=True), kind=name,
              axes="ops::IntegerList{{2, 0}}")
    emit("max of equal values", "max", {"axes": "ops::IntegerList{{0, 1, 2}}"}, [short(1, 2, 2, 3).round()], [],
         lambda x: torch.amax(x, (1, 2, 3), keepdim=True))
    unary("global_max_pool", lambda x: F.adaptive_max_pool2d(x, 1))
    emit("layer_norm of tokens", "layer_norm", {}, [short(2, 3, 4)], [short(4), short(4)],
         lambda x, w, b: F.layer_norm(x, (4,), w, b))
    emit("layer_norm over two axes", "layer_norm", {"last": 2, "eps": "1e-3"}, [short(1, 2, 2, 3)],
         [short(2, 3), short(2, 3)], lambda x, w, b: F.layer_norm(x, (2, 3), w, b, 1e-3))
    emit("layer_norm over channels", "layer_norm", {"over": '"channels"', "eps": "1e-6"}, [short(1, 3, 2, 2)],
         [short(3), short(3)],
         lambda x, w, b: F.layer_norm(x.permute(0, 2, 3, 1), (3,), w, b, 1e-6).permute(0, 3, 1, 2))
    emit("group_norm of an image", "group_norm", {"groups": 2}, [short(1, 4, 2, 2)], [short(4), short(4)],
         lambda x, w, b: F.group_norm(x, 2, w, b))
    emit("group_norm of a vector", "group_norm", {"groups": 2, "eps": "1e-3"}, [short(2, 6)], [short(6), short(6)],
         lambda x, w, b: F.group_norm(x, 2, w, b, 1e-3))
    unary("permute of a matrix", lambda x: x.permute(0, 2, 1), (2, 3, 4), "permute", axes="ops::IntegerList{{1, 0}}")
    unary("permute of an image", lambda x: x.permute(0, 3, 1, 2), kind="permute", axes="ops::IntegerList{{2, 0, 1}}")
    unary("slice", lambda x: x[:, :, 1:3], (2, 3, 4), "slice", **{"axis": 1, "from": 1, "to": 3})
    unary("upsample nearest", lambda x: F.interpolate(x, scale_factor=(2, 3)), kind="upsample", scale="ops::Extent{2, 3}")
    unary("detach", lambda x: x.detach() + 0 * x, kind="detach")
    operators()
    bilinear()
    learned()
    print('''  return fixtures;
}

}  // namespace d2nn::reference''')


main()
