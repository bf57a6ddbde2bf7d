"""How often a prediction is right. Which of these "accuracy" means is decided in `metrics.compiled`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.inputs import positive_integer
from tidegate.losses.loss import same_rank
from tidegate.metrics.metric import PairMetric

if TYPE_CHECKING:
    from tidegate.variable import Array


class _Accuracy(PairMetric):
    direction: ClassVar[str] = "max"


class Accuracy(_Accuracy):
    """How often the prediction is the target itself."""

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        y_true, y_pred = same_rank(y_true, y_pred)
        if y_true.shape != y_pred.shape:
            raise self.refuse(y_true, y_pred)
        return np.asarray(y_true == y_pred)


class BinaryAccuracy(_Accuracy):
    """How often `y_pred > threshold` is the target, 0 or 1."""

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "threshold")

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        if threshold is not None and not 0 < threshold < 1:
            raise ValueError(
                f"{name}: argument `threshold` expected a number between 0 and 1; received {threshold!r}"
            )
        super().__init__(name, dtype)
        self.threshold = threshold

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        y_true, y_pred = same_rank(y_true, y_pred)
        if y_true.shape != y_pred.shape:
            raise self.refuse(y_true, y_pred)
        return np.asarray(y_true == (y_pred > self.threshold))


class CategoricalAccuracy(_Accuracy):
    """How often the largest prediction is where the largest target is, such as the 1 of a one-hot row."""

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        if y_true.shape != y_pred.shape:
            raise self.refuse(y_true, y_pred)
        return np.asarray(y_true.argmax(axis=-1) == y_pred.argmax(axis=-1))


class SparseCategoricalAccuracy(_Accuracy):
    """How often the largest prediction is at the place that the target numbers."""

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        labels = y_true[..., 0] if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 else y_true
        if labels.shape != y_pred.shape[:-1]:
            raise self.refuse(y_true, y_pred)
        return np.asarray(labels == y_pred.argmax(axis=-1))


class TopKCategoricalAccuracy(_Accuracy):
    """How often the prediction where the largest target is, is among the k largest."""

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "k")

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.k = positive_integer(k, "k", name)

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        if y_true.shape != y_pred.shape:
            raise self.refuse(y_true, y_pred)
        return _in_top_k(y_true.argmax(axis=-1), y_pred, self.k)


class SparseTopKCategoricalAccuracy(_Accuracy):
    """How often the prediction at the place that the target numbers is among the k largest.

    Args:
        k: how many count.
        from_sorted_ids: whether predictions are the numbers of the classes, the best first.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "k", "from_sorted_ids")

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(name, dtype)
        self.k = positive_integer(k, "k", name)
        self.from_sorted_ids = bool(from_sorted_ids)

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        labels = y_true[..., 0] if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 else y_true
        if labels.shape != y_pred.shape[:-1]:
            raise self.refuse(y_true, y_pred)
        if self.from_sorted_ids:
            return np.asarray((labels[..., np.newaxis] == y_pred[..., : self.k]).any(axis=-1))
        places = labels.astype(np.int64)
        there = (places >= 0) & (places < y_pred.shape[-1])
        return np.asarray(_in_top_k(np.where(there, places, 0), y_pred, self.k) & there)


def _in_top_k(places: Array, y_pred: Array, k: int) -> Array:
    """Whether fewer than k predictions are above that at its place."""
    found = np.take_along_axis(y_pred, places[..., np.newaxis], axis=-1)
    return np.asarray(((y_pred > found).sum(axis=-1) < k) & ~np.isnan(found[..., 0]))
