"""What an array is: its dtype and shape, and what it becomes or is made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidegate.derivatives import Primitive, is_box, unboxed
from tidegate.ops.dtypes import array as as_array
from tidegate.ops.dtypes import cast as to_dtype
from tidegate.ops.operation import operation

_copy = Primitive(np.copy, lambda y, x: lambda g: g)


@operation
def cast(x: Any, dtype: Any) -> Any:
    """`x` in another dtype; to one that is no float no gradient goes."""
    x = as_array(x)
    return to_dtype(x if np.dtype(dtype).kind == "f" else unboxed(x), dtype)


@operation
def saturate_cast(x: Any, dtype: Any) -> Any:
    """`cast`, where what is beyond the range of the dtype becomes the end of its range."""
    x, dtype = as_array(x), np.dtype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.clip(unboxed(x), info.min, info.max).astype(dtype)
    return to_dtype(x if dtype.kind == "f" else unboxed(x), dtype)


@operation
def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """`x` as an array, of a dtype if one is given; a list of Python's numbers is of int32 or float32."""
    return as_array(x) if dtype is None else to_dtype(x, dtype)


@operation
def array(x: Any, dtype: Any = None) -> Any:
    """`convert_to_tensor` by another name."""
    return convert_to_tensor(x, dtype)


@operation
def convert_to_numpy(x: Any) -> Any:
    """`x` as an array of NumPy's, without a gradient."""
    return np.asarray(unboxed(as_array(x)))


@operation
def copy(x: Any) -> Any:
    """Another array with the same elements."""
    return _copy(as_array(x))


@operation
def stop_gradient(variable: Any) -> Any:
    """`variable`, through which no gradient goes."""
    return unboxed(as_array(variable))


def shape(x: Any) -> tuple[Any, ...]:
    """The lengths of the axes, None where a symbolic tensor does not know one."""
    return tuple(x.shape if hasattr(x, "shape") else as_array(x).shape)


def size(x: Any) -> int:
    """The number of elements."""
    return math.prod(shape(x))


def ndim(x: Any) -> int:
    """The number of axes."""
    return len(shape(x))


def dtype(x: Any) -> str:
    """The name of the dtype."""
    return str(x.dtype if hasattr(x, "dtype") else as_array(x).dtype)


def is_tensor(x: Any) -> bool:
    """Whether it is an array, and no number and no list."""
    return isinstance(x, np.ndarray) or is_box(x)


@operation
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """`inputs` with other values at places, or with these added, multiplied, or as bounds.

    Args:
        indices: [..., n]: the place of each update, in the first n axes.
        updates: [..., and the other axes].
        reduction: None, "add", "mul", "max" or "min".
    """
    inputs, updates = as_array(inputs), to_dtype(updates, as_array(inputs).dtype)
    places = tuple(np.moveaxis(np.asarray(unboxed(as_array(indices)), np.intp), -1, 0))
    if reduction is None:
        return _replace(inputs, updates, places=places)
    if reduction == "add":
        return _add_at(inputs, updates, places=places)
    ufuncs = {"mul": np.multiply, "max": np.maximum, "min": np.minimum}
    if reduction not in ufuncs:
        raise ValueError(
            f"argument `reduction` expected None, 'add', 'mul', 'max' or 'min'; received {reduction!r}"
        )
    found = unboxed(inputs).copy()
    ufuncs[reduction].at(found, places, unboxed(updates))
    return found


@operation
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """`inputs` with `updates`, of as many axes, in the place that begins at `start_indices`."""
    inputs, updates = as_array(inputs), to_dtype(updates, as_array(inputs).dtype)
    starts = np.clip(unboxed(as_array(start_indices)), 0, np.subtract(inputs.shape, updates.shape))
    places = tuple(slice(start, start + n) for start, n in zip(starts, updates.shape, strict=True))
    return _replace(inputs, updates, places=places)


def _replaced(x: Any, updates: Any, places: Any) -> Any:
    found = np.array(x)
    found[places] = updates
    return found


def _added(x: Any, updates: Any, places: Any) -> Any:
    found = np.array(x)
    np.add.at(found, places, updates)
    return found


_replace = Primitive(
    _replaced,
    lambda y, x, updates, places: lambda g: _replaced(g, 0, places),
    lambda y, x, updates, places: lambda g: g[places],
)
_add_at = Primitive(
    _added, lambda y, x, updates, places: lambda g: g, lambda y, x, updates, places: lambda g: g[places]
)
