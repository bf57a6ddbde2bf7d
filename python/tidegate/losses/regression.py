"""Mean squared and mean absolute error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.losses.loss import Loss, same_rank

if TYPE_CHECKING:
    from tidegate.variable import Array


class _Regression(Loss):
    """A mean over the last axis of a function of `y_pred - y_true`."""

    def align(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        """As every loss, and a target axis of length 1 stands for all of the predictions along it."""
        y_true, y_pred = same_rank(y_true, y_pred)
        if y_true.ndim == y_pred.ndim and all(
            n in (1, m) for n, m in zip(y_true.shape, y_pred.shape, strict=True)
        ):
            y_true = np.broadcast_to(y_true, y_pred.shape)
        return super().align(y_true, y_pred)


class MeanSquaredError(_Regression):
    """`mean((y_pred - y_true)^2)` over the last axis."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(np.square(y_pred - y_true).mean(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray((y_pred - y_true) * (2 / y_pred.shape[-1]))


class MeanAbsoluteError(_Regression):
    """`mean(|y_pred - y_true|)` over the last axis; the derivative at 0 is 0."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(np.abs(y_pred - y_true).mean(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(np.sign(y_pred - y_true) / y_pred.shape[-1])
