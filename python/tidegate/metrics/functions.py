"""The metrics that Keras has as functions, and the losses among them: the value of every sample, [B, ...]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.losses.functions import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from tidegate.losses.loss import as_floats
from tidegate.metrics.accuracy import (
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from tidegate.metrics.regression import ConcordanceCorrelation, PearsonCorrelation
from tidegate.values import handed_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.metrics.metric import PairMetric
    from tidegate.variable import Array


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Array:
    return _values(BinaryAccuracy(threshold=threshold), y_true, y_pred)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    return _values(CategoricalAccuracy(), y_true, y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    return _values(SparseCategoricalAccuracy(), y_true, y_pred)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Array:
    return _values(TopKCategoricalAccuracy(k), y_true, y_pred)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Array:
    return _values(SparseTopKCategoricalAccuracy(k, from_sorted_ids=from_sorted_ids), y_true, y_pred)


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    return _values(PearsonCorrelation(axis=axis), y_true, y_pred)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    return _values(ConcordanceCorrelation(axis=axis), y_true, y_pred)


def _values(metric: PairMetric, y_true: Any, y_pred: Any) -> Array:
    y_true, y_pred = as_floats(y_true, y_pred)
    with np.errstate(all="ignore"):
        values: Array = handed_out(metric.measure(y_true, y_pred).astype(y_pred.dtype, copy=False))
    return values


FUNCTIONS: dict[str, Callable[..., Array]] = {
    function.__name__: function
    for function in (
        binary_accuracy,
        binary_crossentropy,
        binary_focal_crossentropy,
        categorical_accuracy,
        categorical_crossentropy,
        categorical_focal_crossentropy,
        categorical_hinge,
        concordance_correlation,
        hinge,
        huber,
        kl_divergence,
        log_cosh,
        mean_absolute_error,
        mean_absolute_percentage_error,
        mean_squared_error,
        mean_squared_logarithmic_error,
        pearson_correlation,
        poisson,
        sparse_categorical_accuracy,
        sparse_categorical_crossentropy,
        sparse_top_k_categorical_accuracy,
        squared_hinge,
        top_k_categorical_accuracy,
    )
}
