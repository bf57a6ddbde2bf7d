"""A penalty on the rows or the columns of a matrix that are not orthogonal to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tidegate.regularizers.regularizer import Regularizer, non_negative
from tidegate.utils.product import product

if TYPE_CHECKING:
    from tidegate.variable import Array

_MODES = ("rows", "columns")
_EPSILON = 1e-7  # a shorter row is divided by this, not by its length


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean of |cosine| over all pairs of rows.

    Args:
        factor: a number of at least 0.
        mode: "rows", or "columns" for pairs of those.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("factor", "mode")

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = non_negative(factor, "factor", "OrthogonalRegularizer")
        if mode not in _MODES:
            raise ValueError(
                f"OrthogonalRegularizer: argument `mode` expected one of {_MODES}; received {mode!r}"
            )
        self.mode = mode

    def __call__(self, x: Array) -> float:
        _, _, cosines = self._cosines(x)
        return self._share(len(cosines)) * float(np.sum(np.abs(cosines), dtype=np.float64))

    def gradient(self, x: Array) -> Array:
        n, norms, cosines = self._cosines(x)
        # Every cosine is there twice, as a pair and as the pair turned round.
        d_n = 2 * self._share(len(n)) * product(np.sign(cosines), n)
        along = np.where(norms > _EPSILON, (d_n * n).sum(axis=1, keepdims=True), 0)
        gradient = (d_n - along * n) / norms
        return np.asarray(gradient if self.mode == "rows" else gradient.T, x.dtype)

    def _cosines(self, x: Array) -> tuple[Array, Array, Array]:
        """The rows (or columns) [n, m] brought to the length 1, what divided them [n, 1], and their products
        [n, n] without those of a row with itself.
        """
        if x.ndim != 2:
            raise ValueError(f"OrthogonalRegularizer: a weight must have two axes; received shape {x.shape}")
        rows = x if self.mode == "rows" else x.T
        norms = np.maximum(np.sqrt(np.square(rows).sum(axis=1, keepdims=True)), _EPSILON)
        n = np.ascontiguousarray(rows / norms)
        return n, norms, product(n, n.T) * (1 - np.eye(len(n), dtype=x.dtype))

    def _share(self, size: int) -> float:
        """Of one of the `size * (size - 1)` products; a single row has none."""
        return self.factor / max(size * (size - 1), 1)
