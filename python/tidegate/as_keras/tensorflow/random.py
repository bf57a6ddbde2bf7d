"""`tensorflow.random`: arrays of random numbers, counted like all others."""

from __future__ import annotations

from typing import Any

from tidegate.as_keras import draws
from tidegate.random import set_seed
from tidegate.values import handed_out

__all__ = ["normal", "set_seed", "truncated_normal", "uniform"]


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    return handed_out(draws.normal(shape, mean, stddev, dtype, seed))


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    return handed_out(draws.truncated_normal(shape, mean, stddev, dtype, seed))


def uniform(shape: Any, minval: float = 0, maxval: float = 1, dtype: Any = None, seed: Any = None) -> Any:
    return handed_out(draws.uniform(shape, minval, maxval, dtype, seed))
