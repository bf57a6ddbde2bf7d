"""The metrics of a compiled model: what the words given to `compile` mean, and all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.losses.loss import masked_weight
from tidegate.metrics.accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from tidegate.utils.naming import numbered
from tidegate.variable import Variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.metrics.metric import Metric
    from tidegate.structure import Leaves

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

    Args:
        identifiers: a list of metrics; of a model of several outputs a list with a metric, or a list of them,
            for each, or a dictionary of such.
        weighted: the same.
        outputs: of the model; None for one.

    Raises:
        ValueError: an unknown name, or what does not fit the outputs.
        TypeError: something other than a list or a dictionary.
    """

    def __init__(self, identifiers: Any = None, weighted: Any = None, outputs: Leaves | None = None) -> None:
        self._several = outputs is not None and len(outputs.names) > 1
        self._labels = [f"{label}_" for label in outputs.labels()] if outputs and self._several else [""]
        self._given = [
            [(each, False), (more, True)]
            for each, more in zip(
                _of_outputs(identifiers, "metrics", outputs),
                _of_outputs(weighted, "weighted_metrics", outputs),
                strict=True,
            )
        ]
        self._resolved: list[list[tuple[Metric, bool]]] = []
        for groups in self._given:
            for each, _ in groups:
                for identifier in each:
                    resolve(identifier, (1,), (1,))

    @property
    def metrics(self) -> list[Metric]:
        """The metrics themselves, once the first batch has been seen."""
        return [metric for _, metric, _ in self._in_order()]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: Any = None) -> None:
        """Take in one batch; `mask`, bool [B, T], says which timesteps count.

        Where there are several outputs, each argument is a list.
        """
        given = y_true, y_pred, sample_weight, mask
        batch = list(zip(*given, strict=True)) if self._several else [given]
        if not self._resolved:
            self._resolved = [
                [
                    (resolve(one, np.shape(y), np.shape(p)), weighted)
                    for each, weighted in groups
                    for one in each
                ]
                for groups, (y, p, _, _) in zip(self._given, batch, strict=True)
            ]
            for metric in self.metrics:  # an instance of the user's may have seen batches before
                metric.reset_state()
        for metrics, (y, p, weight, steps) in zip(self._resolved, batch, strict=True):
            for metric, weighted in metrics:
                if y is None:
                    raise ValueError(f"{metric.name}: `y` has no targets for the output of this metric")
                own = weight if weighted else None
                metric.update_state(y, p, own if steps is None else masked_weight(own, steps))

    def result(self) -> dict[str, float]:
        """Name -> value over all batches; a name used again becomes `name_1`, or `weighted_name`."""
        taken: dict[str, int] = {}
        results: dict[str, float] = {}
        for label, metric, weighted in self._in_order():
            again = weighted and f"{label}{metric.name}" in taken
            name = f"{label}weighted_{metric.name}" if again else f"{label}{metric.name}"
            found = metric.result()
            several = found if isinstance(found, dict) else {name: found}
            results |= {numbered(key, taken): _number(value) for key, value in several.items()}
        return results

    def _in_order(self) -> list[tuple[str, Metric, bool]]:
        """Label of the output, metric, and whether sample weights count: those where they do come last."""
        found = [
            (label, metric, weighted)
            for label, metrics in zip(self._labels, self._resolved or [[] for _ in self._labels], strict=True)
            for metric, weighted in metrics
        ]
        return sorted(found, key=lambda each: each[2])


def _number(value: Any) -> Any:
    """A single number as Python's, whatever it came in; an array as it is."""
    if isinstance(value, (Variable, np.ndarray, np.generic)):
        array = np.asarray(value)
        return array if array.ndim else array.item()
    return value


def _of_outputs(identifiers: Any, argument: str, outputs: Leaves | None) -> list[list[Any]]:
    """The metrics of each output."""
    if not isinstance(identifiers, (list, tuple, dict, type(None))):
        raise TypeError(f"Argument `{argument}` expected a list of metrics; received {identifiers!r}")
    if outputs is None or len(outputs.names) == 1:
        return [_flat(identifiers)]
    if not identifiers:
        return [[] for _ in outputs.names]
    return [_flat(each) for each in outputs.spread(identifiers, argument)]


def _flat(given: Any) -> list[Any]:
    """One metric, or a structure of them, as a list."""
    if isinstance(given, dict) and "class_name" not in given:
        return [one for each in given.values() for one in _flat(each)]
    if isinstance(given, (list, tuple)):
        return [one for each in given for one in _flat(each)]
    return [] if given is None else [given]
