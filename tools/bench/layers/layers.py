"""The layers that are measured, at the sizes of torchvision's vit_b_16 and convnext_tiny: each as d2nn, PyTorch and ONNX
write it. Dims leave the batch out; PyTorch and ONNX have a batch of one."""

import dataclasses
import math
from collections.abc import Callable

from torch.nn import functional as F


@dataclasses.dataclass
class Layer:
    name: str
    body: str  # of a node whose inputs are a, b and c
    operands: list[list[int]]
    torch: Callable  # (operands, weights) -> result
    onnx: Callable  # (writer, operand names, weight names) -> name of the result
    weights: list[list[int]] = dataclasses.field(default_factory=list)
    label: str = ""  # what the weights stand under in the node

    @property
    def title(self):
        return f"{self.name} {' '.join('x'.join(str(size) for size in dims) for dims in self.operands)}"


def layer_norm(*dims):
    width = [dims[-1]]
    return Layer("layer_norm", "layer_norm", [[*dims]], lambda x, w: F.layer_norm(x[0], width, *w),
                 lambda onnx, x, w: onnx.add("LayerNormalization", *x, *w, axis=-1), [width, width], "layer_norm1")


def channel_norm(*dims):
    """As torchvision's LayerNorm2d."""
    width = [dims[0]]

    def in_onnx(onnx, x, w):
        rows = onnx.add("LayerNormalization", onnx.add("Transpose", *x, perm=[0, 2, 3, 1]), *w, axis=-1)
        return onnx.add("Transpose", rows, perm=[0, 3, 1, 2])

    return Layer("layer_norm(over: channels)", "layer_norm(over: channels)", [[*dims]],
                 lambda x, w: F.layer_norm(x[0].permute(0, 2, 3, 1), width, *w).permute(0, 3, 1, 2), in_onnx,
                 [width, width], "layer_norm1")


def group_norm(groups, *dims):
    return Layer(f"group_norm({groups})", f"group_norm({groups})", [[*dims]],
                 lambda x, w: F.group_norm(x[0], groups, *w),
                 lambda onnx, x, w: onnx.add("GroupNormalization", *x, *w, num_groups=groups),
                 [[dims[0]], [dims[0]]], "group_norm1")


def softmax(*dims):
    axis = len(dims) - 1
    return Layer("softmax", f"softmax(axis: {axis})", [[*dims]], lambda x, w: F.softmax(x[0], -1),
                 lambda onnx, x, w: onnx.add("Softmax", *x, axis=-1))


def gelu(*dims):
    return Layer("gelu", "gelu", [[*dims]], lambda x, w: F.gelu(x[0]), lambda onnx, x, w: onnx.add("Gelu", *x))


def attention(heads, tokens, width):
    depth = width // heads

    def in_torch(x, _):
        parts = [part.view(1, tokens, heads, depth).transpose(1, 2) for part in x]
        return F.scaled_dot_product_attention(*parts).transpose(1, 2).reshape(1, tokens, width)

    def in_onnx(onnx, x, _):
        parts = [onnx.reshape(part, [1, tokens, heads, depth]) for part in x]
        q, k, v = (onnx.add("Transpose", part, perm=perm)
                   for part, perm in zip(parts, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])))
        scores = onnx.add("Mul", onnx.add("MatMul", q, k), onnx.number(1 / math.sqrt(depth)))
        result = onnx.add("MatMul", onnx.add("Softmax", scores, axis=-1), v)
        return onnx.reshape(onnx.add("Transpose", result, perm=[0, 2, 1, 3]), [1, tokens, width])

    return Layer(f"attention({heads})", f"attention({heads})(a, b, c)", [[tokens, width]] * 3, in_torch, in_onnx)


def matmul(left, right):
    return Layer("@", "a @ b", [left, right], lambda x, w: x[0] @ x[1], lambda onnx, x, w: onnx.add("MatMul", *x))


def linear(units, *dims):
    return Layer(f"linear({units})", f"linear({units})", [[*dims]], lambda x, w: F.linear(x[0], *w),
                 lambda onnx, x, w: onnx.add("Add", onnx.add("MatMul", *x, onnx.transposed(w[0])), w[1]),
                 [[units, dims[-1]], [units]], "linear1")


def permute(axes, *dims):
    perm = [0] + [axis + 1 for axis in axes]
    return Layer(f"permute({axes})", f"permute({axes})", [[*dims]], lambda x, w: x[0].permute(perm).contiguous(),
                 lambda onnx, x, w: onnx.add("Transpose", *x, perm=perm))


def mean(axes, *dims):
    places = [axis + 1 for axis in axes]
    return Layer(f"mean({axes})", f"mean({axes})", [[*dims]], lambda x, w: x[0].mean(places, keepdim=True),
                 lambda onnx, x, w: onnx.add("ReduceMean", *x, onnx.integers(places), keepdims=1))


STAGES = ((96, 56, 56), (192, 28, 28), (384, 14, 14), (768, 7, 7))

LAYERS = [
    layer_norm(197, 768),
    *(channel_norm(*stage) for stage in STAGES),
    layer_norm(56, 56, 96),
    group_norm(32, 96, 56, 56),
    group_norm(1, 768, 7, 7),
    softmax(12, 197, 197),
    gelu(197, 3072),
    gelu(56, 56, 384),
    attention(12, 197, 768),
    matmul([12, 197, 64], [12, 64, 197]),
    matmul([12, 197, 197], [12, 197, 64]),
    linear(768, 197, 768),
    linear(2304, 197, 768),
    linear(3072, 197, 768),
    linear(768, 197, 3072),
    linear(384, 56, 56, 96),
    linear(96, 56, 56, 384),
    *(permute([1, 2, 0], *stage) for stage in STAGES),
    *(permute([2, 0, 1], height, width, channels) for channels, height, width in STAGES),
    permute([1, 0, 2], 197, 12, 64),
    permute([0, 2, 1], 12, 197, 64),
    mean([1, 2], 768, 7, 7),
    mean([0], 197, 768),
]
