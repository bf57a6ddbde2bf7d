"""Losses of a distance between numbers: each is a mean over the last axis, of targets and predictions
[B, ..., K].
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.losses.arithmetic import EPSILON, mean_of_last
from tidegate.losses.loss import Loss, real

if TYPE_CHECKING:
    from tidegate.variable import Array


class MeanSquaredError(Loss):
    """`mean((y_pred - y_true)^2)`."""

    broadcasts: ClassVar[bool] = True

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return mean_of_last(np.square(y_pred - y_true))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray((y_pred - y_true) * (2 / y_pred.shape[-1]))


class MeanAbsoluteError(Loss):
    """`mean(|y_pred - y_true|)`; the derivative at 0 is 0."""

    broadcasts: ClassVar[bool] = True

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return mean_of_last(np.abs(y_pred - y_true))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(np.sign(y_pred - y_true) / y_pred.shape[-1])


class MeanAbsolutePercentageError(Loss):
    """`100 mean(|y_pred - y_true| / max(|y_true|, 1e-7))`; the derivative at 0 is 0."""

    broadcasts: ClassVar[bool] = True

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(100 * np.abs((y_pred - y_true) / _size(y_true)).mean(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(np.sign(y_pred - y_true) / _size(y_true) * (100 / y_pred.shape[-1]))


class MeanSquaredLogarithmicError(Loss):
    """`mean((log(1 + y_pred) - log(1 + y_true))^2)`, where both are taken as at least 1e-7."""

    broadcasts: ClassVar[bool] = True

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(np.square(_log_1p(y_pred) - _log_1p(y_true)).mean(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        d_log = (_log_1p(y_pred) - _log_1p(y_true)) * (2 / y_pred.shape[-1])
        return np.asarray(d_log / (y_pred + 1) * (y_pred > EPSILON))


class Huber(Loss):
    """The mean of `e^2 / 2` for errors `e = y_pred - y_true` up to delta, `delta |e| - delta^2 / 2` beyond.

    Args:
        delta: the error from which on it grows in a straight line.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "reduction", "delta")
    keras_omits: ClassVar[dict[str, Any]] = {"delta": 1.0}
    broadcasts: ClassVar[bool] = True

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.delta = real(delta, "delta", name)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        size = np.abs(y_pred - y_true)
        near, far = np.square(size) / 2, self.delta * size - self.delta**2 / 2
        return np.asarray(np.where(size <= self.delta, near, far).mean(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        error = y_pred - y_true
        far = self.delta * np.sign(error)
        return np.asarray(np.where(np.abs(error) <= self.delta, error, far) / y_pred.shape[-1])


class LogCosh(Loss):
    """`mean(log(cosh(y_pred - y_true)))`."""

    broadcasts: ClassVar[bool] = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "log_cosh", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        size = np.abs(y_pred - y_true)  # cosh is even, and no exponential of a negative number overflows
        return np.asarray((size + core.activate("softplus", -2 * size) - log(2)).mean(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(core.activate("tanh", y_pred - y_true) / y_pred.shape[-1])


def _size(y_true: Array) -> Array:
    """What percentages are of."""
    return np.asarray(np.maximum(np.abs(y_true), y_true.dtype.type(EPSILON)))


def _log_1p(y: Array) -> Array:
    return np.asarray(core.log(np.maximum(y, y.dtype.type(EPSILON)) + 1))
