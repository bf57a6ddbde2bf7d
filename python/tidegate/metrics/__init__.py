"""Metrics, by Keras's names: classes, the same names in snake case, and the short strings."""

from __future__ import annotations

from typing import Any

from tidegate.metrics.accuracy import Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from tidegate.metrics.compiled import CompiledMetrics, resolve
from tidegate.metrics.metric import Mean, Metric
from tidegate.metrics.regression import MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError
from tidegate.utils.configured import look_up
from tidegate.utils.naming import snake_case

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "CompiledMetrics",
    "Mean",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "deserialize",
    "get",
    "resolve",
    "serialize",
]

CLASSES: dict[str, type[Metric]] = {
    cls.__name__: cls
    for cls in (
        Accuracy,
        BinaryAccuracy,
        CategoricalAccuracy,
        Mean,
        MeanAbsoluteError,
        MeanSquaredError,
        RootMeanSquaredError,
        SparseCategoricalAccuracy,
    )
}
_SHORT: dict[str, type[Metric]] = {"acc": Accuracy, "mae": MeanAbsoluteError, "mse": MeanSquaredError}
NAMES = CLASSES | {snake_case(name): cls for name, cls in CLASSES.items()} | _SHORT
NAMES |= {name.upper(): cls for name, cls in _SHORT.items()}


def get(identifier: Any) -> Metric:
    """The metric that `identifier` means: an instance, a class, a name or a configuration.

    Raises ValueError for an unknown name, and TypeError for what is none of these.
    """
    metric = look_up(identifier, "metric", Metric, NAMES)
    if isinstance(identifier, str):
        metric.name = identifier  # logs show the word that the user chose
    return metric  # type: ignore[no-any-return]


def serialize(metric: Any) -> Any:
    """What a file stores for a metric."""
    from tidegate.saving import objects

    return objects.serialize(metric)


def deserialize(config: Any) -> Metric:
    """The metric of what `serialize` gave."""
    return get(config)
