"""`keras.random`: arrays of random numbers, counted like all others."""

from __future__ import annotations

from typing import Any

from tidegate.initializers import RandomNormal, RandomUniform, TruncatedNormal
from tidegate.variable import Array

__all__ = ["normal", "truncated_normal", "uniform"]


def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Array:
    """Of a normal distribution."""
    return RandomNormal(mean, stddev, seed)(tuple(shape), dtype or "float32")


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Array:
    """The same without what is more than two standard deviations from the mean."""
    return TruncatedNormal(mean, stddev, seed)(tuple(shape), dtype or "float32")


def uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Array:
    """Evenly between two numbers."""
    return RandomUniform(minval, maxval, seed)(tuple(shape), dtype or "float32")
