"""Sums, products, powers and what else two numbers give, element by element, broadcast as NumPy does."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.derivatives import Primitive, fitted, unboxed
from tidegate.ops.dtypes import INT, array, cast, common, floats, result_type
from tidegate.ops.operation import operation


def _of_two(function: Any, d_a: Any, d_b: Any) -> Primitive:
    """A function of two arrays, with what the gradient of each is, of `(g, y, a, b)`, before it is fitted."""
    return Primitive(
        function,
        lambda y, a, b: lambda g: fitted(d_a(g, y, a, b), a),
        lambda y, a, b: lambda g: fitted(d_b(g, y, a, b), b),
    )


def _share(g: Any, y: Any, mine: Any, other: Any) -> Any:
    """The gradient of the larger or the smaller of two goes to that one; two equal ones share it."""
    return np.where(mine == y, np.where(mine == other, g / 2, g), 0)


def _base_slope(g: Any, y: Any, a: Any, b: Any) -> Any:
    return g * np.where(b == 0, 0, b * np.power(a, np.where(b == 0, 1, b - 1)))


def _extreme(function: Any) -> Primitive:
    return _of_two(function, lambda g, y, a, b: _share(g, y, a, b), lambda g, y, a, b: _share(g, y, b, a))


_add = _of_two(np.add, lambda g, y, a, b: g, lambda g, y, a, b: g)
_subtract = _of_two(np.subtract, lambda g, y, a, b: g, lambda g, y, a, b: -g)
_multiply = _of_two(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
_divide = _of_two(np.divide, lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b)
_power = _of_two(np.power, _base_slope, lambda g, y, a, b: g * y * np.log(np.where(a == 0, 1, a)))
_mod = _of_two(np.mod, lambda g, y, a, b: g, lambda g, y, a, b: -g * np.floor(a / b))
_fmod = _of_two(np.fmod, lambda g, y, a, b: g, lambda g, y, a, b: -g * np.trunc(a / b))
_maximum, _minimum = _extreme(np.maximum), _extreme(np.minimum)
_fmax, _fmin = _extreme(np.fmax), _extreme(np.fmin)
_arctan2 = _of_two(
    np.arctan2,
    lambda g, y, a, b: g * b / (a * a + b * b),
    lambda g, y, a, b: -g * a / (a * a + b * b),
)
_hypot = _of_two(np.hypot, lambda g, y, a, b: g * a / y, lambda g, y, a, b: g * b / y)
_logaddexp = _of_two(np.logaddexp, lambda g, y, a, b: g * np.exp(a - y), lambda g, y, a, b: g * np.exp(b - y))
_logaddexp2 = _of_two(
    np.logaddexp2, lambda g, y, a, b: g * np.exp2(a - y), lambda g, y, a, b: g * np.exp2(b - y)
)
_clip = Primitive(
    np.clip,
    lambda y, x, low, high: lambda g: fitted(np.where((x >= low) & (x <= high), g, 0), x),
    lambda y, x, low, high: lambda g: fitted(np.where(x < low, g, 0), low),
    lambda y, x, low, high: lambda g: fitted(np.where(x > high, g, 0), high),
)


@operation
def add(x1: Any, x2: Any) -> Any:
    """`x1 + x2`."""
    return _add(*common(x1, x2))


@operation
def subtract(x1: Any, x2: Any) -> Any:
    """`x1 - x2`."""
    return _subtract(*common(x1, x2))


@operation
def multiply(x1: Any, x2: Any) -> Any:
    """`x1 * x2`."""
    return _multiply(*common(x1, x2))


@operation
def divide(x1: Any, x2: Any) -> Any:
    """`x1 / x2`, a float of integers too."""
    return _divide(*floats(x1, x2))


true_divide = divide


@operation
def divide_no_nan(x1: Any, x2: Any) -> Any:
    """`x1 / x2`, and 0 where `x2` is 0."""
    a, b = floats(x1, x2)
    zero = unboxed(b) == 0
    return _multiply(_divide(a, _add(b, zero.astype(b.dtype))), (~zero).astype(b.dtype))


@operation
def floor_divide(x1: Any, x2: Any) -> Any:
    """The whole number below `x1 / x2`; no gradient."""
    return np.floor_divide(*_counted(*map(unboxed, common(x1, x2))))


@operation
def mod(x1: Any, x2: Any) -> Any:
    """What is left of `x1` divided by `x2`, with the sign of `x2`."""
    return _mod(*_counted(*common(x1, x2)))


@operation
def fmod(x1: Any, x2: Any) -> Any:
    """What is left of `x1` divided by `x2`, with the sign of `x1`."""
    return _fmod(*_counted(*common(x1, x2)))


@operation
def power(x1: Any, x2: Any) -> Any:
    """`x1 ** x2`."""
    return _power(*_counted(*common(x1, x2)))


@operation
def maximum(x1: Any, x2: Any) -> Any:
    """The larger element; NaN where one is. Equal ones share the gradient."""
    return _maximum(*common(x1, x2))


@operation
def minimum(x1: Any, x2: Any) -> Any:
    """The smaller element; NaN where one is. Equal ones share the gradient."""
    return _minimum(*common(x1, x2))


@operation
def fmax(x1: Any, x2: Any) -> Any:
    """The larger element; where one is NaN, the other."""
    return _fmax(*common(x1, x2))


@operation
def fmin(x1: Any, x2: Any) -> Any:
    """The smaller element; where one is NaN, the other."""
    return _fmin(*common(x1, x2))


@operation
def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """`x`, but no less than `x_min` and no more than `x_max`; at the bounds the gradient is that of `x`."""
    dtype = result_type(x, x_min, x_max)
    dtype = INT if dtype.kind == "b" else dtype
    return _clip(*(cast(each, dtype) for each in (x, x_min, x_max)))


@operation
def arctan2(x1: Any, x2: Any) -> Any:
    """The angle of the point `(x2, x1)`, from -pi to pi."""
    return _arctan2(*floats(x1, x2))


@operation
def hypot(x1: Any, x2: Any) -> Any:
    """`sqrt(x1 ** 2 + x2 ** 2)`."""
    return _hypot(*floats(x1, x2))


@operation
def logaddexp(x1: Any, x2: Any) -> Any:
    """`log(exp(x1) + exp(x2))`."""
    return _logaddexp(*floats(x1, x2))


@operation
def logaddexp2(x1: Any, x2: Any) -> Any:
    """`log2(2 ** x1 + 2 ** x2)`."""
    return _logaddexp2(*floats(x1, x2))


@operation
def heaviside(x1: Any, x2: Any) -> Any:
    """0 where `x1` is negative, 1 where it is positive, and `x2` at 0; no gradient."""
    return np.heaviside(*map(unboxed, floats(x1, x2)))


@operation
def nextafter(x1: Any, x2: Any) -> Any:
    """The next float after `x1` in the direction of `x2`; no gradient."""
    return np.nextafter(*map(unboxed, floats(x1, x2)))


@operation
def ldexp(x1: Any, x2: Any) -> Any:
    """`x1 * 2 ** x2`."""
    x1 = floats(x1)
    return _multiply(x1, np.exp2(unboxed(array(x2)).astype(x1.dtype)))


def _counted(*arrays: Any) -> Any:
    """Truth values as integers, which they are where they are computed with."""
    return [each.astype(INT) if each.dtype.kind == "b" else each for each in arrays]
