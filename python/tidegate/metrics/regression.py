"""Errors of numbers, how well they go along with the targets, and the share of the variance they explain."""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate import losses
from tidegate.inputs import non_negative_integer
from tidegate.losses.loss import as_floats, same_rank
from tidegate.metrics.loss_mean import LossMean
from tidegate.metrics.metric import Metric, PairMetric, weights_of

if TYPE_CHECKING:
    from tidegate.variable import Array

_EPSILON = 1e-7


class MeanSquaredError(LossMean):
    loss = losses.MeanSquaredError()


class MeanAbsoluteError(LossMean):
    loss = losses.MeanAbsoluteError()


class MeanAbsolutePercentageError(LossMean):
    loss = losses.MeanAbsolutePercentageError()


class MeanSquaredLogarithmicError(LossMean):
    loss = losses.MeanSquaredLogarithmicError()


class LogCoshError(LossMean):
    loss = losses.LogCosh()

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class RootMeanSquaredError(MeanSquaredError):
    """The root of the mean over all batches, not a mean of roots."""

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def result(self) -> float:
        mean = super().result()
        return sqrt(mean) if mean >= 0 else nan  # negative weights


class CosineSimilarity(LossMean):
    """The cosine of the angle between targets and predictions; the axis is not saved, as in Keras."""

    direction: ClassVar[str] = "max"

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        self.loss = losses.CosineSimilarity(axis)
        super().__init__(name, dtype)

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        return -super().measure(y_true, y_pred)


class _Correlation(PairMetric):
    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "axis")
    direction: ClassVar[str] = "max"

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        super().__init__(name, dtype)
        self.axis = axis

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        y_true, y_pred = same_rank(y_true, y_pred)
        if y_true.shape != y_pred.shape:
            raise self.refuse(y_true, y_pred)
        return np.asarray(self.correlation(y_true, y_pred).mean(axis=self.axis))

    def correlation(self, y_true: Array, y_pred: Array) -> Array:
        """What is averaged along the axis."""
        raise NotImplementedError


class PearsonCorrelation(_Correlation):
    """The correlation along `axis`, from -1 to 1."""

    def __init__(self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(name, dtype, axis)

    def correlation(self, y_true: Array, y_pred: Array) -> Array:
        return self._standard(y_true) * self._standard(y_pred)

    def _standard(self, x: Array) -> Array:
        mean, deviation = x.mean(axis=self.axis, keepdims=True), x.std(axis=self.axis, keepdims=True)
        return np.asarray((x - mean) / deviation)


class ConcordanceCorrelation(_Correlation):
    """Lin's concordance along `axis`: a correlation that other means and variances lower."""

    def __init__(self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(name, dtype, axis)

    def correlation(self, y_true: Array, y_pred: Array) -> Array:
        t, p = (x.mean(axis=self.axis, keepdims=True) for x in (y_true, y_pred))
        variances = y_true.var(axis=self.axis, keepdims=True) + y_pred.var(axis=self.axis, keepdims=True)
        covariance = (y_true - p) * (y_pred - p)  # as Keras has it; its mean is that of (y_true - t)
        return np.asarray(2 * covariance / (variances + np.square(t - p) + _EPSILON))


_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """`1 - sum((y_true - y_pred)^2) / sum((y_true - mean)^2)` of each column of [B, K].

    Args:
        class_aggregation: "uniform_average" or "variance_weighted_average" of the columns; None for an array
            of all of them.
        num_regressors: the number of independent variables, for the adjusted score; 0 for the plain one.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "class_aggregation", "num_regressors")
    direction: ClassVar[str] = "max"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, dtype)
        if class_aggregation not in _AGGREGATIONS:
            raise ValueError(
                f"{name}: argument `class_aggregation` expected one of {_AGGREGATIONS}; "
                f"received {class_aggregation!r}"
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = non_negative_integer(num_regressors, "num_regressors", name)
        self.reset_state()

    def reset_state(self) -> None:
        self._sums: Any = 0.0  # [4, K]: weights, weighted targets, their squares, squared errors
        self._samples = 0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = same_rank(*as_floats(y_true, y_pred))
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                f"{self.name}: arguments `y_true` and `y_pred` expected the same shape [batch, outputs]; "
                f"received {y_true.shape} and {y_pred.shape}"
            )
        with np.errstate(all="ignore"):
            t, p = y_true.astype(np.float64), y_pred.astype(np.float64)
            weight = weights_of(sample_weight, t.shape, self.name)
            self._sums = self._sums + np.array(
                [(weight * each).sum(axis=0) for each in (np.ones_like(t), t, t * t, np.square(t - p))]
            )
        self._samples += t.size

    def result(self) -> Any:
        if not self._samples:
            return 0.0
        count, total, squares, errors = self._sums
        with np.errstate(all="ignore"):
            spread = squares - total * (total / count)
            scores = 1 - errors / spread
            scores[np.isinf(scores)] = 0
            if self.class_aggregation == "uniform_average":
                scores = float(scores.mean())
            elif self.class_aggregation == "variance_weighted_average":
                scores = float((spread * scores).sum() / spread.sum())
        return self._adjusted(scores)

    def _adjusted(self, score: Any) -> Any:
        left = self._samples - self.num_regressors - 1
        if not self.num_regressors or left <= 0:  # too few samples for an adjusted score: the plain one
            return score
        return 1 - (1 - score) * (self._samples - 1) / left
