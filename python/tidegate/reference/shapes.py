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


class UpSampling1D:
    """x [B, T, F] -> y [B, T size, F]: each step `size` times."""

    def __init__(self, size: int) -> None:
        self.size = size

    def forward(self, x: Array) -> Array:
        return np.repeat(x, self.size, axis=1)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        d_x: Array = d_y.reshape(*x.shape[:2], self.size, x.shape[2]).sum(axis=2)
        return d_x


class Pad1D:
    """Steps of zeros before and after x [B, T, F]; of a negative number, steps that are left out."""

    def __init__(self, before: int, after: int) -> None:
        self.before, self.after = before, after

    def forward(self, x: Array) -> Array:
        return _padded(x, self.before, self.after)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        return _padded(d_y, -self.before, -self.after)


def _padded(x: Array, before: int, after: int) -> Array:
    inner = x[:, max(-before, 0) : x.shape[1] - max(-after, 0)]
    return np.pad(inner, ((0, 0), (max(before, 0), max(after, 0)), (0, 0)))


class Permute:
    """Axis 1 + i of y is axis dims[i] of x."""

    def __init__(self, dims: Sequence[int]) -> None:
        self.axes = (0, *dims)

    def forward(self, x: Array) -> Array:
        return x.transpose(self.axes)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        return d_y.transpose(np.argsort(self.axes))
