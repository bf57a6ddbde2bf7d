"""Keras's settings of a process, which are what they are here: float32, 1e-7, and features last."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.ops.nn import EPSILON


def backend() -> str:
    """What computes."""
    return "tidegate"


def epsilon() -> float:
    """What losses and normalizations add, or stay away from 0 by."""
    return EPSILON


def set_epsilon(value: float) -> None:
    """Accepts 1e-7; the losses' is fixed."""
    _only("set_epsilon", value, EPSILON, "an op or a layer takes its own `epsilon`")


def floatx() -> str:
    """The dtype where none is given."""
    return "float32"


def set_floatx(value: str) -> None:
    """Accepts "float32"."""
    _only("set_floatx", value, "float32", "layers and models take `dtype='float64'`")


def image_data_format() -> str:
    """Which axis of an image the channels are."""
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Accepts "channels_last"."""
    _only("set_image_data_format", data_format, "channels_last", "features are the last axis")


def _only(function: str, value: Any, expected: Any, instead: str) -> None:
    if value != expected:
        raise ValueError(f"{function}: expected {expected!r}, which is fixed; {instead}; received {value!r}")


def is_float_dtype(dtype: Any) -> bool:
    """Whether it is one of floats."""
    return bool(np.dtype(dtype).kind == "f")


def is_int_dtype(dtype: Any) -> bool:
    """Whether it is one of integers."""
    return bool(np.dtype(dtype).kind in "iu")


def result_type(*dtypes: Any) -> str:
    """The dtype of what is computed from arrays of these; `int` and `float` stand for Python's numbers."""
    from tidegate.ops import dtypes as rules

    kinds = {int: 2, float: 0.5, bool: True}
    return str(rules.result_type(*(kinds.get(each, np.empty(0, each)) for each in dtypes)))
