"""Products with kernels whose features have axes of their own, such as one for heads: each is a Dense
operator on the kernel as a matrix.
"""

from __future__ import annotations

from typing import Any

from tidegate._native import core
from tidegate.variable import Array


class Projections:
    """Several of them, by their names.

    Args:
        widths: of each, the elements of an output, in the order of the weights.
        use_bias: whether each adds a bias.
    """

    def __init__(self, widths: dict[str, int], use_bias: bool) -> None:
        self._operators = {name: core.Dense(width, use_bias=use_bias) for name, width in widths.items()}
        self._widths = widths
        self._count = 1 + use_bias

    def of_names(self, weights: list[Any]) -> dict[str, list[Any]]:
        """Kernel and bias of each."""
        starts = range(0, len(weights), self._count)
        return {name: weights[at : at + self._count] for name, at in zip(self._widths, starts, strict=True)}

    def forward(
        self, name: str, x: Array, weights: list[Array], keep: bool
    ) -> tuple[Array, core.Kept | None]:
        """x [B, T, F] to [B, T, width], and what `backward` needs, by this kernel and this bias."""
        shapes = [(x.shape[-1], self._widths[name]), (self._widths[name],)]
        flat = [weight.reshape(shape) for weight, shape in zip(weights, shapes, strict=False)]
        return self._operators[name].forward(x, flat, keep)

    def backward(
        self, name: str, kept: core.Kept, d_y: Array, need_d_x: bool
    ) -> tuple[Array | None, list[Array]]:
        """The gradients of x and of the weights as matrices."""
        return self._operators[name].backward(kept, d_y, need_d_x)
