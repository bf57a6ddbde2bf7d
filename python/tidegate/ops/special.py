"""The error function, which neither NumPy nor the native module has by itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tidegate.derivatives import Primitive, fitted
from tidegate.ops.elementwise import define

_SLOPE = 2 / math.sqrt(math.pi)


def _each(function: Any) -> Primitive:
    sign = 1 if function is math.erf else -1
    return Primitive(
        lambda x: np.array([function(each) for each in x.ravel().tolist()], x.dtype).reshape(x.shape),
        lambda y, x: lambda g: fitted(g * (sign * _SLOPE) * np.exp(-x * x), x),
    )


erf = define("erf", "The error function.", _each(math.erf), __name__)
erfc = define("erfc", "`1 - erf(x)`, exact where erf is near 1.", _each(math.erfc), __name__)
