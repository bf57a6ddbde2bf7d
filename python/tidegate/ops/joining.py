"""Arrays put together, and cut up."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from tidegate.derivatives import is_box, unboxed
from tidegate.ops.dtypes import array, common
from tidegate.ops.operation import operation
from tidegate.ops.shapes import axis_of, expand_dims, ravel, reshape


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
    return joined(pair, axis) if axis is not None else joined([ravel(each) for each in pair], 0)


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
    return reshape(x, (np.atleast_1d, np.atleast_2d, np.atleast_3d)[rank - 1](unboxed(x)).shape)


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
    before = (slice(None),) * axis
    found, start = [], 0
    for place in places:
        found.append(x[(*before, slice(start, start + len(place)))])
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
    before = (slice(None),) * axis_of(axis, x.ndim)
    return [x[(*before, place)] for place in range(x.shape[axis] if num is None else num)]
