"""Pooling over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidegate.reference.arrays import Array


class Pooling1D:
    """x [B, T, F] -> y [B, windows, F]"""

    def __init__(self, pool_size: int, strides: int, same: bool) -> None:
        self.pool_size, self.strides, self.same = pool_size, strides, same

    def windows(self, timesteps: int) -> list[slice]:
        """`same` puts half of what is missing, rounded down, before the sequence."""
        if not self.same:
            starts = list(range(0, timesteps - self.pool_size + 1, self.strides))
        else:
            count = -(-timesteps // self.strides)
            missing = max(0, (count - 1) * self.strides + self.pool_size - timesteps)
            starts = [window * self.strides - missing // 2 for window in range(count)]
        return [slice(max(0, start), start + self.pool_size) for start in starts]


class MaxPooling1D(Pooling1D):
    """The first of equal maxima has the gradient."""

    def forward(self, x: Array) -> Array:
        found = [x[:, window].max(axis=1) for window in self.windows(x.shape[1])]
        return np.stack(found, axis=1) if found else np.empty_like(x[:, :0])

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        d_x = np.zeros_like(x)
        rows, features = np.ogrid[: x.shape[0], : x.shape[2]]
        for place, window in enumerate(self.windows(x.shape[1])):
            d_x[rows, window.start + x[:, window].argmax(axis=1), features] += d_y[:, place]
        return d_x


class AveragePooling1D(Pooling1D):
    """Of the steps of a window that are in the sequence."""

    def forward(self, x: Array) -> Array:
        found = [x[:, window].mean(axis=1) for window in self.windows(x.shape[1])]
        return np.stack(found, axis=1) if found else np.empty_like(x[:, :0])

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        d_x = np.zeros_like(x)
        for place, window in enumerate(self.windows(x.shape[1])):
            steps = d_x[:, window]
            steps += d_y[:, place, None] / steps.shape[1]
        return d_x


class GlobalMaxPooling1D:
    """x [B, T, F] -> y [B, F] or [B, 1, F]; equal maxima share the gradient."""

    def __init__(self, keepdims: bool = False) -> None:
        self.keepdims = keepdims

    def forward(self, x: Array) -> Array:
        y: Array = x.max(axis=1, keepdims=self.keepdims)
        return y

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        hits = x == y.reshape(x[:, :1].shape)
        d_x: Array = hits * (d_y.reshape(x[:, :1].shape) / hits.sum(axis=1, keepdims=True))
        return d_x


class GlobalAveragePooling1D:
    """x [B, T, F] -> y [B, F] or [B, 1, F], of the steps that mask [B, T] leaves."""

    def __init__(self, keepdims: bool = False) -> None:
        self.keepdims = keepdims

    def forward(self, x: Array, mask: Array | None = None) -> Array:
        real = self._real(x.shape, mask)
        y: Array = np.where(real, x, 0).sum(axis=1, keepdims=True) / real.sum(axis=1, keepdims=True)
        return y if self.keepdims else y[:, 0]

    def backward(self, shape: Sequence[int], d_y: Array, mask: Array | None = None) -> Array:
        real = self._real(shape, mask)
        d_x: Array = np.where(real, d_y.reshape(shape[0], 1, shape[2]) / real.sum(axis=1, keepdims=True), 0)
        return d_x

    def _real(self, shape: Sequence[int], mask: Array | None) -> Array:
        """bool [B, T, 1]"""
        return np.ones((*shape[:2], 1), bool) if mask is None else mask[:, :, None]
