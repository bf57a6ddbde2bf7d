"""Comparisons and truth values, and choices by them. None but `where` and `select` has a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.derivatives import Primitive, fitted, unboxed
from tidegate.ops.dtypes import BOOL, INT, array, common, floats
from tidegate.ops.operation import operation

_where = Primitive(
    np.where,
    None,
    lambda y, c, a, b: lambda g: fitted(np.where(c, g, 0), a),
    lambda y, c, a, b: lambda g: fitted(np.where(c, 0, g), b),
)


def _pair(x1: Any, x2: Any) -> list[Any]:
    return [unboxed(each) for each in common(x1, x2)]


def _truth(x: Any) -> Any:
    return unboxed(array(x)).astype(BOOL)


@operation
def equal(x1: Any, x2: Any) -> Any:
    """`x1 == x2`, element by element."""
    return np.equal(*_pair(x1, x2))


@operation
def not_equal(x1: Any, x2: Any) -> Any:
    """`x1 != x2`, element by element."""
    return np.not_equal(*_pair(x1, x2))


@operation
def greater(x1: Any, x2: Any) -> Any:
    """`x1 > x2`."""
    return np.greater(*_pair(x1, x2))


@operation
def greater_equal(x1: Any, x2: Any) -> Any:
    """`x1 >= x2`."""
    return np.greater_equal(*_pair(x1, x2))


@operation
def less(x1: Any, x2: Any) -> Any:
    """`x1 < x2`."""
    return np.less(*_pair(x1, x2))


@operation
def less_equal(x1: Any, x2: Any) -> Any:
    """`x1 <= x2`."""
    return np.less_equal(*_pair(x1, x2))


@operation
def logical_and(x1: Any, x2: Any) -> Any:
    """Whether both are true, that is not 0."""
    return _truth(x1) & _truth(x2)


@operation
def logical_or(x1: Any, x2: Any) -> Any:
    """Whether one is true."""
    return _truth(x1) | _truth(x2)


@operation
def logical_xor(x1: Any, x2: Any) -> Any:
    """Whether exactly one is true."""
    return _truth(x1) ^ _truth(x2)


@operation
def logical_not(x: Any) -> Any:
    """Whether it is false, that is 0."""
    return ~_truth(x)


@operation
def isfinite(x: Any) -> Any:
    """Whether it is neither NaN nor an infinity."""
    return np.isfinite(unboxed(array(x)))


@operation
def isinf(x: Any) -> Any:
    """Whether it is an infinity."""
    return np.isinf(unboxed(array(x)))


@operation
def isnan(x: Any) -> Any:
    """Whether it is NaN."""
    return np.isnan(unboxed(array(x)))


@operation
def isneginf(x: Any) -> Any:
    """Whether it is minus infinity."""
    return np.isneginf(unboxed(floats(x)))


@operation
def isposinf(x: Any) -> Any:
    """Whether it is plus infinity."""
    return np.isposinf(unboxed(floats(x)))


@operation
def isreal(x: Any) -> Any:
    """True everywhere: the ops know real numbers only."""
    return np.isreal(unboxed(array(x)))


@operation
def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether `x1` differs from `x2` by `atol + rtol * abs(x2)` at most."""
    a, b = _pair(x1, x2)
    return np.isclose(a, b, rtol, atol, equal_nan)


@operation
def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether `isclose` holds everywhere."""
    return np.all(isclose(x1, x2, rtol, atol, equal_nan))


@operation
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element of `x1` is among those of `x2`, or is not if `invert`."""
    a, b = _pair(x1, x2)
    return np.isin(a, b, assume_unique=assume_unique, invert=invert)


@operation
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """`x1` where the condition is true, `x2` elsewhere; the places where it is, when neither is given."""
    if x1 is None and x2 is None:
        return tuple(each.astype(INT) for each in np.nonzero(_truth(condition)))
    if x1 is None or x2 is None:
        raise ValueError("expected both `x1` and `x2`, or neither; received one")
    return _where(_truth(condition), *common(x1, x2))


@operation
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """For each element that of the first of the choices whose condition is true, or else the default."""
    if len(condlist) != len(choicelist):
        raise ValueError(
            f"expected as many conditions as choices; received {len(condlist)} and {len(choicelist)}"
        )
    *choices, found = common(*choicelist, default)
    for condition, choice in zip(reversed(condlist), reversed(choices), strict=True):
        found = _where(_truth(condition), choice, found)
    return found


def _whole(function: Any, x: Any, y: Any) -> Any:
    """A function of the bits of whole numbers."""
    x, y = _pair(x, y)
    if x.dtype.kind == "f":
        raise TypeError(f"expected integers; received dtypes {x.dtype} and {y.dtype}")
    return function(x, y)


@operation
def bitwise_and(x: Any, y: Any) -> Any:
    """The bits that both have."""
    return _whole(np.bitwise_and, x, y)


@operation
def bitwise_or(x: Any, y: Any) -> Any:
    """The bits that one has."""
    return _whole(np.bitwise_or, x, y)


@operation
def bitwise_xor(x: Any, y: Any) -> Any:
    """The bits that exactly one has."""
    return _whole(np.bitwise_xor, x, y)


@operation
def bitwise_invert(x: Any) -> Any:
    """The bits that it has not."""
    return np.invert(unboxed(array(x)))


bitwise_not = bitwise_invert


@operation
def bitwise_left_shift(x: Any, y: Any) -> Any:
    """The bits `y` places up."""
    return _whole(np.left_shift, x, y)


@operation
def bitwise_right_shift(x: Any, y: Any) -> Any:
    """The bits `y` places down."""
    return _whole(np.right_shift, x, y)


left_shift, right_shift = bitwise_left_shift, bitwise_right_shift


@operation
def gcd(x1: Any, x2: Any) -> Any:
    """The greatest common divisor."""
    return _whole(np.gcd, x1, x2)


@operation
def lcm(x1: Any, x2: Any) -> Any:
    """The least common multiple."""
    return _whole(np.lcm, x1, x2)
