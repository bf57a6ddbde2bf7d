"""Normalizations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidegate.reference.arrays import Array, Arrays
from tidegate.reference.rectifiers import as_rows, from_rows


class LayerNormalization:
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, moments over the last axis."""

    def __init__(
        self, features: int, *, epsilon: float = 1e-3, center: bool = True, scale: bool = True
    ) -> None:
        self.epsilon, self.center, self.scale = epsilon, center, scale

    def forward(self, x: Array, weights: Sequence[Array]) -> tuple[Array, Array]:
        """x [..., F] -> y, moments [N, 2]: mean and 1 / sqrt(variance + epsilon)."""
        mean = x.mean(axis=-1, keepdims=True)
        inverse = 1 / np.sqrt(np.square(x - mean).mean(axis=-1, keepdims=True) + self.epsilon)
        y = (x - mean) * inverse
        if self.scale:
            y = y * weights[0]
        if self.center:
            y = y + weights[-1]
        return y, np.concatenate([mean, inverse], axis=-1).reshape(-1, 2)

    def backward(
        self, x: Array, moments: Array, weights: Sequence[Array], d_y: Array, need_d_x: bool = True
    ) -> tuple[Array | None, Arrays]:
        mean, inverse = (moments[:, k].reshape(*x.shape[:-1], 1) for k in (0, 1))
        x_hat = (x - mean) * inverse
        over_rows = tuple(range(x.ndim - 1))
        d_weights = [(d_y * x_hat).sum(axis=over_rows)] * self.scale + [d_y.sum(axis=over_rows)] * self.center
        g = d_y * weights[0] if self.scale else d_y
        d_x = inverse * (
            g - g.mean(axis=-1, keepdims=True) - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)
        )
        return d_x if need_d_x else None, d_weights


class BatchNormalization:
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, moments of each feature."""

    def __init__(
        self, features: int, *, epsilon: float = 1e-3, center: bool = True, scale: bool = True
    ) -> None:
        self.epsilon, self.center, self.scale = epsilon, center, scale

    def moments(self, x: Array, mask: Array | None = None) -> tuple[Array, Array]:
        """Mean [F] and variance [F] of x [..., F] where mask [...] is True."""
        rows = x.reshape(-1, x.shape[-1]) if mask is None else x[mask]
        return rows.mean(axis=0), rows.var(axis=0)

    def forward(self, x: Array, weights: Sequence[Array]) -> Array:
        """weights: gamma and beta as there are, mean, variance, all [F]."""
        y = (x - weights[-2]) / np.sqrt(weights[-1] + self.epsilon)
        if self.scale:
            y = y * weights[0]
        return y + weights[int(self.scale)] if self.center else y

    def backward(
        self,
        x: Array,
        weights: Sequence[Array],
        d_y: Array,
        of_batch: bool,
        mask: Array | None = None,
        need_d_x: bool = True,
    ) -> tuple[Array | None, Arrays]:
        """`of_batch`: the moments hang on the steps of x that mask leaves; else they are constants."""
        inverse = 1 / np.sqrt(weights[-1] + self.epsilon)
        x_hat = (x - weights[-2]) * inverse
        over_rows = tuple(range(x.ndim - 1))
        d_gamma, d_beta = (d_y * x_hat).sum(axis=over_rows), d_y.sum(axis=over_rows)
        through_moments = np.zeros_like(x)
        if of_batch:
            real = np.ones(x.shape[:-1], bool) if mask is None else mask
            through_moments = real[..., None] * (d_beta + x_hat * d_gamma) / max(1, real.sum())
        d_x = (weights[0] if self.scale else 1) * inverse * (d_y - through_moments)
        return d_x if need_d_x else None, [d_gamma] * self.scale + [d_beta] * self.center


class GroupNormalization:
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, moments of each group of features over all axes
    but the first."""

    def __init__(
        self, groups: int, features: int, *, epsilon: float = 1e-3, center: bool = True, scale: bool = True
    ) -> None:
        self.groups, self.epsilon, self.center, self.scale = groups, epsilon, center, scale

    def _of_groups(self, x: Array) -> Array:
        steps = int(np.prod(x.shape[1:-1]))
        return x.reshape(x.shape[0], steps, self.groups, x.shape[-1] // self.groups)

    def forward(self, x: Array, weights: Sequence[Array]) -> tuple[Array, Array]:
        """x [B, ..., F] -> y, moments [B, groups, 2]: mean and 1 / sqrt(variance + epsilon)."""
        given = self._of_groups(x)
        mean = given.mean(axis=(1, 3), keepdims=True)
        inverse = 1 / np.sqrt(np.square(given - mean).mean(axis=(1, 3), keepdims=True) + self.epsilon)
        y = ((given - mean) * inverse).reshape(x.shape)
        if self.scale:
            y = y * weights[0]
        if self.center:
            y = y + weights[-1]
        return y, np.concatenate([mean, inverse], axis=-1)[:, 0]

    def backward(
        self, x: Array, moments: Array, weights: Sequence[Array], d_y: Array, need_d_x: bool = True
    ) -> tuple[Array | None, Arrays]:
        mean, inverse = (moments[:, np.newaxis, :, k, np.newaxis] for k in (0, 1))
        x_hat = (self._of_groups(x) - mean) * inverse
        over_rows = tuple(range(x.ndim - 1))
        d_gamma = (d_y * x_hat.reshape(x.shape)).sum(axis=over_rows)
        d_weights = [d_gamma] * self.scale + [d_y.sum(axis=over_rows)] * self.center
        g = self._of_groups(d_y * weights[0] if self.scale else d_y)
        through_moments = g.mean(axis=(1, 3), keepdims=True) + x_hat * (g * x_hat).mean(
            axis=(1, 3), keepdims=True
        )
        return (inverse * (g - through_moments)).reshape(x.shape) if need_d_x else None, d_weights


class RMSNormalization:
    """y = scale x / sqrt(mean(x^2) + epsilon), the mean over the last axis."""

    def __init__(self, epsilon: float = 1e-6) -> None:
        self.epsilon = epsilon

    def forward(self, x: Array, scale: Array) -> tuple[Array, Array]:
        """x [..., F] -> y, inverse [N]: 1 / sqrt(mean(x^2) + epsilon)."""
        inverse = 1 / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + self.epsilon)
        return x * inverse * scale, inverse.reshape(-1)

    def backward(
        self, x: Array, inverse: Array, scale: Array, d_y: Array, need_d_x: bool = True
    ) -> tuple[Array | None, Array]:
        inverse = inverse.reshape(*x.shape[:-1], 1)
        d_scale = (d_y * x * inverse).sum(axis=tuple(range(x.ndim - 1)))
        g = d_y * scale
        d_x = inverse * (g - x * inverse**2 * (g * x).mean(axis=-1, keepdims=True))
        return d_x if need_d_x else None, d_scale


class UnitNormalization:
    """What lies along the axes from `first` to `last` over its length, which counts as at least 1e-12."""

    def __init__(self, first: int, last: int) -> None:
        self.axes = (first, last)

    def forward(self, x: Array) -> Array:
        rows = as_rows(x, *self.axes)
        length = np.sqrt(np.square(rows).sum(axis=-1, keepdims=True))
        return from_rows(rows / np.maximum(length, 1e-12), x, *self.axes)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        rows, y_rows, d_rows = (as_rows(each, *self.axes) for each in (x, y, d_y))
        length = np.sqrt(np.square(rows).sum(axis=-1, keepdims=True))
        along = np.where(length > 1e-12, (y_rows * d_rows).sum(axis=-1, keepdims=True), 0)
        return from_rows((d_rows - y_rows * along) / np.maximum(length, 1e-12), x, *self.axes)
