"""Activation functions with arguments, as layers of their own."""

from __future__ import annotations

import numpy as np

from tidegate.reference.activations import softmax
from tidegate.reference.arrays import Array


class ReLU:
    """y = min(x, most) above the threshold, slope (x - threshold) up to it."""

    def __init__(self, slope: float, threshold: float, most: float) -> None:
        self.slope, self.threshold, self.most = slope, threshold, most

    def forward(self, x: Array) -> Array:
        below = self.slope * np.minimum(x - self.threshold, 0)
        y: Array = np.where(x > self.threshold, np.minimum(x, self.most), below)
        return y

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        d_x: Array = d_y * np.where(x > self.threshold, x < self.most, self.slope)
        return d_x


class ELU:
    """y = x above zero, alpha (exp(x) - 1) up to it."""

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha

    def forward(self, x: Array) -> Array:
        y: Array = np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))
        return y

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        d_x: Array = d_y * np.where(x > 0, 1, self.alpha * np.exp(np.minimum(x, 0)))
        return d_x


class PReLU:
    """y = x above zero, alpha x up to it; alpha has the axes of x without the first, or length 1."""

    def forward(self, x: Array, alpha: Array) -> Array:
        y: Array = np.where(x > 0, x, alpha * x)
        return y

    def backward(
        self, x: Array, alpha: Array, d_y: Array, need_d_x: bool = True
    ) -> tuple[Array | None, Array]:
        of_elements = np.where(x > 0, 0, d_y * x)
        shared = tuple(axis + 1 for axis, length in enumerate(alpha.shape) if length == 1)
        d_alpha = of_elements.sum(axis=(0, *shared)).reshape(alpha.shape)
        return d_y * np.where(x > 0, 1, alpha) if need_d_x else None, d_alpha


class Softmax:
    """exp(x) over its sum, along the axes from `first` to `last` together; zero where the mask is False."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last

    def forward(self, x: Array, mask: Array | None = None) -> Array:
        counted = x if mask is None else np.where(mask, x, -1e9)
        y = from_rows(softmax(as_rows(counted, self.first, self.last)), x, self.first, self.last)
        return y if mask is None else y * mask

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        y_rows, d_rows = (as_rows(each, self.first, self.last) for each in (y, d_y))
        d_x = y_rows * (d_rows - (y_rows * d_rows).sum(axis=-1, keepdims=True))
        return from_rows(d_x, x, self.first, self.last)


def as_rows(x: Array, first: int, last: int) -> Array:
    """The axes from `first` to `last` together as the last one, [rows, n]."""
    count = last - first + 1
    moved = np.moveaxis(x, range(first, last + 1), range(x.ndim - count, x.ndim))
    return moved.reshape(-1, int(np.prod(x.shape[first : last + 1])))


def from_rows(rows: Array, x: Array, first: int, last: int) -> Array:
    """The inverse, for an array of the shape of x."""
    count = last - first + 1
    shape = (*x.shape[:first], *x.shape[last + 1 :], *x.shape[first : last + 1])
    return np.moveaxis(rows.reshape(shape), range(x.ndim - count, x.ndim), range(first, last + 1))
