"""Metrics of yes and no: how many positive predictions are right and wrong, at one threshold or at many.

A prediction is positive where it is above the threshold, a target where it is not 0. All counts are weighted,
and kept for each threshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.inputs import positive_integer
from tidegate.losses.loss import as_floats, same_rank
from tidegate.metrics.metric import Metric, weights_of

if TYPE_CHECKING:
    from tidegate.variable import Array

_LOWEST = -1e10  # below every prediction


class ConfusionMetric(Metric):
    """Base of them.

    Attributes:
        counts: float64 [4, thresholds], or [4, thresholds, labels] where every label has its own: true
            positives, false positives, true negatives, false negatives.
    """

    direction: ClassVar[str] = "max"

    def __init__(self, levels: Any, name: str | None, dtype: Any) -> None:
        super().__init__(name, dtype)
        self.levels = np.array(levels, np.float64)
        self.reset_state()

    def reset_state(self) -> None:
        self.counts: Array = np.zeros((4, len(self.levels)))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch; raises ValueError for shapes that do not go together."""
        y_true, y_pred = same_rank(*as_floats(y_true, y_pred))
        if y_true.shape != y_pred.shape:
            raise ValueError(
                f"{self.name}: arguments `y_true` and `y_pred` expected the same shape; "
                f"received {y_true.shape} and {y_pred.shape}"
            )
        weight = weights_of(sample_weight, y_pred.shape, self.name)
        self.add(*self.choose(y_true != 0, y_pred, np.broadcast_to(weight, y_pred.shape)))

    def choose(self, y_true: Array, y_pred: Array, weight: Array) -> tuple[Array, Array, Array]:
        """What counts of targets, predictions and weights, all of one shape."""
        return y_true, y_pred, weight

    def add(self, y_true: Array, y_pred: Array, weight: Array) -> None:
        self.counts = self.counts + self.counted(y_true, y_pred, weight)

    def counted(self, y_true: Array, y_pred: Array, weight: Array) -> Array:
        """The counts [4, thresholds] of predictions in whatever shape."""
        above = self._above(y_pred)
        right, wrong = (weight * y_true).ravel(), (weight * ~y_true).ravel()
        tp, fp = self._sums(above, right), self._sums(above, wrong)
        return np.array([tp, fp, wrong.sum() - fp, right.sum() - tp])

    def _above(self, y_pred: Array) -> Array:
        """How many of the thresholds, in order, are below each prediction; none below NaN."""
        y_pred = y_pred.ravel()
        found = np.searchsorted(np.sort(self.levels).astype(y_pred.dtype), y_pred)
        return np.where(np.isnan(y_pred), 0, found)

    def _sums(self, above: Array, weight: Array) -> Array:
        """The weights of the predictions above each threshold."""
        count = len(self.levels)
        buckets = np.bincount(above, weight, count + 1)
        sums = np.empty(count)
        sums[np.argsort(self.levels, kind="stable")] = np.cumsum(buckets[:0:-1])[::-1]
        return sums

    def sensitivities(self) -> Array:
        """The share of the positive targets that is found: recall."""
        tp, _, _, fn = self.counts
        return share(tp, tp + fn)

    def specificities(self) -> Array:
        """The share of the negative targets that is found."""
        _, fp, tn, _ = self.counts
        return share(tn, tn + fp)

    def precisions(self) -> Array:
        """The share of the positive predictions that is right."""
        tp, fp, _, _ = self.counts
        return share(tp, tp + fp)


def share(part: Array, whole: Array) -> Array:
    """`part / whole`, and 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole != 0)


def one_class(arrays: tuple[Array, ...], class_id: int | None, owner: str) -> tuple[Array, ...]:
    """The columns of a class; everything for None."""
    if class_id is None:
        return arrays
    shape = arrays[0].shape
    if len(shape) < 2 or not 0 <= class_id < shape[-1]:
        raise ValueError(
            f"{owner}: argument `class_id` expected a class of the predictions {shape}; received {class_id!r}"
        )
    return tuple(each[..., class_id] for each in arrays)


class _AtThresholds(ConfusionMetric):
    """A count or a share: a number for one threshold, an array for several."""

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "thresholds")

    def __init__(self, thresholds: Any, name: str | None, dtype: Any, default: float = 0.5) -> None:
        given = (
            [default] if thresholds is None else np.atleast_1d(np.asarray(thresholds, np.float64)).tolist()
        )
        if thresholds is not None and not all(0 <= each <= 1 for each in given):
            raise ValueError(
                f"{type(self).__name__}: argument `thresholds` expected numbers from 0 to 1; "
                f"received {thresholds!r}"
            )
        super().__init__(given, name, dtype)
        self.thresholds = thresholds

    def result(self) -> Any:
        values = self.values()
        return float(values[0]) if len(values) == 1 else values

    def values(self) -> Array:
        """[thresholds]."""
        raise NotImplementedError


class _Count(_AtThresholds):
    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(thresholds, name, dtype)


class TruePositives(_Count):
    def values(self) -> Array:
        return np.asarray(self.counts[0])


class TrueNegatives(_Count):
    def values(self) -> Array:
        return np.asarray(self.counts[2])


class FalsePositives(_Count):
    direction: ClassVar[str] = "min"

    def values(self) -> Array:
        return np.asarray(self.counts[1])


class FalseNegatives(_Count):
    direction: ClassVar[str] = "min"

    def values(self) -> Array:
        return np.asarray(self.counts[3])


class _Share(_AtThresholds):
    """
    Args:
        thresholds: a number or a list of them, from 0 to 1; 0.5 by default, with `top_k` none.
        top_k: only the k highest predictions of a row can be positive.
        class_id: only this class counts.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "dtype", "thresholds", "top_k", "class_id")

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, name, dtype, 0.5 if top_k is None else _LOWEST)
        self.top_k = None if top_k is None else positive_integer(top_k, "top_k", type(self).__name__)
        self.class_id = class_id

    def choose(self, y_true: Array, y_pred: Array, weight: Array) -> tuple[Array, Array, Array]:
        if self.top_k is not None:
            best = np.argsort(-y_pred, axis=-1, kind="stable")[..., : self.top_k]
            kept = np.full_like(y_pred, _LOWEST)
            np.put_along_axis(kept, best, np.take_along_axis(y_pred, best, -1), -1)
            y_pred = kept
        y_true, y_pred, weight = one_class((y_true, y_pred, weight), self.class_id, self.name)
        return y_true, y_pred, weight


class Precision(_Share):
    __doc__ = f"The share of the positive predictions that is right.\n{_Share.__doc__}"

    def values(self) -> Array:
        return self.precisions()


class Recall(_Share):
    __doc__ = f"The share of the positive targets that is found.\n{_Share.__doc__}"

    def values(self) -> Array:
        return self.sensitivities()
