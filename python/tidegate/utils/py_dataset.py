"""Batches that a program makes when they are asked for: the base class that scripts derive from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from tidegate.inputs import warn


class PyDataset:
    """Batches by number: derive, and write `__getitem__` and `__len__`.

    `fit`, `evaluate` and `predict` take an object of it as `x`. An item is a whole batch: (x,), (x, y) or
    (x, y, sample_weight). `on_epoch_begin` and `on_epoch_end` are called around every pass.

    Args:
        workers: above 1, so many threads make batches ahead; their order stays the same.
        use_multiprocessing: accepted; workers are threads.
        max_queue_size: the most batches that wait.

    Example:
        >>> class Windows(PyDataset):
        ...     def __len__(self):
        ...         return 10
        ...     def __getitem__(self, index):
        ...         return x[32 * index : 32 * index + 32], y[32 * index : 32 * index + 32]
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """The batch of this number, from 0."""
        raise NotImplementedError

    @property
    def num_batches(self) -> int | None:
        """How many batches an epoch has; None for no end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} needs `__len__` or `num_batches`")

    def __iter__(self) -> Iterator[Any]:
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    def on_epoch_begin(self) -> None:
        """Before the first batch of a pass."""

    def on_epoch_end(self) -> None:
        """After the last batch of a pass."""


Sequence = PyDataset  # the name in Keras 2


def options_of(dataset: Any) -> tuple[int, int]:
    """`workers` and `max_queue_size` of a dataset, also of one that does not derive from PyDataset."""
    if isinstance(dataset, PyDataset) and not hasattr(dataset, "workers"):
        warn(
            f"{type(dataset).__name__} should call `super().__init__(**kwargs)` in its constructor: it takes "
            "`workers`, `use_multiprocessing` and `max_queue_size`"
        )
    return int(getattr(dataset, "workers", 1)), int(getattr(dataset, "max_queue_size", 10))
