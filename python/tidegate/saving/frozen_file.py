"""Frozen models in a file: their weights twice, in Keras's layout and as the kernels read them.

The packed weights are used where they lie in the mapped file, so that all processes that load it share one
copy, and nothing is packed. A machine whose kernels read another layout packs the others anew.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate._native import core

if TYPE_CHECKING:
    from tidegate.frozen import FrozenModel
    from tidegate.variable import Array

_FORMAT = "tidegate.frozen"
_VERSION = "2"  # another one where kernels pack otherwise under the same name of a layout
_ALIGNMENT = 64
_KEYS = ("architecture", "dtype", "layout", "packed_sizes")


def save(frozen: FrozenModel, path: Any) -> None:
    """Writes a `.safetensors` file, which appears complete or not at all."""
    from tidegate.saving import tensor_file

    packed = frozen.program.packed()
    metadata = {
        "format": _FORMAT,
        "version": _VERSION,
        "architecture": frozen.architecture,
        "dtype": frozen.dtype,
        "layout": frozen.program.packed_layout,
        "packed_sizes": json.dumps([array.size for array in packed]),
    }
    tensors = {f"packed.{i}": _padded(array) for i, array in enumerate(packed)}
    tensors |= {f"weights.{i}": array for i, array in enumerate(frozen.weights)}
    tensor_file.write(_checked(path), tensors, metadata)


def load(path: Any, threads: int | None = None) -> FrozenModel:
    """The frozen model in a file that `save` wrote; see `tidegate.load_frozen`."""
    from tidegate.frozen import FrozenModel, built_model, precision_of
    from tidegate.saving import tensor_file

    path = _checked(path)
    tensors, metadata = tensor_file.read(path)
    if metadata.get("format") != _FORMAT:
        raise ValueError(f"{path} holds arrays, but no frozen model")
    try:
        architecture, dtype, layout, sizes = (metadata[key] for key in _KEYS)
        weights = _numbered(tensors, "weights")
        packed = [
            array[:size] for array, size in zip(_numbered(tensors, "packed"), _sizes(sizes), strict=True)
        ]
        model = built_model(architecture, weights)
        usable = metadata["version"] == _VERSION and layout == core.packed_layout(precision_of(dtype))
        return FrozenModel(model, dtype, threads, weights, packed if usable else ())
    except (AttributeError, KeyError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def _padded(array: Array) -> Array:
    """With zeros up to a whole number of cache lines, so that the next one begins at one."""
    return np.concatenate([array, np.zeros(-array.size % _ALIGNMENT, np.uint8)])


def _numbered(tensors: dict[str, Array], name: str) -> list[Array]:
    count = sum(key.startswith(f"{name}.") for key in tensors)
    return [tensors[f"{name}.{i}"] for i in range(count)]


def _sizes(text: str) -> list[int]:
    sizes = json.loads(text)
    if not isinstance(sizes, list) or any(type(size) is not int or size < 0 for size in sizes):
        raise ValueError("`packed_sizes` expected a list of sizes")
    return sizes


def _checked(path: Any) -> str:
    text = os.fspath(path)
    if not isinstance(text, str) or not text.endswith(".safetensors"):
        raise ValueError(f"argument `path` expected a path that ends in `.safetensors`; received {text!r}")
    return text
