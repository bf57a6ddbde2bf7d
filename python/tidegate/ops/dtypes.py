"""What ops take for arrays, and in which dtype they compute with them: Keras's rules, not NumPy's.

A Python number takes the dtype of the arrays that it meets. Of floats and integers the floats decide, and
float32 is the float where there is none: an array of int64 and one of float32 make float32.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from tidegate.derivatives import is_box
from tidegate.inputs import short
from tidegate.structure import flatten

FLOAT, INT, BOOL = np.dtype("float32"), np.dtype("int32"), np.dtype("bool")
_WEAK = {bool: BOOL, int: INT, float: FLOAT}


def array(value: Any) -> Any:
    """`value` as an array of real numbers, or as a box.

    Raises:
        TypeError: it is none and cannot become one.
    """
    if isinstance(value, np.ndarray) or is_box(value):
        found = value
    elif isinstance(value, (list, tuple)):
        leaves = flatten(value)
        dtype = result_type(*leaves) if leaves else FLOAT
        numpy = import_module("autograd.numpy") if any(map(is_box, leaves)) else np
        found = numpy.array(value).astype(dtype)
    else:
        found = np.asarray(value, _WEAK.get(type(value)))
    if found.dtype.kind not in "fiub":
        raise TypeError(f"expected real numbers, or arrays of them; received {short(value)}")
    return found


def result_type(*values: Any) -> np.dtype[Any]:
    """The dtype of what is computed from `values` together."""
    kinds = [_WEAK.get(type(value)) for value in values]
    weak = [kind for kind in kinds if kind]
    strong = [
        value.dtype if hasattr(value, "dtype") else array(value).dtype
        for value, kind in zip(values, kinds, strict=True)
        if not kind
    ]
    floats = [dtype for dtype in strong if dtype.kind == "f"]
    if floats:
        return np.result_type(*floats)
    if FLOAT in weak:
        return FLOAT
    found = np.result_type(*strong) if strong else BOOL
    if found.kind == "b" and weak:
        return INT if INT in weak else BOOL
    return found if found.kind in "iub" else FLOAT  # int64 and uint64 have no integer in common


def cast(value: Any, dtype: Any) -> Any:
    """`value` as an array, or a box, of this dtype."""
    value = array(value)
    return value if value.dtype == dtype else value.astype(dtype)


def common(*values: Any) -> list[Any]:
    """`values` as arrays, or boxes, of one dtype."""
    dtype = result_type(*values)
    return [cast(value, dtype) for value in values]


def floats(*values: Any) -> Any:
    """`values` as arrays, or boxes, of one dtype of floats; one alone, or a list of several."""
    dtype = result_type(*values)
    if dtype.kind != "f":
        dtype = FLOAT
    found = [cast(value, dtype) for value in values]
    return found if len(found) > 1 else found[0]
