"""The rows that fit and evaluate walk over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tidegate import random
from tidegate.inputs import check_lengths, numeric
from tidegate.variable import Array


class Batch(NamedTuple):
    """Some rows: inputs, targets, perhaps weights, and which rows of the data they are, int64 [B]."""

    x: Array
    y: Array
    sample_weight: Array | None
    rows: Array


class Data:
    """Inputs, targets and perhaps weights, row by row.

    Args:
        x: prepared for the model, [N, ...].
        y: targets, [N, ...], any real numbers.
        sample_weight: [N], or [N, T] for a weight per step; or None.

    Raises:
        ValueError: something is missing, their lengths differ, or there are no rows.
        TypeError: numbers that are not real.
    """

    __slots__ = ("sample_weight", "x", "y")

    def __init__(self, x: Array, y: Any, sample_weight: Any = None) -> None:
        if y is None:
            raise ValueError("`y` is required: an array of targets, one for each sample of `x`")
        self.x = x
        self.y = numeric(y, "y")
        self.sample_weight = None if sample_weight is None else numeric(sample_weight, "sample_weight")
        if not check_lengths(x=self.x, y=self.y, sample_weight=self.sample_weight):
            raise ValueError("`x` must hold at least one sample; received none")

    def __len__(self) -> int:
        return len(self.x)

    def split(self, fraction: float) -> tuple[Data, Data]:
        """The first rows, and the last `fraction` of them."""
        n = len(self)
        if not 0 < fraction < 1:
            raise ValueError(f"`validation_split` must be between 0 and 1; received {fraction!r}")
        at = int(n * (1 - fraction))
        if at in (0, n):
            raise ValueError(f"`validation_split` {fraction!r} of {n} samples leaves nothing on one side")
        return self._rows(slice(None, at)), self._rows(slice(at, None))

    def _rows(self, rows: slice) -> Data:
        weight = self.sample_weight
        return Data(self.x[rows], self.y[rows], None if weight is None else weight[rows])

    def batches(self, size: int, order: Array | None = None) -> Iterator[Batch]:
        """Batches of `size` rows, the last one smaller; `order` [N] says which row comes when."""
        weight, everything = self.sample_weight, np.arange(len(self)) if order is None else order
        for start in range(0, len(self), size):
            rows = everything[start : start + size]
            # A slice where the rows follow each other: it copies nothing.
            some: Any = slice(start, start + size) if order is None else rows
            yield Batch(self.x[some], self.y[some], None if weight is None else weight[some], rows)

    def shuffled(self, iteration: int) -> Array:
        """The order of the rows in the epoch that begins with this iteration of the optimizer.

        So a resumed run takes the rows as one that was never interrupted, and a second `fit` takes them anew.
        """
        return random.permutation(len(self), random.current_seed(), iteration)
