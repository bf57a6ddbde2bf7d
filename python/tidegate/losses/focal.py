"""Losses in which some predictions weigh more than others: the focal cross-entropies, where those that are
far from right do, and the generalized cross-entropy, where those that are hopeless do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.losses.arithmetic import activate_along, clip, d_power, power, unclipped
from tidegate.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    d_entropy,
    entropy,
    one_hot,
)
from tidegate.losses.loss import Loss, real

if TYPE_CHECKING:
    from tidegate.variable import Array


class BinaryFocalCrossentropy(BinaryCrossentropy):
    """The binary cross-entropy times `(1 - p_t)^gamma`, with `p_t = t p + (1 - t) (1 - p)`.

    Args:
        apply_class_balancing: whether it is multiplied by `t alpha + (1 - t) (1 - alpha)` too.
        alpha: the weight of the ones.
        gamma: how much less good predictions weigh.
        from_logits, label_smoothing, axis: those of `BinaryCrossentropy`. Logits become probabilities here.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        *BinaryCrossentropy.config_keys,
        "apply_class_balancing",
        "alpha",
        "gamma",
    )

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.apply_class_balancing = bool(apply_class_balancing)
        self.alpha = real(alpha, "alpha", name)
        self.gamma = real(gamma, "gamma", name)

    def each(self, t: Array, y_pred: Array) -> Array:
        p = core.activate("sigmoid", y_pred) if self.from_logits else y_pred
        return self._weight(t) * power(_miss(t, p), self.gamma) * entropy(t, p)

    def d_each(self, t: Array, y_pred: Array) -> Array:
        p = core.activate("sigmoid", y_pred) if self.from_logits else y_pred
        miss = _miss(t, p)
        d_factor = d_power(miss, self.gamma) * (1 - 2 * t)
        d_p = self._weight(t) * (power(miss, self.gamma) * d_entropy(t, p) + d_factor * entropy(t, p))
        return core.activate_gradient("sigmoid", y_pred, p, d_p) if self.from_logits else d_p

    def _weight(self, t: Array) -> Array:
        if not self.apply_class_balancing:
            return np.ones_like(t)
        return np.asarray(t * self.alpha + (1 - t) * (1 - self.alpha))


class CategoricalFocalCrossentropy(CategoricalCrossentropy):
    """`-sum(alpha (1 - p)^gamma t log p)` over the classes.

    Args:
        alpha: a weight for all classes, or a list of one for each.
        gamma: how much less good predictions weigh.
        from_logits, label_smoothing, axis: those of `CategoricalCrossentropy`. Logits become probabilities.
    """

    config_keys: ClassVar[tuple[str, ...]] = (*CategoricalCrossentropy.config_keys, "alpha", "gamma")

    def __init__(
        self,
        alpha: float | list[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.alpha: Any = np.asarray(alpha).tolist()
        for each in self.alpha if isinstance(self.alpha, list) else [self.alpha]:
            real(each, "alpha", name)
        self.gamma = real(gamma, "gamma", name)

    def align(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        y_true, y_pred = super().align(y_true, y_pred)
        if isinstance(self.alpha, list) and len(self.alpha) not in (1, y_pred.shape[-1]):
            raise ValueError(
                f"{self.name}: argument `alpha` expected a number for each of the {y_pred.shape[-1]} "
                f"classes; received {len(self.alpha)}"
            )
        return y_true, y_pred

    def call(self, y_true: Array, y_pred: Array) -> Array:
        p = clip(self._shares(y_pred)[0])
        each = self._targets(y_true) * power(1 - p, self.gamma) * -core.log(p)
        return np.asarray(each.sum(axis=self.axis))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        q, total = self._shares(y_pred)
        p = clip(q)
        d_p = d_power(1 - p, self.gamma) * core.log(p) - power(1 - p, self.gamma) / p
        d_q = self._targets(y_true) * d_p * unclipped(q)
        d_y_pred = d_q - (d_q * q).sum(axis=self.axis, keepdims=True)
        return np.asarray(d_y_pred * q if self.from_logits else d_y_pred / total)

    def _shares(self, y_pred: Array) -> tuple[Array, Array]:
        """Probabilities that sum to one, and what the predictions were divided by for that."""
        if self.from_logits:
            y_pred = activate_along("softmax", y_pred, self.axis)
        total = y_pred.sum(axis=self.axis, keepdims=True)
        return y_pred / total, total

    def _targets(self, y_true: Array) -> Array:
        """Targets times alpha."""
        return np.asarray(self.smooth(y_true) * np.asarray(self.alpha, y_true.dtype))


class CategoricalGeneralizedCrossEntropy(Loss):
    """`(1 - p^q) / q`, with p the probability of the right class: for labels some of which are wrong.

    Targets are labels [B, ...] or [B, ..., 1], predictions probabilities [B, ..., K].

    Args:
        q: above 0, where it is the cross-entropy, and below 1, where it is the mean absolute error.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "reduction", "q")

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        if not 0 < real(q, "q", name) < 1:
            raise ValueError(f"{name}: argument `q` expected a number between 0 and 1; received {q!r}")
        self.q = q

    def align(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        return one_hot(self.name, y_true, y_pred), y_pred

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray((1 - power((y_pred * y_true).sum(axis=-1), self.q)) / self.q)

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        p = (y_pred * y_true).sum(axis=-1, keepdims=True)
        return np.where(y_true > 0, -power(p, self.q - 1), y_pred.dtype.type(0))


def _miss(t: Array, p: Array) -> Array:
    """`1 - p_t`: the probability that was not given to the target."""
    return np.asarray(1 - (t * p + (1 - t) * (1 - p)))
