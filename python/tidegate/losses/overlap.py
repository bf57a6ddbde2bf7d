"""Losses of how far two sets overlap, the targets and the predictions: Dice and Tversky.

Both are 1 minus a ratio of sums over `axis`, over everything, batch too, when it is None: then the loss of a
batch is one number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.losses.arithmetic import EPSILON
from tidegate.losses.loss import Loss, one_axis, real

if TYPE_CHECKING:
    from tidegate.variable import Array

Axes = int | tuple[int, ...] | list[int] | None


class Dice(Loss):
    """`1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred) + 1e-7)`.

    Args:
        axis: the axis or the axes that the sums are over; None for all.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "reduction", "axis")

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Axes = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = _axes(axis, name)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        both, all_of_it = (np.sum(x, axis=self.axis) for x in (y_true * y_pred, y_true + y_pred))
        return np.asarray(1 - 2 * both / (all_of_it + EPSILON))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        both = np.sum(y_true * y_pred, axis=self.axis, keepdims=True)
        all_of_it = np.sum(y_true + y_pred, axis=self.axis, keepdims=True) + EPSILON
        return np.asarray(2 * (both / all_of_it - y_true) / all_of_it)


class Tversky(Loss):
    """`1 - both / (both + alpha missed + beta wrong + 1e-7)`.

    Here `both = sum(y_true y_pred)`, `missed = sum(y_true (1 - y_pred))` and
    `wrong = sum((1 - y_true) y_pred)`; alpha = beta = 1/2 is `Dice`.

    Args:
        alpha: the weight of what was missed.
        beta: the weight of what was wrongly found.
        axis: the axis or the axes that the sums are over; None for all.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "reduction", "alpha", "beta", "axis")

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Axes = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.alpha = real(alpha, "alpha", name)
        self.beta = real(beta, "beta", name)
        self.axis = _axes(axis, name)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        both, weighted = self._sums(y_true, y_pred)
        return np.asarray(np.squeeze(1 - both / weighted, axis=self.axis))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        both, weighted = self._sums(y_true, y_pred)
        d_weighted = y_true * (1 - self.alpha) + (1 - y_true) * self.beta
        return np.asarray((both / weighted * d_weighted - y_true) / weighted)

    def _sums(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        """Numerator and denominator, with axes of length 1 for those that are gone."""
        both, missed, wrong = (
            np.sum(x, axis=self.axis, keepdims=True)
            for x in (y_true * y_pred, y_true * (1 - y_pred), (1 - y_true) * y_pred)
        )
        return both, both + self.alpha * missed + self.beta * wrong + EPSILON


def _axes(value: Any, owner: str) -> Any:
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return tuple(one_axis(each, owner) for each in value)
    return one_axis(value, owner)
