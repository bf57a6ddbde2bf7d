"""The rows that fit and evaluate walk over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tidegate import random
from tidegate.inputs import check_lengths, numeric
from tidegate.structure import listed, plain
from tidegate.variable import Array


class Batch(NamedTuple):
    """Some rows.

    Attributes:
        x: inputs [B, ...], ready for the model; a list where it has several.
        y: targets [B, ...] of each output, None for one without.
        sample_weight: weights of each output, or None.
        rows: which rows of the data they are, int64 [B]; None: as they are counted here.
    """

    x: Any
    y: list[Array | None]
    sample_weight: list[Array | None]
    rows: Array | None

    @property
    def size(self) -> int:
        """B."""
        return len(listed(self.x)[0])


class Data:
    """Inputs, targets and perhaps weights, row by row.

    Args:
        x: ready for the model, [N, ...]; a list where it has several inputs.
        y: targets of each output, [N, ...], any real numbers; None for an output without.
        sample_weight: of each output, [N], or [N, T] for a weight per step; or None.

    Raises:
        ValueError: their lengths differ, or there are no rows.
        TypeError: numbers that are not real.
    """

    __slots__ = ("sample_weight", "x", "y")

    def __init__(self, x: Any, y: list[Any], sample_weight: list[Any]) -> None:
        self.x: list[Array] = listed(x)
        self.y = _arrays(y, "y")
        self.sample_weight = _arrays(sample_weight, "sample_weight")
        named = (("x", self.x), ("y", self.y), ("sample_weight", self.sample_weight))
        if not check_lengths(**{name: array for kind, each in named for name, array in _named(kind, each)}):
            raise ValueError("`x` must hold at least one sample; received none")

    def __len__(self) -> int:
        return len(self.x[0])

    def split(self, fraction: float) -> tuple[Data, Data]:
        """The first rows, and the last `fraction` of them."""
        n = len(self)
        if not 0 < fraction < 1:
            raise ValueError(f"`validation_split` must be between 0 and 1; received {fraction!r}")
        at = int(n * (1 - fraction))
        if at in (0, n):
            raise ValueError(f"`validation_split` {fraction!r} of {n} samples leaves nothing on one side")
        return self._rows(slice(None, at)), self._rows(slice(at, None))

    def weighed(self, class_weight: Any) -> Data:
        """The same rows, each with the weight of its class; ValueError where they have weights, or targets of
        several outputs, or no classes.
        """
        if any(weight is not None for weight in self.sample_weight):
            raise ValueError("give either `class_weight` or `sample_weight`; received both")
        if len(self.y) > 1:
            raise ValueError("`class_weight` needs a model of one output; use `sample_weight`")
        return Data(plain(self.x), self.y, [_weights_by_class(self.y[0], class_weight)])

    def _rows(self, rows: slice) -> Data:
        return Data(*self._some(rows))

    def _some(self, rows: Any) -> tuple[Any, list[Any], list[Any]]:
        weights = [None if weight is None else weight[rows] for weight in self.sample_weight]
        targets = [None if target is None else target[rows] for target in self.y]
        return plain([array[rows] for array in self.x]), targets, weights

    def batch(self) -> Batch:
        """All rows as one batch."""
        return Batch(plain(self.x), self.y, self.sample_weight, None)

    def batches(self, size: int, order: Array | None = None) -> Iterator[Batch]:
        """Batches of `size` rows, the last one smaller; `order` [N] says which row comes when."""
        everything = np.arange(len(self)) if order is None else order
        for start in range(0, len(self), size):
            rows = everything[start : start + size]
            # A slice where the rows follow each other: it copies nothing.
            yield Batch(*self._some(slice(start, start + size) if order is None else rows), rows)

    def shuffled(self, iteration: int, size: int | None = None) -> Array:
        """The order of the rows in the epoch that begins with this iteration of the optimizer.

        So a resumed run takes the rows as one that was never interrupted, and a second `fit` takes them anew.
        With a `size`, rows change their places only in batches of so many.
        """
        seed, n = random.current_seed(), len(self)
        if size is None:
            return random.permutation(n, seed, iteration)
        draw = random.generator(seed, iteration)
        return np.concatenate([start + draw.permutation(min(size, n - start)) for start in range(0, n, size)])


def unpacked(given: Any) -> tuple[Any, Any, Any]:
    """x, y and sample_weight of what a generator or a dataset has yielded; those that it lacks are None."""
    parts = given if isinstance(given, (tuple, list)) else (given,)
    if not 1 <= len(parts) <= 3:
        raise ValueError(
            "a batch must be (x,), (x, y) or (x, y, sample_weight); "
            f"received {type(given)} of {len(parts)} elements"
        )
    return (*parts, None, None)[:3]


def _weights_by_class(y: Any, class_weight: Any) -> Array:
    """The weight of each row [N], by its class.

    Args:
        y: labels [N] or [N, 1], or [N, classes], whose largest element says the class.
        class_weight: class -> weight; a class that is not there weighs 1.

    Raises:
        ValueError: no dictionary, or targets of another shape.
    """
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            "argument `class_weight` expected a dictionary from classes to weights; "
            f"received {class_weight!r}"
        )
    labels = numeric(y, "y")
    if labels.ndim == 2:
        labels = labels.argmax(axis=-1) if labels.shape[-1] != 1 else labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(
            "argument `class_weight` needs one class for each row; "
            f"received targets of the shape {np.shape(y)}"
        )
    classes, places = np.unique(np.round(labels).astype(np.int64), return_inverse=True)
    return np.array([class_weight.get(int(each), 1.0) for each in classes], np.float64)[places]


def _arrays(given: list[Any], name: str) -> list[Array | None]:
    return [None if value is None else numeric(value, name) for name, value in _named(name, given)]


def _named(name: str, values: Sequence[Any]) -> list[tuple[str, Any]]:
    """What messages call each of them."""
    if len(values) == 1:
        return [(name, values[0])]
    return [(f"{name}[{place}]", value) for place, value in enumerate(values)]
