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
from tidegate.inputs import integer
from tidegate.losses.arithmetic import activate_along, clip, unclipped
from tidegate.losses.loss import Loss, one_axis, real

if TYPE_CHECKING:
    from tidegate.variable import Array


class Crossentropy(Loss):
    """What these and the focal ones have in common: their arguments."""

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
        self.label_smoothing = real(label_smoothing, "label_smoothing", name)
        if not 0 <= self.label_smoothing <= 1:
            raise ValueError(
                f"{name}: argument `label_smoothing` expected a number from 0 to 1; "
                f"received {label_smoothing!r}"
            )
        self.from_logits = bool(from_logits)
        self.axis = one_axis(axis, name)


class BinaryCrossentropy(Crossentropy):
    """Targets and predictions [B, ..., K], each of the K a yes or no of its own.

    Args:
        from_logits: whether predictions are logits and not probabilities.
        label_smoothing: how far targets are drawn towards 1/2, from 0 to 1.
        axis: the axis that the mean is over.
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
        return np.asarray(self.each(self.smooth(y_true), y_pred).mean(axis=self.axis))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        return np.asarray(self.d_each(self.smooth(y_true), y_pred) / y_pred.shape[self.axis])

    def each(self, t: Array, y_pred: Array) -> Array:
        """[B, ..., K]: the cross-entropy of each prediction."""
        if not self.from_logits:
            return entropy(t, y_pred)
        log_p, log_not_p = core.activate("log_sigmoid", y_pred), core.activate("log_sigmoid", -y_pred)
        return np.asarray(-(t * log_p + (1 - t) * log_not_p))

    def d_each(self, t: Array, y_pred: Array) -> Array:
        return np.asarray(core.activate("sigmoid", y_pred) - t) if self.from_logits else d_entropy(t, y_pred)

    def smooth(self, y_true: Array) -> Array:
        if not self.label_smoothing:
            return y_true
        return np.asarray(y_true * (1 - self.label_smoothing) + self.label_smoothing / 2)


class CategoricalCrossentropy(Crossentropy):
    """Targets [B, ..., K] that sum to one, usually one-hot.

    Args:
        from_logits: whether predictions are logits and not probabilities.
        label_smoothing: the share of each target that is spread evenly over the K classes. K is the length
            of the last axis, as in Keras, even where `axis` is another.
        axis: the axis of the classes.
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
            log_p = activate_along("log_softmax", y_pred, self.axis)
        else:
            log_p = core.log(clip(y_pred / y_pred.sum(axis=self.axis, keepdims=True)))
        return np.asarray(-(self.smooth(y_true) * log_p).sum(axis=self.axis))

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        t = self.smooth(y_true)
        if self.from_logits:
            p = activate_along("softmax", y_pred, self.axis)
            return np.asarray(p * t.sum(axis=self.axis, keepdims=True) - t)
        total = y_pred.sum(axis=self.axis, keepdims=True)
        q = y_pred / total
        d_q = -t / clip(q) * unclipped(q)
        return np.asarray((d_q - (d_q * q).sum(axis=self.axis, keepdims=True)) / total)

    def smooth(self, y_true: Array) -> Array:
        if not self.label_smoothing:
            return y_true
        return np.asarray(y_true * (1 - self.label_smoothing) + self.label_smoothing / y_true.shape[-1])


class SparseCategoricalCrossentropy(Crossentropy):
    """Targets [B, ...] or [B, ..., 1] that are the number of the class, from 0 to K - 1.

    Args:
        from_logits: whether predictions are logits and not probabilities.
        ignore_class: a label, of a class or not, whose predictions have no loss and are not in the mean.
        axis: the axis of the classes, which the targets lack.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("name", "reduction", "from_logits", "ignore_class", "axis")
    keras_omits: ClassVar[dict[str, Any]] = {"axis": -1}

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
        if ignore_class is not None and integer(ignore_class) is None:
            raise ValueError(
                f"{name}: argument `ignore_class` expected an integer or None; received {ignore_class!r}"
            )
        self.ignore_class = ignore_class

    def align(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        """Labels become int64 without the axis of the classes; one that is no class raises ValueError.

        An ignored label is -1, and its predictions are replaced, so that no NaN among them is seen.
        """
        self.check_axis(y_pred)
        labels = numbers_of_classes(self.name, y_true, y_pred, self.axis, self.ignore_class)
        if self.ignore_class is not None:
            y_pred = np.where(np.expand_dims(labels < 0, self.axis), y_pred.dtype.type(1), y_pred)
        return labels, y_pred

    def valid(self, y_true: Array, values: Array) -> Array | None:
        return None if self.ignore_class is None else np.asarray(y_true >= 0)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        places = self._places(y_true)
        if self.from_logits:
            log_p = np.take_along_axis(activate_along("log_softmax", y_pred, self.axis), places, self.axis)
        else:
            log_p = core.log(clip(self._shares(places, y_pred)[0]))
        return np.asarray(-log_p.squeeze(self.axis))

    def backward(self, y_true: Array, y_pred: Array, d_values: Array) -> Array:
        places, d = self._places(y_true), np.expand_dims(d_values, self.axis)
        if self.from_logits:
            d_y_pred, d_at_label = activate_along("softmax", y_pred, self.axis) * d, d
        else:
            q, total = self._shares(places, y_pred)
            d = d * unclipped(q)
            d_y_pred = np.array(np.broadcast_to(d / total, y_pred.shape))
            d_at_label = d / (clip(q) * total)
        d_at_label = np.take_along_axis(d_y_pred, places, self.axis) - d_at_label
        np.put_along_axis(d_y_pred, places, d_at_label, self.axis)
        return np.asarray(d_y_pred)

    def _places(self, labels: Array) -> Array:
        """Of the right classes; of an ignored label any, since its value counts nothing."""
        return np.expand_dims(np.maximum(labels, 0), self.axis)

    def _shares(self, places: Array, y_pred: Array) -> tuple[Array, Array]:
        """The probability of the right class, and what the predictions are divided by for that."""
        total = y_pred.sum(axis=self.axis, keepdims=True)
        return np.take_along_axis(y_pred, places, self.axis) / total, total


def entropy(t: Array, p: Array) -> Array:
    """The binary cross-entropy of each probability."""
    p = clip(p)
    return np.asarray(-(t * core.log(p) + (1 - t) * core.log(1 - p)))


def d_entropy(t: Array, p: Array) -> Array:
    q = clip(p)
    return np.asarray((q - t) / (q * (1 - q)) * unclipped(p))


def numbers_of_classes(
    owner: str, labels: Array, y_pred: Array, axis: int = -1, ignore_class: int | None = None
) -> Array:
    """Labels, of the shape of `y_pred` without `axis` or with length 1 there, as int64 without it; -1 for
    `ignore_class`.

    Raises ValueError for another shape and for a label that is neither a class nor `ignore_class`.
    """
    classes = y_pred.shape[axis]
    if labels.ndim == y_pred.ndim and labels.shape[axis] == 1:
        labels = labels.squeeze(axis)
    expected = np.delete(y_pred.shape, axis)
    if labels.shape != tuple(expected):
        raise ValueError(
            f"{owner}: argument `y_true` expected one label for each of the predictions "
            f"{tuple(expected.tolist())}; received shape {labels.shape}"
        )
    ignored = labels == ignore_class
    wrong = ~(((labels >= 0) & (labels < classes)) | ignored)
    if wrong.any():
        raise ValueError(
            f"{owner}: argument `y_true` expected labels from 0 to {classes - 1}; "
            f"received {labels[wrong][0]:g}"
        )
    return np.asarray(np.where(ignored, -1, labels).astype(np.int64))


def one_hot(owner: str, labels: Array, y_pred: Array) -> Array:
    """Labels as ones along the last axis of the predictions; raises as `numbers_of_classes` does."""
    numbers = numbers_of_classes(owner, labels, y_pred)
    return np.asarray(numbers[..., np.newaxis] == np.arange(y_pred.shape[-1]), y_pred.dtype)
