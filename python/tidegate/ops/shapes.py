"""The same elements in another shape or order, repeated, cut up or put together."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np

from tidegate.derivatives import Primitive, Rearrangement, is_box, unboxed
from tidegate.inputs import short
from tidegate.ops.dtypes import array, common
from tidegate.ops.operation import operation

_slice, _array = slice, array  # whose names are arguments or ops here
_reshape = Primitive(np.reshape, lambda y, x, shape: lambda g: np.reshape(g, x.shape))
_transpose = Primitive(
    np.transpose, lambda y, x, axes: lambda g: np.transpose(g, None if axes is None else np.argsort(axes))
)
_take, _take_along_axis = Rearrangement(np.take), Rearrangement(np.take_along_axis)
_repeat, _tile, _broadcast_to = (
    Rearrangement(np.repeat),
    Rearrangement(np.tile),
    Rearrangement(np.broadcast_to),
)
_flip, _roll, _rot90 = Rearrangement(np.flip), Rearrangement(np.roll), Rearrangement(np.rot90)
_tril, _triu, _pad = Rearrangement(np.tril), Rearrangement(np.triu), Rearrangement(np.pad)
_diag, _diagflat, _diagonal = Rearrangement(np.diag), Rearrangement(np.diagflat), Rearrangement(np.diagonal)


def axis_of(axis: Any, rank: int) -> int:
    """An axis counted from the front; ValueError if there is none of that number."""
    if not -rank <= axis < rank:
        raise ValueError(f"axis {axis} is out of bounds for array of dimension {rank}")
    return int(axis % rank)


@operation
def reshape(x: Any, newshape: Any) -> Any:
    """The elements in another shape, of which one length may be -1: what is left for it."""
    return _reshape(array(x), newshape)


@operation
def ravel(x: Any) -> Any:
    """All elements in a row."""
    return _reshape(array(x), (-1,))


@operation
def transpose(x: Any, axes: Any = None) -> Any:
    """The axes in this order, or backwards."""
    x = array(x)
    return _transpose(x, None if axes is None else tuple(axis_of(each, x.ndim) for each in axes))


@operation
def expand_dims(x: Any, axis: Any) -> Any:
    """With an axis of length 1 more, or several, at these places of the result."""
    x = array(x)
    return _reshape(x, np.expand_dims(unboxed(x), axis if isinstance(axis, int) else tuple(axis)).shape)


@operation
def squeeze(x: Any, axis: Any = None) -> Any:
    """Without these axes of length 1, or without all of them."""
    x = array(x)
    axis = axis if axis is None or isinstance(axis, int) else tuple(axis)
    return _reshape(x, np.squeeze(unboxed(x), axis).shape)


@operation
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """With two axes in each other's places."""
    x = array(x)
    axes = list(range(x.ndim))
    first, second = axis_of(axis1, x.ndim), axis_of(axis2, x.ndim)
    axes[first], axes[second] = second, first
    return _transpose(x, tuple(axes))


@operation
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """With axes at other places; the others keep their order."""
    x = array(x)
    numbers = np.moveaxis(np.empty(range(x.ndim)), source, destination).shape
    return _transpose(x, numbers)


@operation
def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeated along axes of length 1, and along new ones in front, up to this shape."""
    return _broadcast_to(array(x), tuple(shape))


@operation
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element, or each slice along the axis, so many times in a row."""
    return _repeat(array(x), repeats, axis=axis)


@operation
def tile(x: Any, repeats: Any) -> Any:
    """The whole array so many times, one number for each of the last axes."""
    return _tile(array(x), repeats)


@operation
def flip(x: Any, axis: Any = None) -> Any:
    """Backwards along the axis, or the axes; along all of them when None."""
    return _flip(array(x), axis=axis)


@operation
def flipud(x: Any) -> Any:
    """Backwards along the first axis."""
    return _flip(array(x), axis=0)


@operation
def fliplr(x: Any) -> Any:
    """Backwards along the second axis."""
    return _flip(array(x), axis=1)


@operation
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Moved on by `shift`; what leaves at the end comes in at the beginning."""
    return _roll(array(x), shift, axis=axis)


@operation
def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """Turned `k` times by a right angle, from the first of the axes towards the second."""
    return _rot90(_array(array), k=k, axes=tuple(axes))


@operation
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """With more elements before and after, along every axis.

    Args:
        pad_width: a number, a pair (before, after), or a pair for each axis.
        mode: "constant", "reflect", "symmetric", "edge", "wrap" and others of NumPy that copy elements.
        constant_values: the new elements, 0 when None; with the mode "constant" only.
    """
    x = array(x)
    if constant_values is not None and mode != "constant":
        raise ValueError(f"argument `constant_values` expected None with mode {mode!r}")
    padded = _pad(x, pad_width, mode=mode)
    if constant_values is None or not np.any(constant_values):
        return padded
    # Zeros where x is, so that the elements of x are what they were.
    around = np.pad(np.zeros(x.shape, x.dtype), pad_width, constant_values=constant_values)
    return padded + around


@operation
def concatenate(xs: Any, axis: int = 0) -> Any:
    """Arrays one after the other along an axis that they all have."""
    return joined(common(*xs), axis)


def joined(arrays: list[Any], axis: int) -> Any:
    """Arrays, or boxes, of one dtype, one after the other."""
    numpy = import_module("autograd.numpy") if any(map(is_box, arrays)) else np
    return numpy.concatenate(arrays, axis=axis)


@operation
def stack(x: Any, axis: int = 0) -> Any:
    """Arrays of one shape beside each other, along a new axis."""
    arrays = common(*x)
    shapes = {each.shape for each in arrays}
    if len(shapes) != 1:
        raise ValueError(f"expected arrays of one shape; received shapes {[each.shape for each in arrays]}")
    return joined([expand_dims(each, axis) for each in arrays], axis)


@operation
def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """`x2` after `x1`, along an axis, or all elements in a row."""
    pair = common(x1, x2)
    return joined(pair, axis) if axis is not None else joined([_reshape(each, -1) for each in pair], 0)


@operation
def vstack(xs: Any) -> Any:
    """One below the other, along the first axis; vectors are rows."""
    return joined([_at_least(each, 2) for each in common(*xs)], 0)


@operation
def hstack(xs: Any) -> Any:
    """Side by side, along the second axis, or along the only one."""
    arrays = [_at_least(each, 1) for each in common(*xs)]
    return joined(arrays, 0 if arrays[0].ndim == 1 else 1)


@operation
def dstack(xs: Any) -> Any:
    """One behind the other, along the third axis."""
    return joined([_at_least(each, 3) for each in common(*xs)], 2)


def _at_least(x: Any, rank: int) -> Any:
    return _reshape(x, (np.atleast_1d, np.atleast_2d, np.atleast_3d)[rank - 1](unboxed(x)).shape)


@operation
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """A list of so many equal parts along an axis, or of the parts between these places."""
    x = array(x)
    axis = axis_of(axis, x.ndim)
    if isinstance(indices_or_sections, int) and x.shape[axis] % indices_or_sections:
        raise ValueError(
            f"expected an axis of a multiple of {indices_or_sections}; "
            f"received shape {x.shape} and axis {axis}"
        )
    return _parts(x, indices_or_sections, axis)


@operation
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """As `split`; of parts that cannot be equal, the first have one element more."""
    x = array(x)
    return _parts(x, indices_or_sections, axis_of(axis, x.ndim))


def _parts(x: Any, indices_or_sections: Any, axis: int) -> list[Any]:
    places = np.array_split(np.arange(x.shape[axis]), indices_or_sections)
    before = (_slice(None),) * axis
    found, start = [], 0
    for place in places:
        found.append(x[(*before, _slice(start, start + len(place)))])
        start += len(place)
    return found


@operation
def vsplit(x: Any, indices_or_sections: Any) -> Any:
    """`split` along the first axis."""
    return split(x, indices_or_sections, 0)


@operation
def hsplit(x: Any, indices_or_sections: Any) -> Any:
    """`split` along the second axis, or the only one."""
    return split(x, indices_or_sections, 0 if np.ndim(unboxed(array(x))) == 1 else 1)


@operation
def dsplit(x: Any, indices_or_sections: Any) -> Any:
    """`split` along the third axis."""
    return split(x, indices_or_sections, 2)


@operation
def unstack(x: Any, num: int | None = None, axis: int = 0) -> Any:
    """A list of all slices along an axis, which goes."""
    x = array(x)
    before = (_slice(None),) * axis_of(axis, x.ndim)
    return [x[(*before, place)] for place in range(x.shape[axis] if num is None else num)]


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
        x, indices, axis = _reshape(x, -1), indices.ravel(), 0
    axis = axis_of(axis, x.ndim)
    # Axes of length 1 stand for all along them.
    rest = np.broadcast_shapes(
        *((*each.shape[:axis], 1, *each.shape[axis + 1 :]) for each in (x, indices)),
    )
    shapes = [(*rest[:axis], each.shape[axis], *rest[axis + 1 :]) for each in (x, indices)]
    return _take_along_axis(
        x if x.shape == shapes[0] else _broadcast_to(x, shapes[0]),
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
def meshgrid(*x: Any, indexing: str = "xy") -> Any:
    """Vectors spread over a common grid, a list of arrays; with "xy" the first two axes are exchanged."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"argument `indexing` expected 'xy' or 'ij'; received {short(indexing)}")
    vectors = [_reshape(array(each), -1) for each in x]
    shape = tuple(each.shape[0] for each in vectors)
    grids = [
        _broadcast_to(_reshape(each, (-1,) + (1,) * (len(shape) - 1 - place)), shape)
        for place, each in enumerate(vectors)
    ]
    return [swapaxes(grid, 0, 1) for grid in grids] if indexing == "xy" and len(shape) > 1 else grids


@operation
def unravel_index(indices: Any, shape: Any) -> Any:
    """Where places in a row are in this shape: a tuple with an array for each axis."""
    dtype = unboxed(array(indices)).dtype
    places = _places(indices)
    places = np.where(places < 0, places + math.prod(shape), places)
    return tuple(each.astype(dtype) for each in np.unravel_index(places, tuple(shape)))
