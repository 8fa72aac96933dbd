"""Writers and readers of the files that the tests of the command line feed to d2nn, from Python's standard library alone: npy,
safetensors and PNG. Tensors are a shape and a flat list of numbers."""

import json
import pathlib
import struct
import zlib


def npy_bytes(shape, values, descr="<f4", code="f", fortran=False):
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': ({''.join(f'{n}, ' for n in shape)}), }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack(f"<{len(values)}{code}", *values)


def write_npy(path, shape, values, **kind):
    pathlib.Path(path).write_bytes(npy_bytes(shape, values, **kind))


def read_npy(path):
    """(shape, values) of a file of `<f4` in C order."""
    content = pathlib.Path(path).read_bytes()
    assert content[:8] == b"\x93NUMPY\x01\x00", content[:8]
    (length,) = struct.unpack("<H", content[8:10])
    header = eval(content[10:10 + length].decode(), {"__builtins__": {}})  # a dictionary literal, by the format's definition
    assert header["descr"] == "<f4" and header["fortran_order"] is False, header
    data = content[10 + length:]
    return list(header["shape"]), list(struct.unpack(f"<{len(data) // 4}f", data))


# How `struct` packs the types of safetensors. A BF16 is the upper half of an F32.
TYPES = {"F32": "f", "F16": "e", "F64": "d", "I64": "q"}


def packed(values, dtype):
    if dtype == "BF16":
        return b"".join(struct.pack("<f", value)[2:] for value in values)
    return struct.pack(f"<{len(values)}{TYPES[dtype]}", *values)


def write_safetensors(path, tensors):
    """tensors: {name: (shape, values)}, or (shape, values, type) for another type than F32."""
    header, data = {}, b""
    for name, (shape, values, *kind) in tensors.items():
        dtype = kind[0] if kind else "F32"
        content = packed(values, dtype)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path):
    content = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    data, tensors = content[8 + length:], {}
    for name, entry in json.loads(content[8:8 + length]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            tensors[name] = (entry["shape"], list(struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])))
    return tensors


def write_png(path, width, height, pixel):
    """An RGB picture; pixel(x, y) gives three bytes."""
    rows = b"".join(b"\x00" + b"".join(bytes(pixel(x, y)) for x in range(width)) for y in range(height))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pathlib.Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
