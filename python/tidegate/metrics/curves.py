"""Metrics of all thresholds together: the area under a curve, and the best of one share where another is high
enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.inputs import positive_integer
from tidegate.metrics.confusion import ConfusionMetric, one_class, share

if TYPE_CHECKING:
    from tidegate.variable import Array

_EPSILON = 1e-7
_CURVES = ("ROC", "PR", "PRGAIN")
_METHODS = ("interpolation", "majoring", "minoring")


def evenly(count: int) -> list[float]:
    """`count` thresholds from 0 to 1."""
    return [0.5] if count == 1 else [i / (count - 1) for i in range(count)]


class _Best(ConfusionMetric):
    """The highest of one share over the thresholds at which another is at least `value`."""

    def __init__(
        self,
        value: float,
        asked: str,
        num_thresholds: int,
        class_id: int | None,
        name: str | None,
        dtype: Any,
    ) -> None:
        owner = type(self).__name__
        if not 0 <= value <= 1:
            raise ValueError(f"{owner}: argument `{asked}` expected a number from 0 to 1; received {value!r}")
        self.num_thresholds = positive_integer(num_thresholds, "num_thresholds", owner)
        super().__init__(evenly(self.num_thresholds), name, dtype)
        self.value = value
        self.class_id = class_id

    def choose(self, y_true: Array, y_pred: Array, weight: Array) -> tuple[Array, Array, Array]:
        y_true, y_pred, weight = one_class((y_true, y_pred, weight), self.class_id, self.name)
        return y_true, np.clip(y_pred, 0, 1), weight

    def best(self, of: Array, given: Array) -> float:
        return float(np.max(np.where(given >= self.value, of, 0)))


class SensitivityAtSpecificity(_Best):
    """The best sensitivity of the thresholds whose specificity is at least `specificity`."""

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "class_id", "num_thresholds", "specificity")

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, "specificity", num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def result(self) -> float:
        return self.best(self.sensitivities(), self.specificities())


class SpecificityAtSensitivity(_Best):
    """The best specificity of the thresholds whose sensitivity is at least `sensitivity`."""

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "class_id", "num_thresholds", "sensitivity")

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, "sensitivity", num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def result(self) -> float:
        return self.best(self.specificities(), self.sensitivities())


class PrecisionAtRecall(_Best):
    """The best precision of the thresholds whose recall is at least `recall`."""

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "class_id", "num_thresholds", "recall")

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, "recall", num_thresholds, class_id, name, dtype)
        self.recall = recall

    def result(self) -> float:
        return self.best(self.precisions(), self.sensitivities())


class RecallAtPrecision(_Best):
    """The best recall of the thresholds whose precision is at least `precision`."""

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "class_id", "num_thresholds", "precision")

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, "precision", num_thresholds, class_id, name, dtype)
        self.precision = precision

    def result(self) -> float:
        return self.best(self.sensitivities(), self.precisions())


class AUC(ConfusionMetric):
    """The area under a curve of shares, one point for each threshold.

    Args:
        num_thresholds: of thresholds from 0 to 1.
        curve: "ROC" of recall over the share of the negatives that is taken for positive, "PR" of precision
            over recall, or "PRGAIN" of their gains (Flach and Kull, NIPS 2015).
        summation_method: "interpolation", "minoring" or "majoring": the height between two points is their
            mean, the lower or the higher one. Under "PR" the first follows Davis and Goadrich (ICML 2006).
        thresholds: these, between 0 and 1, instead.
        multi_label: whether every column of [B, labels] has a curve of its own; the result is their mean.
        num_labels: accepted with `multi_label`; the first batch says it.
        label_weights: of the mean, or without `multi_label` of the predictions in the one curve.
        from_logits: whether predictions are logits and not probabilities.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        "name", "dtype", "num_thresholds", "curve", "summation_method", "multi_label", "num_labels",
        "label_weights", "from_logits", "thresholds",
    )  # fmt: skip

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        if str(curve).upper() not in _CURVES:
            raise ValueError(f"AUC: argument `curve` expected one of {_CURVES}; received {curve!r}")
        if str(summation_method).lower() not in _METHODS:
            raise ValueError(
                f"AUC: argument `summation_method` expected one of {_METHODS}; received {summation_method!r}"
            )
        if num_labels and not multi_label:
            raise ValueError(f"AUC: argument `num_labels` needs `multi_label`; received {num_labels!r}")
        if thresholds is None and positive_integer(num_thresholds, "num_thresholds", "AUC") == 1:
            raise ValueError("AUC: argument `num_thresholds` must be at least 2; received 1")
        inner = evenly(num_thresholds)[1:-1] if thresholds is None else sorted(thresholds)
        self.thresholds = None if thresholds is None else inner
        self.num_thresholds = len(inner) + 2
        self.curve = str(curve).upper()
        self.summation_method = str(summation_method).lower()
        self.multi_label = bool(multi_label)
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else np.asarray(label_weights, float).tolist()
        self.from_logits = bool(from_logits)
        super().__init__([-_EPSILON, *inner, 1 + _EPSILON], name, dtype)

    def reset_state(self) -> None:
        super().reset_state()
        if self.multi_label:
            self.counts = self.counts[..., np.newaxis]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if self.thresholds is None:
            del config["thresholds"]
        return config

    def choose(self, y_true: Array, y_pred: Array, weight: Array) -> tuple[Array, Array, Array]:
        if self.label_weights is not None and (
            y_pred.ndim < 2 or y_pred.shape[-1] != len(self.label_weights)
        ):
            raise ValueError(
                f"{self.name}: argument `label_weights` expected a weight for each column of the predictions "
                f"{y_pred.shape}; received {self.label_weights!r}"
            )
        if self.from_logits:
            y_pred = core.activate("sigmoid", y_pred)
        if self.label_weights is not None and not self.multi_label:
            weight = weight * np.array(self.label_weights)
        return y_true, np.clip(y_pred, 0, 1), weight

    def add(self, y_true: Array, y_pred: Array, weight: Array) -> None:
        if not self.multi_label:
            super().add(y_true, y_pred, weight)
            return
        if y_pred.ndim != 2:
            raise ValueError(
                f"{self.name}: argument `y_pred` expected the shape [batch, labels] with `multi_label`; "
                f"received {y_pred.shape}"
            )
        columns = zip(y_true.T, y_pred.T, weight.T, strict=True)
        self.counts = self.counts + np.stack([self.counted(*each) for each in columns], axis=-1)

    def result(self) -> float:
        areas = self._areas().sum(axis=0)
        if not self.multi_label:
            return float(areas)
        weights = np.ones_like(areas) if self.label_weights is None else np.array(self.label_weights)
        return float((areas * weights).sum() / weights.sum())

    def _areas(self) -> Array:
        """Between each two neighbouring points, [thresholds - 1] or [thresholds - 1, labels]."""
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._interpolated()
        x, y = self._points()
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2
        else:
            lower = self.summation_method == "minoring"
            heights = np.minimum(y[:-1], y[1:]) if lower else np.maximum(y[:-1], y[1:])
        return np.asarray((x[:-1] - x[1:]) * heights)

    def _points(self) -> tuple[Array, Array]:
        tp, fp, tn, fn = self.counts
        if self.curve == "ROC":
            return share(fp, fp + tn), self.sensitivities()
        if self.curve == "PR":
            return self.sensitivities(), self.precisions()
        scale = share(tp + fn, tn + fp)
        recall_gain = np.where(tp == 0, 0, 1 - scale * share(fn, tp))
        return np.maximum(recall_gain, 0), np.where(tp == 0, 1, 1 - scale * share(fp, tp))

    def _interpolated(self) -> Array:
        tp, fp, _, fn = self.counts
        p = tp + fp
        d_tp = tp[:-1] - tp[1:]
        slope = share(d_tp, np.maximum(p[:-1] - p[1:], 0))
        intercept = tp[1:] - slope * p[1:]
        there = (p[:-1] > 0) & (p[1:] > 0)
        ratio = np.where(there, share(p[:-1], np.maximum(p[1:], 0)), 1)
        return share(slope * (d_tp + intercept * core.log(ratio)), np.maximum(tp[1:] + fn[1:], 0))
