"""What losses compute with. No exponential, logarithm or product is NumPy's, whose bits change from machine
to machine: they are native, or made here of what is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate._native import core

if TYPE_CHECKING:
    from tidegate.variable import Array

EPSILON = 1e-7


def mean_of_last(x: Array) -> Array:
    """The mean over the last axis, as `x.mean(axis=-1)` in half the time where x is small."""
    return np.asarray(np.add.reduce(x, axis=-1) / x.dtype.type(x.shape[-1]))


def clip(p: Array, high: float = 1 - EPSILON) -> Array:
    """Probabilities made safe for the logarithm."""
    return np.clip(p, p.dtype.type(EPSILON), p.dtype.type(high))


def unclipped(p: Array, high: float = 1 - EPSILON) -> Array:
    """Where `clip` changes nothing: its derivative."""
    return np.asarray((p >= p.dtype.type(EPSILON)) & (p <= p.dtype.type(high)))


def power(x: Array, exponent: float) -> Array:
    """`x ** exponent`: by multiplication where that is a small whole number, else for x of at least 0."""
    if exponent in range(9):
        result = np.ones_like(x)
        for _ in range(int(exponent)):
            result = result * x
        return result
    return core.activate("exponential", exponent * core.log(x))


def d_power(x: Array, exponent: float) -> Array:
    """The derivative of `power`."""
    return exponent * power(x, exponent - 1) if exponent else np.zeros_like(x)


def log_sum_exp(x: Array, axis: int) -> Array:
    """`log(sum(exp(x)))` over `axis`; minus infinity where all along it are."""
    highest = x.max(axis=axis, keepdims=True)
    highest = np.where(np.isneginf(highest), x.dtype.type(0), highest)
    total = core.activate("exponential", x - highest).sum(axis=axis)
    return np.asarray(core.log(total) + highest.squeeze(axis))


def activate_along(name: str, x: Array, axis: int) -> Array:
    """softmax or log_softmax over `axis`."""
    last = np.ascontiguousarray(np.moveaxis(x, axis, -1))
    return np.ascontiguousarray(np.moveaxis(core.activate(name, last), -1, axis))
