"""The metrics of a compiled model: what the words given to `compile` mean, and all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.losses.loss import masked_weight
from tidegate.metrics.accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from tidegate.utils.naming import numbered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.metrics.metric import Metric
    from tidegate.variable import Array

_ACCURACY = ("accuracy", "acc")


def resolve(identifier: Any, y_true_shape: Sequence[int], y_pred_shape: Sequence[int]) -> Metric:
    """The metric that an identifier means for targets and predictions of these shapes, under the user's own
    word.

    "accuracy" (or "acc") is binary for one prediction a sample, sparse categorical for targets that are
    labels (an axis fewer, or a last axis of length 1), and categorical otherwise.
    """
    from tidegate import metrics

    if not isinstance(identifier, str) or identifier.lower() not in _ACCURACY:
        return metrics.get(identifier)
    if y_pred_shape[-1] == 1:
        return BinaryAccuracy(name=identifier)
    if len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1:
        return SparseCategoricalAccuracy(name=identifier)
    return CategoricalAccuracy(name=identifier)


class CompiledMetrics:
    """The `metrics` and `weighted_metrics` of `compile`, the latter with the sample weights of `fit`.

    Names are checked at once; what "accuracy" means is settled by the first batch.

    Raises:
        ValueError: an unknown name.
        TypeError: something other than a list of metrics.
    """

    def __init__(self, identifiers: Any = None, weighted: Any = None) -> None:
        self._identifiers = _as_list(identifiers, "metrics")
        self._weighted_identifiers = _as_list(weighted, "weighted_metrics")
        self._resolved: list[tuple[Metric, bool]] = []
        for identifier in self._identifiers + self._weighted_identifiers:
            resolve(identifier, (1,), (1,))

    @property
    def metrics(self) -> list[Metric]:
        """The metrics themselves, once the first batch has been seen."""
        return [metric for metric, _ in self._resolved]

    def update_state(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: Array | None = None
    ) -> None:
        """Take in one batch; `mask`, bool [B, T], says which timesteps count."""
        if not self._resolved:
            shapes = np.shape(y_true), np.shape(y_pred)
            self._resolved = [(resolve(each, *shapes), False) for each in self._identifiers]
            self._resolved += [(resolve(each, *shapes), True) for each in self._weighted_identifiers]
            for metric in self.metrics:  # an instance of the user's may have seen batches before
                metric.reset_state()
        for metric, weighted in self._resolved:
            weight = sample_weight if weighted else None
            metric.update_state(y_true, y_pred, weight if mask is None else masked_weight(weight, mask))

    def result(self) -> dict[str, float]:
        """Name -> value over all batches; a name used again becomes `name_1`, or `weighted_name`."""
        taken: dict[str, int] = {}
        results: dict[str, float] = {}
        for metric, weighted in self._resolved:
            name = f"weighted_{metric.name}" if weighted and metric.name in taken else metric.name
            results[numbered(name, taken)] = metric.result()
        return results


def _as_list(identifiers: Any, argument: str) -> list[Any]:
    if identifiers is None:
        return []
    if not isinstance(identifiers, (list, tuple)):
        raise TypeError(f"Argument `{argument}` expected a list of metrics; received {identifiers!r}")
    # Keras also takes one list for each output.
    return [each for item in identifiers for each in (item if isinstance(item, (list, tuple)) else (item,))]
