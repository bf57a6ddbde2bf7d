"""A convolution over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tidegate.reference.activations import activate, activate_gradient
from tidegate.reference.arrays import Array, Arrays


class Conv1D:
    """y[w] = act(sum over taps of x[w strides + tap dilation_rate - before] . kernel[tap] + bias), with zeros
    beyond the sequence; of the features that are in the group of a filter."""

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        *,
        strides: int = 1,
        padding: str = "valid",
        dilation_rate: int = 1,
        groups: int = 1,
        activation: str = "linear",
        use_bias: bool = True,
    ) -> None:
        self.filters, self.kernel_size, self.strides, self.padding = filters, kernel_size, strides, padding
        self.dilation_rate, self.groups = dilation_rate, groups
        self.activation, self.use_bias = activation, use_bias

    def padded(self, timesteps: int) -> tuple[int, int]:
        """Steps before and behind the sequence; `same` puts half of them, rounded down, before it."""
        span = (self.kernel_size - 1) * self.dilation_rate + 1
        if self.padding == "valid":
            return 0, 0
        if self.padding == "causal":
            return span - 1, 0
        missing = max(0, (-(-timesteps // self.strides) - 1) * self.strides + span - timesteps)
        return missing // 2, missing - missing // 2

    def taps(self, padded: Array) -> list[Array]:
        """Views [B, windows, F] of the steps that each tap meets."""
        last = padded.shape[1] - (self.kernel_size - 1) * self.dilation_rate
        starts = [tap * self.dilation_rate for tap in range(self.kernel_size)]
        return [padded[:, start : start + last : self.strides] for start in starts]

    def in_groups(self, rows: Array) -> Array:
        """[..., F] as [..., G, F / G]."""
        return rows.reshape(*rows.shape[:-1], self.groups, rows.shape[-1] // self.groups)

    def forward(self, x: Array, weights: Sequence[Array], keep: bool = False) -> tuple[Array, Array | None]:
        """x [B, T, F] -> y [B, windows, filters], and what the activation was applied to."""
        padded = np.pad(x, ((0, 0), self.padded(x.shape[1]), (0, 0)))
        kernel = self.in_groups(weights[0])
        products = [
            np.einsum("bwgf,fgu->bwgu", self.in_groups(rows), kernel[tap])
            for tap, rows in enumerate(self.taps(padded))
        ]
        before = sum(products).reshape(*products[0].shape[:2], self.filters)
        if self.use_bias:
            before = before + weights[1]
        return activate(self.activation, before), before if keep and self.activation != "linear" else None

    def backward(
        self,
        x: Array,
        weights: Sequence[Array],
        sums: Array | None,
        y: Array,
        d_y: Array,
        need_d_x: bool = True,
    ) -> tuple[Array | None, Arrays]:
        """d_y [B, windows, filters] -> d_x [B, T, F], d_weights."""
        d_sums = d_y if sums is None else activate_gradient(self.activation, sums, y, d_y)
        before, behind = self.padded(x.shape[1])
        padded = np.pad(x, ((0, 0), (before, behind), (0, 0)))
        d_padded, kernel, d_groups = np.zeros_like(padded), self.in_groups(weights[0]), self.in_groups(d_sums)
        d_kernel = np.zeros_like(kernel)
        for tap, (rows, d_rows) in enumerate(zip(self.taps(padded), self.taps(d_padded), strict=True)):
            d_kernel[tap] = np.einsum("bwgf,bwgu->fgu", self.in_groups(rows), d_groups)
            d_rows += np.einsum("bwgu,fgu->bwgf", d_groups, kernel[tap]).reshape(d_rows.shape)
        d_weights = [d_kernel.reshape(weights[0].shape), d_sums.sum(axis=(0, 1))]
        d_x = d_padded[:, before : before + x.shape[1]] if need_d_x else None
        return d_x, d_weights if self.use_bias else d_weights[:1]
