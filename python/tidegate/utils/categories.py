"""Classes as vectors, and vectors of length 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import short

if TYPE_CHECKING:
    from tidegate.variable import Array


def to_categorical(x: Any, num_classes: int | None = None) -> Array:
    """Class numbers [...], or [..., 1], as float64 vectors [..., num_classes] of zeros and one 1.

    Args:
        x: whole numbers from 0; one below counts from the end, as an index does.
        num_classes: by default the largest number and one more.

    Raises ValueError for what is no number, or one beyond `num_classes`.
    """
    try:
        labels = np.asarray(x).astype(np.int64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"to_categorical: `x` expected numbers of classes; received {short(x)}") from error
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if not num_classes and not labels.size:
        raise ValueError("to_categorical: `num_classes` is needed where `x` is empty")
    count = int(num_classes or labels.max() + 1)
    outside = labels[(labels >= count) | (labels < -count)]
    if outside.size:
        raise ValueError(
            f"to_categorical: `x` expected numbers of {count} classes; found {outside.flat[0]} among them"
        )
    vectors = np.zeros((labels.size, count))
    vectors[np.arange(labels.size), labels.ravel()] = 1
    return vectors.reshape(*labels.shape, count)


def normalize(x: Any, axis: int = -1, order: Any = 2) -> Array:
    """An array divided by its norms of `order` along `axis`; vectors of norm 0 stay as they are."""
    array = np.asarray(x)
    norm = np.asarray(np.linalg.norm(array, order, axis, keepdims=True))
    norm[norm == 0] = 1
    divided: Array = array / norm
    return divided
