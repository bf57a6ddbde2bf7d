"""Files of named arrays in the safetensors format, mapped into memory and read with distrust.

Eight bytes with the length of the header, the header as JSON (name -> dtype, shape, first and last byte), and
the arrays one behind the other. A file that is mapped is not copied: processes that map it share its pages.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from tidegate.saving.replacing import replacing
from tidegate.variable import Array

_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "U8": np.dtype("u1")}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_METADATA = "__metadata__"
_MOST_HEADER = 1 << 24  # bytes
_MOST_AXES = 16  # the product of millions of extents would take hours
_ALIGNMENT = 64


def write(path: str, tensors: dict[str, Array], metadata: dict[str, str]) -> None:
    """Writes arrays of float32, float64 or uint8; the file appears complete or not at all.

    The first array begins at a multiple of 64 bytes, and so do the others where their sizes allow it.
    """
    header: dict[str, Any] = {_METADATA: metadata}
    end = 0
    for name, tensor in tensors.items():
        begin, end = end, end + tensor.nbytes
        header[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % _ALIGNMENT)
    with replacing(path) as target:
        target.write(len(text).to_bytes(8, "little"))
        target.write(text)
        for tensor in tensors.values():
            target.write(np.ascontiguousarray(tensor).data)


def read(path: str) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays, read-only views of the mapped file, and the metadata.

    Raises:
        ValueError: no such file, or one whose header is damaged or does not fit its size.
    """
    if not os.path.isfile(path):
        raise ValueError(f"File not found: {path}")
    size = os.path.getsize(path)
    data: Array = np.asarray(np.memmap(path, np.uint8, "r") if size else np.empty(0, np.uint8))
    length = int.from_bytes(data[:8].tobytes(), "little")
    if size < 8 or length > min(size - 8, _MOST_HEADER):
        raise ValueError(f"{path} is not a safetensors file: its header does not fit into it")
    try:
        header = json.loads(data[8 : 8 + length].tobytes(), object_pairs_hook=_once)
        metadata = header.pop(_METADATA, {})
        if not all(isinstance(value, str) for value in metadata.values()):
            raise ValueError("metadata that is not text")
        body = data[8 + length :]
        tensors, end = {}, 0
        for name, entry in header.items():
            tensors[name], end = _view(body, entry, end)
        if end != body.size:
            raise ValueError(f"{body.size - end} bytes that belong to no array")
    except (AttributeError, KeyError, RecursionError, TypeError, UnicodeError, ValueError) as error:
        raise ValueError(f"{path}: the header is damaged: {error}") from error
    return tensors, metadata


def _view(body: Array, entry: dict[str, Any], begin: int) -> tuple[Array, int]:
    """The array that an entry describes, which must begin where the last one ended; and where it ends."""
    dtype, shape, (first, end) = _DTYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
    bounds = [first, end, *shape]
    if len(shape) > _MOST_AXES:
        raise ValueError(f"an array of {len(shape)} axes")
    if any(type(number) is not int or number < 0 for number in bounds) or first != begin or end > body.size:
        raise ValueError(f"an array at bytes {first} to {end}")
    count = 1
    for extent in shape:
        count *= extent
    if count * dtype.itemsize != end - first:
        raise ValueError(f"an array of shape {shape} in {end - first} bytes")
    array = body[first:end].view(dtype).reshape(shape)
    return array if array.flags.aligned else array.copy(), end


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found
