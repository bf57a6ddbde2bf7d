"""Mean squared, mean absolute and root mean squared error."""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING, Any

from tidegate.losses.regression import MeanAbsoluteError as AbsoluteLoss
from tidegate.losses.regression import MeanSquaredError as SquaredLoss
from tidegate.metrics.metric import PairMetric

if TYPE_CHECKING:
    from tidegate.losses.loss import Loss
    from tidegate.variable import Array


class _LossMean(PairMetric):
    """The values of a loss, averaged over all batches."""

    loss: Loss

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        return self.loss.call(*self.loss.align(y_true, y_pred))


class MeanSquaredError(_LossMean):
    loss = SquaredLoss()

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class MeanAbsoluteError(_LossMean):
    loss = AbsoluteLoss()

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class RootMeanSquaredError(MeanSquaredError):
    """The root of the mean over all batches, not a mean of roots."""

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def result(self) -> float:
        mean = super().result()
        return sqrt(mean) if mean >= 0 else nan  # negative weights
