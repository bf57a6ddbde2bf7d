"""Losses of the directions of vectors: the cosine similarity of targets and predictions, and the circle loss
of embeddings, which draws those of one label together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.losses.arithmetic import EPSILON, log_sum_exp
from tidegate.losses.loss import Loss, one_axis, real, same_rank
from tidegate.utils.product import product

if TYPE_CHECKING:
    from tidegate.variable import Array


class CosineSimilarity(Loss):
    """`-sum(y_true y_pred)` of both divided by their lengths: -1 for one direction, 1 for opposite ones.

    Args:
        axis: the axis of the vectors.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "reduction", "axis")
    keras_omits: ClassVar[dict[str, Any]] = {"axis": -1}
    broadcasts: ClassVar[bool] = True

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = one_axis(axis, name)

    def align(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        """Targets become vectors of length 1 before an axis of length 1 stands for all along it."""
        y_true, y_pred = same_rank(y_true, y_pred)
        _, y_pred = super().align(y_true, y_pred)
        return np.broadcast_to(y_true / self._length(y_true), y_pred.shape), y_pred

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(-(y_true * (y_pred / self._length(y_pred))).sum(axis=self.axis))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        length = self._length(y_pred)
        direction = y_pred / length
        cosine = (y_true * direction).sum(axis=self.axis, keepdims=True)
        return np.asarray((direction * cosine * (length > EPSILON) - y_true) / length)

    def _length(self, x: Array) -> Array:
        """At least 1e-7, so that a vector of zeros has no direction."""
        length = np.sqrt(np.square(x).sum(axis=self.axis, keepdims=True))
        return np.asarray(np.maximum(length, x.dtype.type(EPSILON)))


class Circle(Loss):
    """For each embedding, `softplus(logsumexp(pos) + logsumexp(neg))` over its pairs with the others.

    With `d = max(1 - dot product, 0)` the distance of two embeddings, a pair of one label adds
    `gamma max(d + margin, 0) (d - margin)` to pos, another
    `gamma max(1 + margin - d, 0) (1 - margin - d)` to neg.
    One without pairs of both kinds has no loss, and is not in the mean.

    Targets are labels [B] or [B, 1], predictions [B, D] of length 1.

    Args:
        gamma: the scale.
        margin: how near is near enough.
        remove_diagonal: whether an embedding makes no pair with itself.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "reduction", "gamma", "margin", "remove_diagonal")

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.gamma = real(gamma, "gamma", name)
        self.margin = real(margin, "margin", name)
        self.remove_diagonal = bool(remove_diagonal)

    def align(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        if y_true.ndim == 2 and y_true.shape[-1] == 1:
            y_true = y_true[:, 0]
        if y_pred.ndim != 2 or y_true.shape != y_pred.shape[:1]:
            raise ValueError(
                f"{self.name}: expected labels [batch] in `y_true` and embeddings [batch, features] in "
                f"`y_pred`; received shapes {y_true.shape} and {y_pred.shape}"
            )
        return y_true, y_pred

    def valid(self, y_true: Array, values: Array) -> Array | None:
        return values > 0

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return self.against(y_true, y_pred, y_true, y_pred)

    def against(self, labels: Array, embeddings: Array, other_labels: Array, others: Array) -> Array:
        """[B]: the loss of each embedding by the pairs it makes with `others`, [N, D]."""
        pos, neg = self._pairs(labels, other_labels, _distances(embeddings, others))
        return core.activate("softplus", log_sum_exp(pos, axis=1) + log_sum_exp(neg, axis=1))

    def backward(self, y_true: Array, y_pred: Array, d_values: Array) -> Array:
        distances = _distances(y_pred, y_pred)
        pos, neg = self._pairs(y_true, y_true, distances)
        d_sum = core.activate("sigmoid", log_sum_exp(pos, axis=1) + log_sum_exp(neg, axis=1)) * d_values
        far = 1 + self.margin - distances
        d_pos = _shares(pos) * (2 * self.gamma) * distances * (distances > -self.margin)
        d_neg = _shares(neg) * -self.gamma * ((far > 0) * (1 - self.margin - distances) + np.maximum(far, 0))
        d_products = -(d_sum[:, np.newaxis] * (d_pos + d_neg)) * (distances > 0)
        return product(d_products + d_products.T, y_pred)

    def _pairs(self, labels: Array, others: Array, d: Array) -> tuple[Array, Array]:
        """pos and neg, [B, N] each: minus infinity where a pair is of the other kind."""
        same = labels[:, np.newaxis] == others
        paired = same & (np.eye(*same.shape) == 0) if self.remove_diagonal else same
        pos = self.gamma * np.maximum(d + self.margin, 0) * (d - self.margin)
        neg = self.gamma * np.maximum(1 + self.margin - d, 0) * (1 - self.margin - d)
        nothing = d.dtype.type(-np.inf)
        return np.where(paired, pos, nothing), np.where(same, nothing, neg)


def _distances(a: Array, b: Array) -> Array:
    return np.asarray(np.maximum(1 - product(a, b.T), 0))


def _shares(x: Array) -> Array:
    """The gradient of `log_sum_exp`, [B, N]: softmax, and zeros for rows of minus infinities."""
    return np.where(np.isneginf(x), x.dtype.type(0), core.activate("softmax", x))
