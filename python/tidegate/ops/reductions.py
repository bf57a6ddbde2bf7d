"""Sums, means, extremes and other numbers of whole axes: of one, of several, or of all when None."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.derivatives import Primitive, fitted, is_box, unboxed
from tidegate.ops.arithmetic import divide, multiply, subtract
from tidegate.ops.dtypes import BOOL, INT, array, cast, floats
from tidegate.ops.elementwise import exp, log, sqrt, square
from tidegate.ops.joining import stack, unstack
from tidegate.ops.operation import operation
from tidegate.ops.shapes import axis_of, expand_dims, ravel


def axes_of(axis: Any) -> Any:
    """What NumPy takes for one axis, several, or all."""
    return tuple(axis) if isinstance(axis, list) else axis


def _spread(y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """What was reduced from `x`, or its gradient, along the axes that went."""
    if axis is not None and not keepdims:
        y = np.expand_dims(y, axis)
    return np.broadcast_to(y, x.shape)


def _extreme_slope(y: Any, x: Any, axis: Any, keepdims: bool, **initial: Any) -> Any:
    def d_x(g: Any) -> Any:
        hit = x == _spread(y, x, axis, keepdims)
        count = np.sum(hit, axis=axis, keepdims=True)
        return fitted(np.where(hit, _spread(g, x, axis, keepdims) / count, 0), x)

    return d_x


def _product_slope(y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """Each element's is the product of the others, before it and after it: so a zero harms nothing."""

    def d_x(g: Any) -> Any:
        axes = tuple(range(x.ndim)) if axis is None else tuple(np.atleast_1d(axis) % x.ndim)
        order = [*(each for each in range(x.ndim) if each not in axes), *axes]
        moved = x.transpose(order)
        rows = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
        others = _before(rows) * _before(rows[..., ::-1])[..., ::-1]
        others = others.reshape(moved.shape).transpose(np.argsort(order))
        return fitted(_spread(g, x, axis, keepdims) * others, x)

    return d_x


def _same_dtype(function: Any) -> Any:
    """A sum or a product in the dtype of the elements: NumPy's of integers are in int64."""
    return lambda x, **kwargs: function(x, dtype=x.dtype, **kwargs)


def _before(rows: Any) -> Any:
    """The products of all elements before each one, along the last axis."""
    return np.cumprod(np.concatenate([np.ones_like(rows[..., :1]), rows[..., :-1]], -1), -1)


_sum = Primitive(
    _same_dtype(np.sum), lambda y, x, axis, keepdims: lambda g: fitted(_spread(g, x, axis, keepdims), x)
)
_max, _min = Primitive(np.max, _extreme_slope), Primitive(np.min, _extreme_slope)
_prod = Primitive(_same_dtype(np.prod), _product_slope)
_cumsum = Primitive(
    _same_dtype(np.cumsum), lambda y, x, axis: lambda g: np.flip(np.cumsum(np.flip(g, axis), axis), axis)
)


def _wide(x: Any) -> Any:
    """Truth values and short integers as the integers in which they are summed."""
    if x.dtype.kind in "bi" and x.dtype.itemsize < 4:
        return x.astype(INT)
    return x.astype("uint32") if x.dtype.kind == "u" and x.dtype.itemsize < 4 else x


@operation
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum; truth values count as integers."""
    return _sum(_wide(array(x)), axis=axes_of(axis), keepdims=keepdims)


@operation
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean, a float of integers too."""
    x = floats(x)
    total = sum(x, axis, keepdims)
    return divide(total, x.size / (total.size or 1))


@operation
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean."""
    x = floats(x)
    return mean(square(subtract(x, mean(x, axis, True))), axis, keepdims)


@operation
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The square root of `var`."""
    return sqrt(var(x, axis, keepdims))


@operation
def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> Any:
    """The mean and the variance; `synchronized` is accepted for Keras's sake."""
    return mean(x, axes, keepdims), var(x, axes, keepdims)


@operation
def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """The mean, or the weighted mean, with weights of the shape of `x`, or of the axis."""
    if weights is None:
        return mean(x, axis)
    x, weights = floats(x, weights)
    if weights.ndim == 1 and x.ndim > 1:
        if not isinstance(axis, int):
            raise ValueError("argument `axis` expected an integer, where the weights are those of an axis")
        rest = [each for each in range(x.ndim) if each != axis_of(axis, x.ndim)]
        weights = expand_dims(weights, rest)
    products = multiply(x, weights)
    return divide(sum(products, axis), sum(multiply(weights, np.ones(x.shape, x.dtype)), axis))


@operation
def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The largest element, and no less than `initial`; equal ones share the gradient."""
    given = {} if initial is None else {"initial": initial}
    return _max(array(x), axis=axes_of(axis), keepdims=keepdims, **given)


@operation
def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The smallest element, and no more than `initial`; equal ones share the gradient."""
    given = {} if initial is None else {"initial": initial}
    return _min(array(x), axis=axes_of(axis), keepdims=keepdims, **given)


@operation
def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element."""
    return max(x, axis, keepdims)


@operation
def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element."""
    return min(x, axis, keepdims)


@operation
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element less the smallest."""
    return subtract(max(x, axis, keepdims), min(x, axis, keepdims))


@operation
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The product; truth values count as integers."""
    x = _wide(array(x)) if dtype is None else cast(x, dtype)
    return _prod(x, axis=axes_of(axis), keepdims=keepdims)


@operation
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether all are true, that is not 0."""
    return np.all(unboxed(array(x)).astype(BOOL), axis=axes_of(axis), keepdims=keepdims)


@operation
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether one is true."""
    return np.any(unboxed(array(x)).astype(BOOL), axis=axes_of(axis), keepdims=keepdims)


@operation
def count_nonzero(x: Any, axis: Any = None) -> Any:
    """How many are not 0."""
    return np.asarray(np.count_nonzero(unboxed(array(x)), axis=axes_of(axis)), INT)


@operation
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The place of the largest element, the first of equal ones."""
    return np.asarray(np.argmax(unboxed(array(x)), axis=axis, keepdims=keepdims), INT)


@operation
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The place of the smallest element, the first of equal ones."""
    return np.asarray(np.argmin(unboxed(array(x)), axis=axis, keepdims=keepdims), INT)


@operation
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """`log(sum(exp(x)))`, without an overflow on the way."""
    x = floats(x)
    highest = np.max(unboxed(x), axis=axes_of(axis), keepdims=True)
    highest = np.where(np.isfinite(highest), highest, 0).astype(x.dtype)
    total = log(sum(exp(subtract(x, highest)), axis, keepdims))
    return total + highest.reshape(np.shape(unboxed(total)))


@operation
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The sums of all elements up to each one, along an axis or in a row."""
    x, axis = _row(x, axis, dtype)
    return _cumsum(x, axis=axis)


@operation
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The products of all elements up to each one, along an axis or in a row."""
    x, axis = _row(x, axis, dtype)
    if not is_box(x):
        return np.cumprod(x, axis, x.dtype)
    found: list[Any] = []
    for each in unstack(x, axis=axis):
        found.append(multiply(found[-1], each) if found else each)
    return stack(found, axis)


def _row(x: Any, axis: int | None, dtype: Any) -> tuple[Any, int]:
    x = array(x)
    x = cast(x, dtype or (INT if x.dtype.kind == "b" else x.dtype))
    return (ravel(x), 0) if axis is None else (x, axis_of(axis, x.ndim))


@operation
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Each element less the one before it, along an axis, `n` times over."""
    a = array(a)
    axis = axis_of(axis, a.ndim)
    before = (slice(None),) * axis
    for _ in range(n):
        a = subtract(a[(*before, slice(1, None))], a[(*before, slice(None, -1))])
    return a


@operation
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The area under the points `y` by the rule of trapezoids, at `x`, or `dx` from each other."""
    y = floats(y)
    axis = axis_of(axis, y.ndim)
    before = (slice(None),) * axis
    width = dx if x is None else diff(x, axis=0 if np.ndim(unboxed(array(x))) == 1 else axis)
    if x is not None and np.ndim(unboxed(width)) == 1 and y.ndim > 1:
        width = expand_dims(width, [each for each in range(y.ndim) if each != axis])
    pairs = y[(*before, slice(1, None))] + y[(*before, slice(None, -1))]
    return sum(multiply(pairs, multiply(width, 0.5)), axis)
