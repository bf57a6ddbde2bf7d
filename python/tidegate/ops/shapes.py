"""The same elements in another shape or order, or repeated."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.derivatives import Primitive, Rearrangement, unboxed
from tidegate.inputs import short
from tidegate.ops.dtypes import array as as_array
from tidegate.ops.operation import operation

_reshape = Primitive(np.reshape, lambda y, x, shape: lambda g: np.reshape(g, x.shape))
_transpose = Primitive(
    np.transpose, lambda y, x, axes: lambda g: np.transpose(g, None if axes is None else np.argsort(axes))
)
_repeat, _tile, _broadcast_to = (
    Rearrangement(np.repeat),
    Rearrangement(np.tile),
    Rearrangement(np.broadcast_to),
)
_flip, _roll, _rot90 = Rearrangement(np.flip), Rearrangement(np.roll), Rearrangement(np.rot90)
_pad = Rearrangement(np.pad)


def axis_of(axis: Any, rank: int) -> int:
    """An axis counted from the front; ValueError if there is none of that number."""
    if not -rank <= axis < rank:
        raise ValueError(f"axis {axis} is out of bounds for array of dimension {rank}")
    return int(axis % rank)


@operation
def reshape(x: Any, newshape: Any) -> Any:
    """The elements in another shape, of which one length may be -1: what is left for it."""
    return _reshape(as_array(x), newshape)


@operation
def ravel(x: Any) -> Any:
    """All elements in a row."""
    return _reshape(as_array(x), (-1,))


@operation
def transpose(x: Any, axes: Any = None) -> Any:
    """The axes in this order, or backwards."""
    x = as_array(x)
    return _transpose(x, None if axes is None else tuple(axis_of(each, x.ndim) for each in axes))


@operation
def expand_dims(x: Any, axis: Any) -> Any:
    """With an axis of length 1 more, or several, at these places of the result."""
    x = as_array(x)
    return _reshape(x, np.expand_dims(unboxed(x), axis if isinstance(axis, int) else tuple(axis)).shape)


@operation
def squeeze(x: Any, axis: Any = None) -> Any:
    """Without these axes of length 1, or without all of them."""
    x = as_array(x)
    axis = axis if axis is None or isinstance(axis, int) else tuple(axis)
    return _reshape(x, np.squeeze(unboxed(x), axis).shape)


@operation
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """With two axes in each other's places."""
    x = as_array(x)
    axes = list(range(x.ndim))
    first, second = axis_of(axis1, x.ndim), axis_of(axis2, x.ndim)
    axes[first], axes[second] = second, first
    return _transpose(x, tuple(axes))


@operation
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """With axes at other places; the others keep their order."""
    x = as_array(x)
    numbers = np.moveaxis(np.empty(range(x.ndim)), source, destination).shape
    return _transpose(x, numbers)


@operation
def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeated along axes of length 1, and along new ones in front, up to this shape."""
    return _broadcast_to(as_array(x), tuple(shape))


@operation
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element, or each slice along the axis, so many times in a row."""
    return _repeat(as_array(x), repeats, axis=axis)


@operation
def tile(x: Any, repeats: Any) -> Any:
    """The whole array so many times, one number for each of the last axes."""
    return _tile(as_array(x), repeats)


@operation
def flip(x: Any, axis: Any = None) -> Any:
    """Backwards along the axis, or the axes; along all of them when None."""
    return _flip(as_array(x), axis=axis)


@operation
def flipud(x: Any) -> Any:
    """Backwards along the first axis."""
    return _flip(as_array(x), axis=0)


@operation
def fliplr(x: Any) -> Any:
    """Backwards along the second axis."""
    return _flip(as_array(x), axis=1)


@operation
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Moved on by `shift`; what leaves at the end comes in at the beginning."""
    return _roll(as_array(x), shift, axis=axis)


@operation
def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """Turned `k` times by a right angle, from the first of the axes towards the second."""
    return _rot90(as_array(array), k=k, axes=tuple(axes))


@operation
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """With more elements before and after, along every axis.

    Args:
        pad_width: a number, a pair (before, after), or a pair for each axis.
        mode: "constant", "reflect", "symmetric", "edge", "wrap" and others of NumPy that copy elements.
        constant_values: the new elements, 0 when None; with the mode "constant" only.
    """
    x = as_array(x)
    if constant_values is not None and mode != "constant":
        raise ValueError(f"argument `constant_values` expected None with mode {mode!r}")
    padded = _pad(x, pad_width, mode=mode)
    if constant_values is None or not np.any(constant_values):
        return padded
    # Zeros where x is, so that the elements of x are what they were.
    around = np.pad(np.zeros(x.shape, x.dtype), pad_width, constant_values=constant_values)
    return padded + around


@operation
def meshgrid(*x: Any, indexing: str = "xy") -> Any:
    """Vectors spread over a common grid, a list of arrays; with "xy" the first two axes are exchanged."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"argument `indexing` expected 'xy' or 'ij'; received {short(indexing)}")
    vectors = [_reshape(as_array(each), -1) for each in x]
    shape = tuple(each.shape[0] for each in vectors)
    grids = [
        _broadcast_to(_reshape(each, (-1,) + (1,) * (len(shape) - 1 - place)), shape)
        for place, each in enumerate(vectors)
    ]
    return [swapaxes(grid, 0, 1) for grid in grids] if indexing == "xy" and len(shape) > 1 else grids
