"""Metrics that are the values of a loss, averaged over all batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tidegate import losses
from tidegate.metrics.metric import PairMetric

if TYPE_CHECKING:
    from tidegate.variable import Array


class LossMean(PairMetric):
    """Base of them; a subclass has its `loss`, whose name it takes over."""

    loss: losses.Loss

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name or self.loss.name, dtype)

    def measure(self, y_true: Array, y_pred: Array) -> Array:
        return self.loss.call(*self.loss.align(y_true, y_pred))


class Hinge(LossMean):
    loss = losses.Hinge()


class SquaredHinge(LossMean):
    loss = losses.SquaredHinge()


class CategoricalHinge(LossMean):
    loss = losses.CategoricalHinge()


class KLDivergence(LossMean):
    loss = losses.KLDivergence()


class Poisson(LossMean):
    loss = losses.Poisson()


class BinaryCrossentropy(LossMean):
    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "from_logits", "label_smoothing")

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(name, dtype)
        self.loss = losses.BinaryCrossentropy(from_logits, label_smoothing)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing


class CategoricalCrossentropy(LossMean):
    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype)
        self.loss = losses.CategoricalCrossentropy(from_logits, label_smoothing, axis)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(LossMean):
    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "from_logits", "ignore_class", "axis")

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype)
        self.loss = losses.SparseCategoricalCrossentropy(from_logits, ignore_class, None, axis)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis
