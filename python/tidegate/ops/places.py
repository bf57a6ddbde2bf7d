"""Elements and parts by their places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidegate.derivatives import Rearrangement, unboxed
from tidegate.ops.dtypes import array
from tidegate.ops.operation import operation
from tidegate.ops.shapes import axis_of, broadcast_to, ravel

_take, _take_along_axis = Rearrangement(np.take), Rearrangement(np.take_along_axis)
_tril, _triu = Rearrangement(np.tril), Rearrangement(np.triu)
_diag, _diagflat, _diagonal = Rearrangement(np.diag), Rearrangement(np.diagflat), Rearrangement(np.diagonal)
_slice = slice  # whose name is an op here


@operation
def get_item(x: Any, key: Any) -> Any:
    """`x[key]`."""
    return array(x)[_key(key)]


def _key(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(map(_key, key))
    return np.asarray(key) if isinstance(key, list) else unboxed(key)


@operation
def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """The part of this shape that begins at `start_indices`, moved back where it would reach over the end."""
    inputs = array(inputs)
    starts = np.clip(unboxed(array(start_indices)), 0, np.subtract(inputs.shape, shape))
    return inputs[tuple(_slice(start, start + size) for start, size in zip(starts, shape, strict=True))]


@operation
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements at these places, or the slices along an axis; negative places count from the end."""
    return _take(array(x), _places(indices), axis=axis)


@operation
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """From each row along the axis the elements at its own places; `indices` has as many axes as `x`."""
    x, indices = array(x), _places(indices)
    if axis is None:
        x, indices, axis = ravel(x), indices.ravel(), 0
    axis = axis_of(axis, x.ndim)
    # Axes of length 1 stand for all along them.
    rest = np.broadcast_shapes(
        *((*each.shape[:axis], 1, *each.shape[axis + 1 :]) for each in (x, indices)),
    )
    shapes = [(*rest[:axis], each.shape[axis], *rest[axis + 1 :]) for each in (x, indices)]
    return _take_along_axis(
        x if x.shape == shapes[0] else broadcast_to(x, shapes[0]),
        np.broadcast_to(indices, shapes[1]),
        axis=axis,
    )


def _places(indices: Any) -> Any:
    found = unboxed(array(indices))
    if found.dtype.kind == "b" or (found.dtype.kind == "f" and found.size):
        raise TypeError(f"argument `indices` expected integers; received dtype {found.dtype}")
    return found.astype(np.intp)


@operation
def tril(x: Any, k: int = 0) -> Any:
    """With zeros above the diagonal `k` of the last two axes."""
    return _tril(array(x), k=k)


@operation
def triu(x: Any, k: int = 0) -> Any:
    """With zeros below the diagonal `k` of the last two axes."""
    return _triu(array(x), k=k)


@operation
def diag(x: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or the matrix of a diagonal."""
    return _diag(array(x), k=k)


@operation
def diagflat(x: Any, k: int = 0) -> Any:
    """The matrix that has all elements on its diagonal `k`."""
    return _diagflat(array(x), k=k)


@operation
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonals over two axes, as the last axis."""
    return _diagonal(array(x), offset=offset, axis1=axis1, axis2=axis2)


@operation
def unravel_index(indices: Any, shape: Any) -> Any:
    """Where places in a row are in this shape: a tuple with an array for each axis."""
    dtype = unboxed(array(indices)).dtype
    places = _places(indices)
    places = np.where(places < 0, places + math.prod(shape), places)
    return tuple(each.astype(dtype) for each in np.unravel_index(places, tuple(shape)))
