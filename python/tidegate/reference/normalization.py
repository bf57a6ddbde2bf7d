"""Layer and batch normalization."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidegate.reference.arrays import Array, Arrays


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
