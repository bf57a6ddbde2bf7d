"""Layers that arrange elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidegate.reference.arrays import Array


class RepeatVector:
    """x [B, F] -> y [B, n, F]"""

    def __init__(self, n: int) -> None:
        self.n = n

    def forward(self, x: Array) -> Array:
        return np.repeat(x[:, None], self.n, axis=1)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        d_x: Array = d_y.sum(axis=1)
        return d_x


class Permute:
    """Axis 1 + i of y is axis dims[i] of x."""

    def __init__(self, dims: Sequence[int]) -> None:
        self.axes = (0, *dims)

    def forward(self, x: Array) -> Array:
        return x.transpose(self.axes)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        return d_y.transpose(np.argsort(self.axes))
