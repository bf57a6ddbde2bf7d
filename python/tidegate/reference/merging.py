"""What layers that merge several arrays are made of."""

from __future__ import annotations

import numpy as np

from tidegate.reference.arrays import Array

_PAIRWISE = {"subtract": np.subtract, "maximum": np.maximum, "minimum": np.minimum}
_LARGEST_INVERSE = 1e7


def pairwise(name: str, a: Array, b: Array) -> Array:
    y: Array = _PAIRWISE[name](a, b)
    return y


def extreme_gradient(a: Array, b: Array, d_y: Array, least: bool = False) -> tuple[Array, Array]:
    """All to the larger, half to each of two equal ones."""
    share = np.where(a == b, 0.5, (a < b) if least else (a > b))
    return d_y * share, d_y * (1 - share)


def divide(x: Array, divisor: float) -> Array:
    return x / divisor


def sum_axis(x: Array, axis: int) -> Array:
    y: Array = x.sum(axis=axis)
    return y


def unit_rows(x: Array) -> tuple[Array, Array]:
    """Rows along the last axis over their Euclidean lengths, which count as 1e-7 where they are less."""
    with np.errstate(divide="ignore"):
        inverse = np.minimum(1 / np.sqrt(np.sum(x**2, axis=-1)), _LARGEST_INVERSE)
    return x * inverse[..., None], inverse


def unit_rows_gradient(y: Array, inverse: Array, d_y: Array) -> Array:
    along = np.where(inverse < _LARGEST_INVERSE, np.sum(y * d_y, axis=-1), 0)
    d_x: Array = inverse[..., None] * (d_y - y * along[..., None])
    return d_x
