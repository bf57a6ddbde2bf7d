"""Intersection over union: what is of a class in targets and predictions, of what is in either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.inputs import numeric, positive_integer
from tidegate.metrics.metric import Metric, weights_of

if TYPE_CHECKING:
    from tidegate.variable import Array

_EPSILON = 1e-7


class IoU(Metric):
    """The mean over some classes. Weights count as they are; in Keras's default dtype they are made whole.

    Args:
        num_classes: of all classes; a number of a class beyond them is not counted.
        target_class_ids: the classes of the mean.
        ignore_class: a target that is not counted.
        sparse_y_true, sparse_y_pred: whether these are numbers of classes, not scores along `axis`.
        axis: of the scores.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        "name", "dtype", "num_classes", "target_class_ids", "ignore_class", "sparse_y_true",
        "sparse_y_pred", "axis",
    )  # fmt: skip
    direction: ClassVar[str] = "max"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype)
        self.num_classes = positive_integer(num_classes, "num_classes", type(self).__name__)
        self.target_class_ids = list(target_class_ids)
        if not all(0 <= each < num_classes for each in self.target_class_ids):
            raise ValueError(
                f"{type(self).__name__}: argument `target_class_ids` expected classes from 0 to "
                f"{num_classes - 1}; received {self.target_class_ids}"
            )
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.reset_state()

    def reset_state(self) -> None:
        self.total_cm = np.zeros((self.num_classes, self.num_classes))  # [target, prediction]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t = self._classes(y_true, "y_true", self.sparse_y_true)
        p = self._classes(y_pred, "y_pred", self.sparse_y_pred)
        if t.size != p.size:
            raise ValueError(
                f"{self.name}: arguments `y_true` and `y_pred` expected as many classes; "
                f"received shapes {t.shape} and {p.shape}"
            )
        weight = np.broadcast_to(weights_of(sample_weight, t.shape, self.name), t.shape).ravel()
        t, p = t.ravel(), p.ravel()
        counts = (t >= 0) & (t < self.num_classes) & (p >= 0) & (p < self.num_classes)
        if self.ignore_class is not None:
            counts &= t != self.ignore_class
        cells = t[counts] * self.num_classes + p[counts]
        found = np.bincount(cells, weight[counts], self.num_classes**2)
        self.total_cm = self.total_cm + found.reshape(self.total_cm.shape)

    def _classes(self, value: Any, name: str, sparse: bool) -> Array:
        array = numeric(np.asarray(value), name)
        return np.asarray(array if sparse else array.argmax(axis=self.axis)).astype(np.int64)

    def result(self) -> float:
        both = np.diag(self.total_cm)
        either = self.total_cm.sum(axis=0) + self.total_cm.sum(axis=1) - both
        both, either = both[self.target_class_ids], either[self.target_class_ids]
        there = either > 1e-9
        return float((both / (either + _EPSILON))[there].sum() / (there.sum() + _EPSILON))


class BinaryIoU(IoU):
    """The mean over 0 and 1, or one of them; a prediction is 1 where it is at least `threshold`."""

    config_keys: ClassVar[tuple[str, ...]] = ("target_class_ids", "threshold", "name", "dtype")

    def __init__(
        self,
        target_class_ids: Any = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = numeric(np.asarray(y_pred), "y_pred")
        super().update_state(y_true, y_pred >= y_pred.dtype.type(self.threshold), sample_weight)


class MeanIoU(IoU):
    """The mean over all classes."""

    config_keys: ClassVar[tuple[str, ...]] = (
        "num_classes", "name", "dtype", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis",
    )  # fmt: skip

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        positive_integer(num_classes, "num_classes", type(self).__name__)
        classes = range(num_classes)
        super().__init__(num_classes, classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """IoU of targets, and by default predictions, that are scores of the classes."""

    config_keys: ClassVar[tuple[str, ...]] = (
        "num_classes", "target_class_ids", "name", "dtype", "ignore_class", "sparse_y_pred", "axis",
    )  # fmt: skip

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """MeanIoU of targets, and by default predictions, that are scores of the classes."""

    config_keys: ClassVar[tuple[str, ...]] = (
        "num_classes", "name", "dtype", "ignore_class", "sparse_y_pred", "axis",
    )  # fmt: skip

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
