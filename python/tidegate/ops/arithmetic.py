"""Sums, products and powers, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.derivatives import Primitive, fitted
from tidegate.ops.dtypes import array, common, floats
from tidegate.ops.operation import operation

_add = Primitive(np.add, lambda y, a, b: lambda g: fitted(g, a), lambda y, a, b: lambda g: fitted(g, b))
_subtract = Primitive(
    np.subtract, lambda y, a, b: lambda g: fitted(g, a), lambda y, a, b: lambda g: fitted(-g, b)
)
_multiply = Primitive(
    np.multiply, lambda y, a, b: lambda g: fitted(g * b, a), lambda y, a, b: lambda g: fitted(g * a, b)
)
_divide = Primitive(
    np.divide, lambda y, a, b: lambda g: fitted(g / b, a), lambda y, a, b: lambda g: fitted(-g * y / b, b)
)
_negative = Primitive(np.negative, lambda y, x: lambda g: -g)


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
    """`x1 / x2`, a float also of integers."""
    return _divide(*floats(x1, x2))


@operation
def negative(x: Any) -> Any:
    """`-x`."""
    return _negative(array(x))


true_divide = divide
