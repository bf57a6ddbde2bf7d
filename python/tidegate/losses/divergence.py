"""Losses of distributions: the Kullback-Leibler divergence, and the likelihood of counts by Poisson."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.losses.arithmetic import EPSILON, clip, unclipped
from tidegate.losses.loss import Loss

if TYPE_CHECKING:
    from tidegate.variable import Array


class KLDivergence(Loss):
    """`sum(y_true log(y_true / y_pred))` over the last axis, of probabilities clipped to [1e-7, 1]."""

    broadcasts: ClassVar[bool] = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        t = clip(y_true, 1)
        return np.asarray((t * core.log(t / clip(y_pred, 1))).sum(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(-clip(y_true, 1) / clip(y_pred, 1) * unclipped(y_pred, 1))


class Poisson(Loss):
    """`mean(y_pred - y_true log(y_pred + 1e-7))` over the last axis."""

    broadcasts: ClassVar[bool] = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "poisson", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray((y_pred - y_true * core.log(y_pred + EPSILON)).mean(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray((1 - y_true / (y_pred + EPSILON)) / y_pred.shape[-1])
