"""Numbers that follow from a name, the same in every Python: weights, samples and probes of tests that hold a network to another program's results."""

import math
import zlib


def drawn(name, count, scale=1.0, shift=0.0):
    """`count` numbers in [shift - scale, shift + scale); exact in f32 for powers of 2."""
    state, numbers = zlib.crc32(name.encode()), []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        numbers.append(shift + scale * ((state >> 8) / 2**23 - 1))
    return numbers


def weight(name, shape):
    """The values of a parameter: norms near 1, kernels so that sizes of activations stay, everything else small."""
    count = math.prod(shape)
    if len(shape) >= 2 and name.endswith("weight"):
        return drawn(name, count, 2.0 ** -round(math.log2(math.sqrt(count / shape[0]) / 1.7)))
    if name.endswith(("weight", "layer_scale", "running_var")):
        return drawn(name, count, 0.25, 1.0)
    return drawn(name, count, 0.25)
