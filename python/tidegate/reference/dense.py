"""A dense layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tidegate.reference.activations import activate, activate_gradient
from tidegate.reference.arrays import Array, Arrays


class DenseKept(NamedTuple):
    x: Array
    kernel: Array
    before: Array
    y: Array


class Dense:
    """y = act(x . kernel + bias) over the last axis."""

    def __init__(self, units: int, *, activation: str = "linear", use_bias: bool = True) -> None:
        self.units, self.activation, self.use_bias = units, activation, use_bias

    def forward(
        self, x: Array, weights: Sequence[Array], keep: bool = False
    ) -> tuple[Array, DenseKept | None]:
        """x [..., F] -> y [..., U]."""
        before = x @ weights[0] + (weights[1] if self.use_bias else 0)
        y = activate(self.activation, before)
        return y, DenseKept(x, weights[0], before, y) if keep else None

    def backward(self, kept: DenseKept, d_y: Array, need_d_x: bool = True) -> tuple[Array | None, Arrays]:
        """d_y [..., U] -> d_x [..., F], d_weights."""
        d_before = activate_gradient(self.activation, kept.before, kept.y, d_y)
        features, units = kept.kernel.shape
        rows, d_rows = kept.x.reshape(-1, features), d_before.reshape(-1, units)
        d_weights = [rows.T @ d_rows, d_rows.sum(axis=0)]
        d_x = d_before @ kept.kernel.T if need_d_x else None
        return d_x, d_weights if self.use_bias else d_weights[:1]
