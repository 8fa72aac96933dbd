"""CIFAR-10's test pictures out of the folder of real data: the binary layout where it is unpacked, else the residuals that
`cifar10/unpack.py` there decodes (it describes the coding)."""

import array
import lzma
import pathlib
import subprocess
import sys

PICTURES = 10000
PIXELS = 32 * 32
RECORD_BYTES = 1 + 3 * PIXELS
FLOATS = [byte / 255 for byte in range(256)]


def as_floats(pictures):
    """f32 of byte / 255."""
    return array.array("f", map(FLOATS.__getitem__, pictures))


def decoded_plane(residuals, base):
    """One plane of one picture: each pixel is its residual and what the pixels to the left and above predict."""
    plane, channel = [0] * PIXELS, [0] * PIXELS
    for at in range(PIXELS):
        left = plane[at - 1] if at % 32 else None
        above = plane[at - 32] if at >= 32 else None
        if left is not None and above is not None:
            corner, low, high = plane[at - 33], min(left, above), max(left, above)
            predicted = low if corner >= high else high if corner <= low else left + above - corner
        else:
            predicted = next((p for p in (left, above) if p is not None), 0)
        channel[at] = (predicted + residuals[at] + base[at]) & 255
        plane[at] = channel[at] - base[at]
    return channel


def first_pictures(folder, count):
    """The first pictures of the test set as bytes, [count, 3, 32, 32]. FileNotFoundError where there is no CIFAR-10."""
    unpacked = pathlib.Path(folder) / "test_batch.bin"
    if unpacked.is_file():
        records = unpacked.read_bytes()
        return b"".join(records[i * RECORD_BYTES + 1:(i + 1) * RECORD_BYTES] for i in range(count))
    with lzma.open(pathlib.Path(folder) / "test_batch.res.xz") as file:
        coded = file.read()

    def residuals(plane, i):
        begin = PICTURES + (plane * PICTURES + i) * PIXELS
        return coded[begin:begin + PIXELS]

    pictures = b""
    for i in range(count):
        green = decoded_plane(residuals(0, i), [0] * PIXELS)
        pictures += bytes(decoded_plane(residuals(1, i), green) + green + decoded_plane(residuals(2, i), green))
    return pictures


def unpacked_folder(folder, scratch):
    """A folder with the binary layout: `folder` itself, or `scratch`, into which it is unpacked."""
    if (pathlib.Path(folder) / "test_batch.bin").is_file():
        return pathlib.Path(folder)
    subprocess.run([sys.executable, str(pathlib.Path(folder) / "unpack.py"), str(scratch)], check=True)
    return pathlib.Path(scratch)


def test_set(folder):
    """(labels, pictures as bytes) of the whole test set in a folder with the binary layout."""
    records = (pathlib.Path(folder) / "test_batch.bin").read_bytes()
    labels = list(records[::RECORD_BYTES])
    return labels, b"".join(records[at + 1:at + RECORD_BYTES] for at in range(0, len(records), RECORD_BYTES))
