"""The hinge losses: nothing is lost once the right side is ahead by 1. At the corner the derivative is 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.losses.loss import Loss

if TYPE_CHECKING:
    from tidegate.variable import Array


class Hinge(Loss):
    """`mean(max(1 - y_true y_pred, 0))` over the last axis.

    Targets [B, ..., K] are -1 and 1; where all of a batch are 0 and 1, 0 means -1.
    """

    broadcasts: ClassVar[bool] = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "hinge", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(np.maximum(1 - _signs(y_true) * y_pred, 0).mean(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        t = _signs(y_true)
        return np.asarray(-t * (t * y_pred < 1) / y_pred.shape[-1])


class SquaredHinge(Loss):
    """`mean(max(1 - y_true y_pred, 0)^2)` over the last axis; targets are those of `Hinge`."""

    broadcasts: ClassVar[bool] = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(np.square(np.maximum(1 - _signs(y_true) * y_pred, 0)).mean(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        t = _signs(y_true)
        return np.asarray(-t * np.maximum(1 - t * y_pred, 0) * (2 / y_pred.shape[-1]))


class CategoricalHinge(Loss):
    """`max(neg - pos + 1, 0)`, with pos the score of the right class and neg the highest of the others.

    Targets [B, ..., K] are one-hot: `pos = sum(y_true y_pred)`, `neg = max((1 - y_true) y_pred)`. Scores that
    share the maximum share its gradient.
    """

    broadcasts: ClassVar[bool] = True

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        pos, neg = (y_true * y_pred).sum(axis=-1), ((1 - y_true) * y_pred).max(axis=-1)
        return np.asarray(np.maximum(neg - pos + 1, 0))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        others = (1 - y_true) * y_pred
        highest = others == others.max(axis=-1, keepdims=True)
        d_others = highest.astype(y_pred.dtype) / highest.sum(axis=-1, keepdims=True, dtype=y_pred.dtype)
        lost = self.call(y_true, y_pred)[..., np.newaxis] > 0
        return np.asarray((d_others * (1 - y_true) - y_true) * lost)


def _signs(y_true: Array) -> Array:
    """Targets of 0 and 1 as -1 and 1, others as they are."""
    return 2 * y_true - 1 if np.isin(y_true, (0, 1)).all() else y_true
