"""Precision and recall of every class in one number."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tidegate.losses.loss import as_floats
from tidegate.metrics.metric import Metric, weights_of

_EPSILON = 1e-7
_AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """`(1 + beta^2) precision recall / (beta^2 precision + recall)` of the columns of [B, classes].

    Args:
        average: "macro" for the mean of the classes, "weighted" for that by their number of targets, "micro"
            for all counts together; None for an array of all classes.
        beta: how much recall weighs.
        threshold: what a positive prediction is above; None for the largest of each row.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "average", "beta", "threshold")
    direction: ClassVar[str] = "max"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, dtype)
        if average not in _AVERAGES:
            raise ValueError(f"{name}: argument `average` expected one of {_AVERAGES}; received {average!r}")
        if not beta > 0:
            raise ValueError(f"{name}: argument `beta` expected a positive number; received {beta!r}")
        if threshold is not None and not 0 < threshold <= 1:
            raise ValueError(
                f"{name}: argument `threshold` expected a number above 0 and up to 1; received {threshold!r}"
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.reset_state()

    def reset_state(self) -> None:
        self._counts: Any = np.zeros((3, 1))  # [3, classes]: true positives, false positives, false negatives

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = as_floats(y_true, y_pred)
        if y_pred.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                f"{self.name}: arguments `y_true` and `y_pred` expected the same shape [batch, classes]; "
                f"received {y_true.shape} and {y_pred.shape}"
            )
        if self.threshold is None:
            positive = (y_pred >= y_pred.max(axis=-1, keepdims=True)) & (np.abs(y_pred) > 1e-9)
        else:
            positive = y_pred > self.threshold
        t, p = y_true.astype(np.float64), positive.astype(np.float64)
        weight = weights_of(sample_weight, t.shape, self.name)
        counts = [(weight * each).sum(axis=0) for each in (p * t, p * (1 - t), (1 - p) * t)]
        self._counts = self._counts + np.array(counts)

    def result(self) -> Any:
        tp, fp, fn = self._counts.sum(axis=1) if self.average == "micro" else self._counts
        precision, recall = tp / (tp + fp + _EPSILON), tp / (tp + fn + _EPSILON)
        square = self.beta**2
        scores = (1 + square) * precision * recall / (square * precision + recall + _EPSILON)
        if self.average is None:
            return scores
        if self.average == "weighted":
            return float((scores * (tp + fn)).sum() / ((tp + fn).sum() + _EPSILON))
        return float(np.mean(scores))


class F1Score(FBetaScore):
    """FBetaScore with a beta of 1."""

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "average", "threshold")

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
