"""Embedding of integers, and masking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidegate.reference.arrays import Array


class Masking:
    """x [B, T, F] -> y [B, T, F], with zeros in steps whose features all equal mask_value."""

    def __init__(self, mask_value: float = 0.0) -> None:
        self.mask_value = mask_value

    def mask(self, x: Array) -> Array:
        """bool [B, T]"""
        counts: Array = (x != x.dtype.type(self.mask_value)).any(axis=-1)
        return counts

    def forward(self, x: Array) -> Array:
        return np.where(self.mask(x)[..., None], x, 0)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        return np.where(self.mask(x)[..., None], d_y, 0)


class Embedding:
    """ids x [...] -> y [..., D], rows of embeddings [input_dim, D]."""

    def __init__(self, input_dim: int, output_dim: int, mask_zero: bool = False) -> None:
        self.input_dim, self.output_dim, self.mask_zero = input_dim, output_dim, mask_zero

    def mask(self, x: Array) -> Array | None:
        """bool [B, T]"""
        return x != 0 if self.mask_zero else None

    def forward(self, x: Array, weights: Sequence[Array]) -> Array:
        y: Array = weights[0][x.astype(np.int64)]
        return y

    def backward(self, x: Array, d_y: Array) -> Array:
        d_embeddings = np.zeros((self.input_dim, self.output_dim), d_y.dtype)
        for at in np.ndindex(x.shape):
            d_embeddings[int(x[at])] += d_y[at]
        return d_embeddings
