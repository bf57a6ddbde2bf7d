"""Bounds for the norms of a weight's columns, and for the signs of its elements.

A norm is taken over `axis`: over 0, the inputs, that of a Dense kernel's column, all that leads to one unit.
Source: Srivastava et al., JMLR 15, 2014.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.constraints.constraint import Constraint, axes

if TYPE_CHECKING:
    from tidegate.variable import Array

_EPSILON = 1e-7  # added to a norm that divides


class NonNeg(Constraint):
    """Negative elements become 0."""

    def __call__(self, w: Array) -> Array:
        return np.asarray(np.maximum(w, w.dtype.type(0)))


class UnitNorm(Constraint):
    """Every norm becomes 1."""

    config_keys: ClassVar[tuple[str, ...]] = ("axis",)

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axes(axis, "UnitNorm")

    def __call__(self, w: Array) -> Array:
        return np.asarray(w / (_EPSILON + _norms(w, self.axis)))


class MaxNorm(Constraint):
    """No norm is above `max_value`."""

    config_keys: ClassVar[tuple[str, ...]] = ("max_value", "axis")

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = max_value
        self.axis = axes(axis, "MaxNorm")

    def __call__(self, w: Array) -> Array:
        norms = _norms(w, self.axis)
        return np.asarray(w * (np.clip(norms, 0, self.max_value) / (_EPSILON + norms)))


class MinMaxNorm(Constraint):
    """Every norm goes the share `rate` of its way to the interval from `min_value` to `max_value`."""

    config_keys: ClassVar[tuple[str, ...]] = ("min_value", "max_value", "rate", "axis")

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axes(axis, "MinMaxNorm")

    def __call__(self, w: Array) -> Array:
        norms = _norms(w, self.axis)
        desired = self.rate * np.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return np.asarray(w * (desired / (_EPSILON + norms)))


def _norms(w: Array, axis: Any) -> Array:
    over = tuple(axis) if isinstance(axis, list) else axis
    return np.asarray(np.sqrt(np.sum(np.square(w), axis=over, keepdims=True)))
