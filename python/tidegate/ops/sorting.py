"""Order: sorting, ranks, quantiles, and groups of elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.derivatives import Primitive, fitted, unboxed
from tidegate.ops.arithmetic import add, divide, multiply, subtract
from tidegate.ops.dtypes import INT, array, cast, common, floats
from tidegate.ops.operation import operation
from tidegate.ops.places import take, take_along_axis
from tidegate.ops.shapes import axis_of, moveaxis, reshape


@operation
def argsort(x: Any, axis: int | None = -1) -> Any:
    """The places of the elements in ascending order; equal ones keep theirs, NaN comes last."""
    return np.argsort(unboxed(array(x)), axis=axis, kind="stable").astype(INT)


@operation
def sort(x: Any, axis: int | None = -1) -> Any:
    """In ascending order along an axis, or all in a row."""
    x = array(x)
    return take_along_axis(x, argsort(x, axis), axis)


@operation
def argpartition(x: Any, kth: int, axis: int | None = -1) -> Any:
    """Places such that the element at `kth` is where sorting puts it, with none larger before it."""
    return np.argpartition(unboxed(array(x)), kth, axis=axis).astype(INT)


@operation
def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    """The `k` largest elements along the last axis, in descending order, and their places."""
    x = array(x)
    if x.ndim < 1 or not 0 <= k <= x.shape[-1]:
        raise ValueError(f"argument `k` expected at most the last length of shape {x.shape}; received {k}")
    values = unboxed(x)
    backwards = np.argsort(values[..., ::-1], axis=-1, kind="stable")[..., ::-1]  # equal ones: first first
    places = (x.shape[-1] - 1 - backwards[..., :k]).astype(INT)
    return take_along_axis(x, places, -1), places


@operation
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether each row's target is among the places of its `k` largest predictions; ties count."""
    targets, predictions = unboxed(array(targets)), unboxed(array(predictions))
    own = np.take_along_axis(predictions, targets[..., np.newaxis].astype(np.intp), -1)
    return np.sum(predictions > own, axis=-1) < k


@operation
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where values would go into a sorted row, before equal ones or, with "right", after them."""
    sequence, values = map(unboxed, common(sorted_sequence, values))
    if sequence.ndim != 1:
        raise ValueError(f"argument `sorted_sequence` expected one axis; received shape {sequence.shape}")
    if side not in ("left", "right"):
        raise ValueError(f"argument `side` expected 'left' or 'right'; received {side!r}")
    return np.searchsorted(sequence, values, "left" if side == "left" else "right").astype(INT)


@operation
def digitize(x: Any, bins: Any) -> Any:
    """The number of the bin that each element is in: how many of the ascending bounds are not above it."""
    return searchsorted(bins, x, "right")


@operation
def nonzero(x: Any) -> Any:
    """Where it is not 0: a tuple with an array for each axis."""
    return tuple(each.astype(INT) for each in np.nonzero(unboxed(array(x))))


@operation
def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Each element once, in ascending order, with what else is asked for in a tuple.

    Args:
        size: so many of them, the rest of which are `fill_value`, or the first one when None.
    """
    wanted: dict[str, Any] = {
        "return_index": return_index,
        "return_inverse": return_inverse,
        "return_counts": return_counts,
    }
    found = np.unique(unboxed(array(x)), axis=axis, **wanted)
    values, *others = found if isinstance(found, tuple) else (found,)
    if size is not None:
        along, missing = axis or 0, size - values.shape[axis or 0]
        values = np.take(values, np.arange(size), axis=along, mode="clip")
        if missing > 0:
            rest = np.moveaxis(values, along, 0)
            rest[-missing:] = rest[0] if fill_value is None else fill_value
    results = [values, *(np.asarray(each, INT) for each in others)]
    return tuple(results) if others else values


@operation
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """How often each integer from 0 occurs along the last axis, or the sum of its weights."""
    if sparse:
        raise ValueError("argument `sparse` expected False: there are no sparse arrays")
    x = unboxed(array(x))
    length = int(np.max(x, initial=-1)) + 1 if x.size else 0
    length = length if length > minlength else minlength
    rows = x.reshape(-1, x.shape[-1])
    weight = np.ones(x.shape, INT) if weights is None else unboxed(array(weights))
    found = [
        np.bincount(row, each, length) for row, each in zip(rows, weight.reshape(rows.shape), strict=True)
    ]
    return np.asarray(found).reshape(*x.shape[:-1], length).astype(weight.dtype)


@operation
def histogram(x: Any, bins: int = 10, range: Any = None) -> Any:
    """How many elements are in each of `bins` equal parts of a range, and the bounds of the parts."""
    x = unboxed(floats(x))
    counts, bounds = np.histogram(x, bins, range)
    return counts.astype(x.dtype), bounds.astype(x.dtype)


@operation
def quantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The elements below which shares `q` of all are, from 0 to 1.

    Args:
        method: "linear", "lower", "higher", "nearest" or "midpoint": what is taken between two elements.
    """
    x, q = floats(x), floats(q)
    axes = range(x.ndim) if axis is None else [axis_of(each, x.ndim) for each in np.atleast_1d(axis)]
    kept = tuple(1 if each in axes else length for each, length in enumerate(x.shape))
    rows = moveaxis(x, list(axes), list(range(len(axes))))
    rows = sort(reshape(rows, (-1, *rows.shape[len(axes) :])), 0)
    place = multiply(q, rows.shape[0] - 1)
    whole = np.floor(unboxed(place))
    share = subtract(place, whole)
    shares = {
        "linear": share,
        "lower": np.zeros_like(whole),
        "higher": np.ones_like(whole),
        "nearest": np.round(unboxed(share)),
        "midpoint": np.ceil(unboxed(share)) / 2,
    }
    if method not in shares:
        raise ValueError(f"argument `method` expected one of {tuple(shares)}; received {method!r}")
    share = cast(reshape(shares[method], q.shape + (1,) * (rows.ndim - 1)), x.dtype)
    low = whole.astype(INT)
    high = np.minimum(low + 1, rows.shape[0] - 1)
    found = add(multiply(take(rows, low, 0), subtract(1, share)), multiply(take(rows, high, 0), share))
    return reshape(found, q.shape + kept) if keepdims else found


@operation
def percentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
    """`quantile` with shares from 0 to 100."""
    return quantile(x, divide(q, 100), axis, method, keepdims)


@operation
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The element in the middle, or the mean of the two there."""
    return quantile(x, 0.5, axis, "linear", keepdims)


def _segmented(name: str, text: str, function: Any, empty: Any) -> Any:
    def op(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
        data, ids = array(data), unboxed(array(segment_ids)).astype(np.intp)
        if ids.shape != data.shape[:1]:
            raise ValueError(
                f"argument `segment_ids` expected one for each row of `data`, of shape {data.shape}; "
                f"received shape {ids.shape}"
            )
        count = int(ids.max(initial=-1)) + 1 if num_segments is None else num_segments
        return function(data, ids=ids, count=count, empty=empty)

    op.__name__ = op.__qualname__ = name
    op.__doc__ = text
    return operation(op)


def _gathered(ufunc: Any) -> Any:
    """The rows of each segment under one ufunc, on what that starts from; ids out of range are left out."""

    def function(data: Any, ids: Any, count: int, empty: Any) -> Any:
        start = empty(data.dtype) if callable(empty) else empty
        found = np.full((count, *data.shape[1:]), start, data.dtype)
        known = (ids >= 0) & (ids < count)
        ufunc.at(found, ids[known], data[known])
        return found

    return function


def _segment_rows(g: Any, ids: Any, count: int) -> Any:
    """What belongs to each row's segment, 0 for a row that has none."""
    known = ((ids >= 0) & (ids < count)).reshape(-1, *(1,) * (g.ndim - 1))
    return np.where(known, g[np.clip(ids, 0, count - 1)], 0)


def _segment_extreme_slope(y: Any, x: Any, ids: Any, count: int, empty: Any) -> Any:
    def d_x(g: Any) -> Any:
        hit = (x == _segment_rows(y, ids, count)).astype(x.dtype)
        shares = _gathered(np.add)(hit, ids, count, 0)
        return fitted(_segment_rows(g / np.where(shares == 0, 1, shares), ids, count) * hit, x)

    return d_x


def _least(dtype: Any) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _most(dtype: Any) -> Any:
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


segment_sum = _segmented(
    "segment_sum",
    "The sums of the rows of each segment, [num_segments, ...]; 0 where a segment has none.",
    Primitive(_gathered(np.add), lambda y, x, ids, count, empty: lambda g: _segment_rows(g, ids, count)),
    0,
)
segment_max = _segmented(
    "segment_max",
    "The largest of the rows of each segment, [num_segments, ...].",
    Primitive(_gathered(np.maximum), _segment_extreme_slope),
    _least,
)
segment_min = _segmented(
    "segment_min",
    "The smallest of the rows of each segment, [num_segments, ...].",
    Primitive(_gathered(np.minimum), _segment_extreme_slope),
    _most,
)


@operation
def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Zeros of a shape, with values added at places.

    Args:
        indices: [..., n]: the place of each value, in the first n axes.
        values: [..., and the other axes].
    """
    places = _flat_places(indices, shape)
    rest = tuple(shape)[np.shape(unboxed(array(indices)))[-1] :]
    rows = reshape(values, (places.size, -1))
    return reshape(segment_sum(rows, places, int(np.prod(shape)) // int(np.prod(rest))), shape)


def _flat_places(indices: Any, shape: Any) -> Any:
    found = np.asarray(unboxed(array(indices)), np.intp)
    lengths = tuple(shape)[: found.shape[-1]]
    return np.ravel_multi_index(tuple(np.moveaxis(found, -1, 0)), lengths).ravel()
