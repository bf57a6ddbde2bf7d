"""Activation functions with other arguments than their defaults, and those that no layer has.

Whatever is not plain arithmetic is left to the native function with the defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate._native import core

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.variable import Array


def floats(x: Any, name: str) -> Array:
    """`x` as float64 if that is what it is, and else as float32; TypeError for what are no real numbers."""
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: argument `x` expected real numbers; received dtype {array.dtype}")
    return np.require(array, np.float64 if array.dtype == np.float64 else np.float32, ["C", "A"])


def celu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * core.activate("elu", x / alpha))


def elu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * core.activate("elu", x))


def gelu(x: Array, approximate: bool = False) -> Array:
    if not approximate:
        return core.activate("gelu", x)
    root = 0.7978845608028654  # of 2 / pi
    return np.asarray(0.5 * x * (1 + core.activate("tanh", root * (x + 0.044715 * x * x * x))))


def hard_shrink(x: Array, threshold: float = 0.5) -> Array:
    return np.where(np.abs(x) > threshold, x, 0 * x)


def leaky_relu(x: Array, negative_slope: float = 0.2) -> Array:
    return np.where(x < 0, negative_slope * x, x)


def log_softmax(x: Array, axis: int = -1) -> Array:
    return _along(axis, lambda rows: core.activate("log_softmax", rows), x)


def relu(
    x: Array, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    above = x if max_value is None else np.minimum(x, max_value)
    return np.where(x < threshold, negative_slope * (x - threshold), np.where(x > threshold, above, 0 * x))


def soft_shrink(x: Array, threshold: float = 0.5) -> Array:
    return np.where(np.abs(x) > threshold, x - np.sign(x) * threshold, 0 * x)


def softmax(x: Array, axis: int = -1) -> Array:
    return _along(axis, lambda rows: core.activate("softmax", rows), x)


def squareplus(x: Array, b: float = 4) -> Array:
    return np.asarray((x + np.sqrt(x * x + b)) / 2)


VARIANTS: dict[str, Callable[..., Array]] = {
    function.__name__: function
    for function in (
        celu,
        elu,
        gelu,
        hard_shrink,
        leaky_relu,
        log_softmax,
        relu,
        soft_shrink,
        softmax,
        squareplus,
    )
}


def glu(x: Any, axis: int = -1) -> Array:
    """The first half of `x` along `axis`, times the sigmoid of the second."""
    x = floats(x, "glu")
    if x.ndim == 0 or x.shape[axis] % 2:
        raise ValueError(f"glu: argument `x` expected an even length along axis {axis}; received {x.shape}")
    values, gates = np.split(x, 2, axis)
    return np.asarray(values * core.activate("sigmoid", np.ascontiguousarray(gates)))


def sparsemax(x: Any, axis: int = -1) -> Array:
    """`max(x - tau, 0)` along `axis`, after Martins and Astudillo (ICML 2016), with the tau of Keras 3.15.

    That takes the sum of all partial sums where the paper takes the last, so the values add up to 1 only
    where one of them is above 0.
    """
    return _along(axis, _sparsemax_rows, floats(x, "sparsemax"))


def threshold(x: Any, threshold: float, default_value: float) -> Array:
    """`x` where it is above the threshold, and elsewhere the default value."""
    x = floats(x, "threshold")
    return np.asarray(np.where(x > threshold, x, x.dtype.type(default_value)))


def _sparsemax_rows(x: Array) -> Array:
    descending = -np.sort(-x, axis=-1)
    sums, counts = np.cumsum(descending, axis=-1), np.arange(1, x.shape[-1] + 1)
    support = descending - (sums - 1) / counts > 0
    total = np.where(support, sums, 0).sum(axis=-1, keepdims=True)
    tau = (total - 1) / support.sum(axis=-1, keepdims=True)
    return np.asarray(np.maximum(x - tau, 0), x.dtype)


def _along(axis: int, function: Callable[[Array], Array], x: Array) -> Array:
    """`function`, which works along the last axis, along another."""
    rows = np.ascontiguousarray(np.moveaxis(x, axis, -1))
    return np.ascontiguousarray(np.moveaxis(function(rows), -1, axis))
