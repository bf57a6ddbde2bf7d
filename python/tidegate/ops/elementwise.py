"""Functions of one number, for every element: integers are computed as float32.

exp, log, tanh and those that `ops/nn.py` has are native; what else is no plain arithmetic is NumPy's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.derivatives import Primitive, fitted, unboxed
from tidegate.ops import native
from tidegate.ops.dtypes import array, floats
from tidegate.ops.operation import operation

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = Callable[[Any], Any]

_PI = math.pi


def define(name: str, text: str, function: Callable[[Any], Any], module: str = __name__) -> Function:
    """The op of this name, of floats, which is `function`."""

    def op(x: Any) -> Any:
        return function(floats(x))

    op.__name__ = op.__qualname__ = name
    op.__module__, op.__doc__ = module, text
    return operation(op)


def _smooth(function: Callable[[Any], Any], derivative: Callable[[Any, Any], Any]) -> Primitive:
    """A function with its derivative, in terms of its value and its argument."""
    return Primitive(function, lambda y, x: lambda g: fitted(g * derivative(y, x), x))


def _rsqrt(x: Any) -> Any:
    return 1 / np.sqrt(x)


def _sinc_slope(y: Any, x: Any) -> Any:
    return np.where(x == 0, 0, (np.cos(_PI * x) - y) / np.where(x == 0, 1, x)).astype(x.dtype)


_sqrt = _smooth(np.sqrt, lambda y, x: 0.5 / y)

exp = define("exp", "e to the power of each element.", native.activation("exponential"))
log = define("log", "The natural logarithm.", native.log)
tanh = define("tanh", "The hyperbolic tangent.", native.activation("tanh"))
exp2 = define("exp2", "2 to the power of each element.", _smooth(np.exp2, lambda y, x: y * math.log(2)))
expm1 = define("expm1", "`exp(x) - 1`, exact near 0.", _smooth(np.expm1, lambda y, x: y + 1))
log1p = define("log1p", "`log(1 + x)`, exact near 0.", _smooth(np.log1p, lambda y, x: 1 / (x + 1)))
log2 = define("log2", "The logarithm to base 2.", _smooth(np.log2, lambda y, x: 1 / (x * math.log(2))))
log10 = define("log10", "The logarithm to base 10.", _smooth(np.log10, lambda y, x: 1 / (x * math.log(10))))
sqrt = define("sqrt", "The square root.", _sqrt)
rsqrt = define("rsqrt", "`1 / sqrt(x)`.", _smooth(_rsqrt, lambda y, x: -0.5 * y / x))
cbrt = define("cbrt", "The cube root.", _smooth(np.cbrt, lambda y, x: 1 / (3 * y * y)))
sin = define("sin", "The sine.", _smooth(np.sin, lambda y, x: np.cos(x)))
cos = define("cos", "The cosine.", _smooth(np.cos, lambda y, x: -np.sin(x)))
tan = define("tan", "The tangent.", _smooth(np.tan, lambda y, x: 1 + y * y))
arcsin = define("arcsin", "The inverse of sin.", _smooth(np.arcsin, lambda y, x: 1 / np.sqrt(1 - x * x)))
arccos = define("arccos", "The inverse of cos.", _smooth(np.arccos, lambda y, x: -1 / np.sqrt(1 - x * x)))
arctan = define("arctan", "The inverse of tan.", _smooth(np.arctan, lambda y, x: 1 / (1 + x * x)))
sinh = define("sinh", "The hyperbolic sine.", _smooth(np.sinh, lambda y, x: np.cosh(x)))
cosh = define("cosh", "The hyperbolic cosine.", _smooth(np.cosh, lambda y, x: np.sinh(x)))
arcsinh = define("arcsinh", "The inverse of sinh.", _smooth(np.arcsinh, lambda y, x: 1 / np.sqrt(x * x + 1)))
arccosh = define("arccosh", "The inverse of cosh.", _smooth(np.arccosh, lambda y, x: 1 / np.sqrt(x * x - 1)))
arctanh = define("arctanh", "The inverse of tanh.", _smooth(np.arctanh, lambda y, x: 1 / (1 - x * x)))
reciprocal = define("reciprocal", "`1 / x`.", _smooth(np.reciprocal, lambda y, x: -y * y))
deg2rad = define("deg2rad", "Degrees to radians.", _smooth(np.deg2rad, lambda y, x: _PI / 180))
rad2deg = define("rad2deg", "Radians to degrees.", _smooth(np.rad2deg, lambda y, x: 180 / _PI))
sinc = define("sinc", "`sin(pi x) / (pi x)`, 1 at 0.", _smooth(np.sinc, _sinc_slope))
fabs = define("fabs", "The magnitude, a float.", _smooth(np.fabs, lambda y, x: np.sign(x)))
ceil = define("ceil", "The next whole number above; no gradient.", lambda x: np.ceil(unboxed(x)))
floor = define("floor", "The next whole number below; no gradient.", lambda x: np.floor(unboxed(x)))

_negative = _smooth(np.negative, lambda y, x: -1)
_absolute = _smooth(np.absolute, lambda y, x: np.sign(x))
_square = _smooth(np.square, lambda y, x: 2 * x)


@operation
def negative(x: Any) -> Any:
    """`-x`."""
    return _negative(array(x))


@operation
def absolute(x: Any) -> Any:
    """The magnitude; its gradient at 0 is 0."""
    return _absolute(array(x))


abs = absolute


@operation
def square(x: Any) -> Any:
    """`x * x`."""
    x = array(x)
    return _square(x if x.dtype.kind != "b" else x.astype("int32"))


@operation
def sign(x: Any) -> Any:
    """-1, 0 or 1; no gradient."""
    x = unboxed(array(x))
    return np.sign(x if x.dtype.kind != "b" else x.astype("int32"))


@operation
def round(x: Any, decimals: int = 0) -> Any:
    """The nearest number of so many decimals, the even one of two; no gradient."""
    x = unboxed(array(x))
    return np.round(x if x.dtype.kind != "b" else x.astype("int32"), decimals)


@operation
def trunc(x: Any) -> Any:
    """The next whole number towards 0; no gradient."""
    return np.trunc(unboxed(array(x)))


@operation
def signbit(x: Any) -> Any:
    """Whether the sign is set, of -0.0 too."""
    return np.signbit(unboxed(array(x)))


@operation
def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """Numbers in the place of NaN and the infinities: the dtype's largest, where None is given."""
    return _nan_to_num(array(x), nan=nan, posinf=posinf, neginf=neginf)


_nan_to_num = Primitive(
    np.nan_to_num, lambda y, x, **kwargs: lambda g: fitted(np.where(np.isfinite(x), g, 0), x)
)
