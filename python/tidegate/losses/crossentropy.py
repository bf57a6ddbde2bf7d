"""The cross-entropies: binary, categorical (one-hot targets) and sparse categorical (integer labels).

With t the targets and p the probabilities, categorical is `-sum(t log p)` over the classes and binary is
`-mean(t log p + (1 - t) log(1 - p))` over the last axis. Probabilities are made safe for the logarithm: the
categorical ones divided by their sum, all of them clipped to [1e-7, 1 - 1e-7], and the gradient is the
derivative of exactly that, zero where it was clipped. From logits, nothing is clipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.losses.loss import Loss

if TYPE_CHECKING:
    from tidegate.variable import Array

EPSILON = 1e-7


class _Crossentropy(Loss):
    """What the three have in common: their arguments."""

    config_keys: ClassVar[tuple[str, ...]] = ("name", "reduction", "from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool,
        label_smoothing: float,
        axis: int,
        reduction: str | None,
        name: str,
        dtype: Any,
    ) -> None:
        super().__init__(name, reduction, dtype)
        if axis != -1:
            raise ValueError(f"{name}: argument `axis` is not supported yet; expected -1, received {axis!r}")
        if not 0 <= label_smoothing <= 1:
            raise ValueError(
                f"{name}: argument `label_smoothing` expected a number from 0 to 1; "
                f"received {label_smoothing!r}"
            )
        self.from_logits = bool(from_logits)
        self.label_smoothing = label_smoothing
        self.axis = axis


class BinaryCrossentropy(_Crossentropy):
    """Targets and predictions [B, ..., K], each of the K a yes or no of its own.

    Args:
        from_logits: whether predictions are logits and not probabilities.
        label_smoothing: how far targets are drawn towards 1/2, from 0 to 1.
        axis: -1.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        t = self._smooth(y_true)
        if self.from_logits:
            log_p, log_not_p = core.activate("log_sigmoid", y_pred), core.activate("log_sigmoid", -y_pred)
        else:
            p = _clip(y_pred)
            log_p, log_not_p = core.log(p), core.log(1 - p)
        return np.asarray(-(t * log_p + (1 - t) * log_not_p).mean(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        t = self._smooth(y_true)
        if self.from_logits:
            d_y_pred = core.activate("sigmoid", y_pred) - t
        else:
            p = _clip(y_pred)
            d_y_pred = (p - t) / (p * (1 - p)) * _kept(y_pred)
        return np.asarray(d_y_pred / y_pred.shape[-1])

    def _smooth(self, y_true: Array) -> Array:
        if not self.label_smoothing:
            return y_true
        return np.asarray(y_true * (1 - self.label_smoothing) + self.label_smoothing / 2)


class CategoricalCrossentropy(_Crossentropy):
    """Targets [B, ..., K] that sum to one, usually one-hot.

    Args:
        from_logits: whether predictions are logits and not probabilities.
        label_smoothing: the share of each target that is spread evenly over the K classes.
        axis: -1.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        if self.from_logits:
            log_p = core.activate("log_softmax", y_pred)
        else:
            log_p = core.log(_clip(y_pred / y_pred.sum(axis=-1, keepdims=True)))
        return np.asarray(-(self._smooth(y_true) * log_p).sum(axis=-1))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        t = self._smooth(y_true)
        if self.from_logits:
            return np.asarray(core.activate("softmax", y_pred) * t.sum(axis=-1, keepdims=True) - t)
        total = y_pred.sum(axis=-1, keepdims=True)
        q = y_pred / total
        d_q = -t / _clip(q) * _kept(q)
        return np.asarray((d_q - (d_q * q).sum(axis=-1, keepdims=True)) / total)

    def _smooth(self, y_true: Array) -> Array:
        if not self.label_smoothing:
            return y_true
        return np.asarray(y_true * (1 - self.label_smoothing) + self.label_smoothing / y_true.shape[-1])


class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """Targets [B, ...] or [B, ..., 1] that are the number of the class, from 0 to K - 1.

    Args:
        from_logits: whether predictions are logits and not probabilities.
        ignore_class: None; another value is not supported yet.
        axis: -1.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "reduction", "from_logits", "ignore_class")

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, 0.0, axis, reduction, name, dtype)
        if ignore_class is not None:
            raise ValueError(
                f"{name}: argument `ignore_class` is not supported yet; expected None, "
                f"received {ignore_class!r}"
            )
        self.ignore_class = ignore_class

    def align(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        """Labels become one-hot rows [B, ..., K]; a label that is no class raises ValueError."""
        classes = y_pred.shape[-1]
        if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
            y_true = y_true[..., 0]
        if y_true.shape != y_pred.shape[:-1]:
            raise ValueError(
                f"{self.name}: argument `y_true` expected one label for each of the predictions "
                f"{y_pred.shape[:-1]}; received shape {y_true.shape}"
            )
        wrong = ~((y_true >= 0) & (y_true < classes))
        if wrong.any():
            raise ValueError(
                f"{self.name}: argument `y_true` expected labels from 0 to {classes - 1}; "
                f"received {y_true[wrong][0]:g}"
            )
        one_hot = y_true.astype(np.int64)[..., np.newaxis] == np.arange(classes)
        return one_hot.astype(y_pred.dtype), y_pred


def _clip(p: Array) -> Array:
    return np.clip(p, p.dtype.type(EPSILON), p.dtype.type(1 - EPSILON))


def _kept(p: Array) -> Array:
    """Where clipping changes nothing: the derivative of `_clip`."""
    return np.asarray((p >= p.dtype.type(EPSILON)) & (p <= p.dtype.type(1 - EPSILON)))
