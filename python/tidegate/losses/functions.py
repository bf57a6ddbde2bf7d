"""The losses as functions, by Keras's names: each gives the value of every sample, [B, ...], unreduced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from tidegate.losses.ctc import CTC
from tidegate.losses.divergence import KLDivergence, Poisson
from tidegate.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
)
from tidegate.losses.hinge import CategoricalHinge, Hinge, SquaredHinge
from tidegate.losses.loss import Loss, as_floats
from tidegate.losses.overlap import Axes, Dice, Tversky
from tidegate.losses.regression import (
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
)
from tidegate.losses.similarity import Circle, CosineSimilarity
from tidegate.values import handed_out

if TYPE_CHECKING:
    from tidegate.variable import Array


def mean_squared_error(y_true: Any, y_pred: Any) -> Array:
    return _values(MeanSquaredError(reduction=None), y_true, y_pred)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Array:
    return _values(MeanAbsoluteError(reduction=None), y_true, y_pred)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Array:
    return _values(MeanAbsolutePercentageError(reduction=None), y_true, y_pred)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Array:
    return _values(MeanSquaredLogarithmicError(reduction=None), y_true, y_pred)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Array:
    return _values(Huber(delta, reduction=None), y_true, y_pred)


def log_cosh(y_true: Any, y_pred: Any) -> Array:
    return _values(LogCosh(reduction=None), y_true, y_pred)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    return _values(CosineSimilarity(axis, reduction=None), y_true, y_pred)


def hinge(y_true: Any, y_pred: Any) -> Array:
    return _values(Hinge(reduction=None), y_true, y_pred)


def squared_hinge(y_true: Any, y_pred: Any) -> Array:
    return _values(SquaredHinge(reduction=None), y_true, y_pred)


def categorical_hinge(y_true: Any, y_pred: Any) -> Array:
    return _values(CategoricalHinge(reduction=None), y_true, y_pred)


def kl_divergence(y_true: Any, y_pred: Any) -> Array:
    return _values(KLDivergence(reduction=None), y_true, y_pred)


def poisson(y_true: Any, y_pred: Any) -> Array:
    return _values(Poisson(reduction=None), y_true, y_pred)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    return _values(BinaryCrossentropy(from_logits, label_smoothing, axis, reduction=None), y_true, y_pred)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    return _values(
        CategoricalCrossentropy(from_logits, label_smoothing, axis, reduction=None), y_true, y_pred
    )


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Array:
    return _values(SparseCategoricalCrossentropy(from_logits, ignore_class, None, axis), y_true, y_pred)


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    loss = BinaryFocalCrossentropy(
        apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis, reduction=None
    )
    return _values(loss, y_true, y_pred)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float | list[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    loss = CategoricalFocalCrossentropy(alpha, gamma, from_logits, label_smoothing, axis, reduction=None)
    return _values(loss, y_true, y_pred)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Array:
    return _values(CategoricalGeneralizedCrossEntropy(q, reduction=None), y_true, y_pred)


def dice(y_true: Any, y_pred: Any, axis: Axes = None) -> Array:
    return _values(Dice(None, axis=axis), y_true, y_pred)


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Axes = None) -> Array:
    return _values(Tversky(alpha, beta, None, axis=axis), y_true, y_pred)


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Array:
    """The pairs are with `ref_embeddings` [N, D], of `ref_labels` [N], where these are given."""
    loss = Circle(gamma, margin, remove_diagonal, reduction=None)
    labels, embeddings = loss.align(*as_floats(y_true, y_pred))
    others = loss.align(
        *as_floats(
            y_true if ref_labels is None else ref_labels,
            embeddings if ref_embeddings is None else np.asarray(ref_embeddings, embeddings.dtype),
        )
    )
    if others[1].shape[1] != embeddings.shape[1]:
        raise ValueError(
            f"circle: argument `ref_embeddings` expected {embeddings.shape[1]} features as `y_pred` has; "
            f"received shape {others[1].shape}"
        )
    return loss.against(labels, embeddings, *others)


def ctc(y_true: Any, y_pred: Any) -> Array:
    return _values(CTC(reduction=None), y_true, y_pred)


def _values(loss: Loss, y_true: Any, y_pred: Any) -> Array:
    values: Array = handed_out(loss(y_true, y_pred))
    return values
