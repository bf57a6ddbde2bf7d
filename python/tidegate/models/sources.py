"""Where batches come from: arrays, generators, datasets that have them by number, and other iterables."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tidegate import random
from tidegate.models.data import Batch, Data, unpacked

Convert = Callable[[Any, Any, Any], Data]  # x, y and sample_weight as they come -> checked for the model


class Source:
    """Batches, in one pass after the other.

    Attributes:
        batches: of a pass, where that is known.
    """

    batches: int | None = None

    def walk(self, iteration: int) -> Iterator[Batch]:
        """A new pass; `iteration` is the optimizer's, and tells shuffles apart."""
        raise NotImplementedError

    def on_epoch_begin(self) -> None: ...
    def on_epoch_end(self) -> None: ...


class Arrays(Source):
    """Rows of arrays, `size` at a time."""

    def __init__(self, data: Data, size: int, shuffle: Any = False) -> None:
        self.batches = -(-len(data) // size)
        self._data, self._size, self._shuffle = data, size, shuffle

    def walk(self, iteration: int) -> Iterator[Batch]:
        order = None
        if self._shuffle:
            within = self._size if isinstance(self._shuffle, str) else None
            order = self._data.shuffled(iteration, within)
        return self._data.batches(self._size, order)


class Stream(Source):
    """A generator or another iterator.

    Its first two batches come again in every pass, and then what is left: so Keras does, which has looked at
    them to know their shapes.
    """

    def __init__(self, iterator: Iterator[Any], convert: Convert) -> None:
        self._first = list(itertools.islice(iterator, 2))
        _check_some(len(self._first))
        self._iterator, self._convert = iterator, convert

    def walk(self, iteration: int) -> Iterator[Batch]:
        for given in itertools.chain(self._first, self._iterator):
            yield self._convert(*unpacked(given)).batch()


class Iterables(Source):
    """What can be iterated over again and again, such as PyTorch's DataLoader."""

    def __init__(self, batches: Iterable[Any], convert: Convert) -> None:
        try:
            self.batches = len(batches)  # type: ignore[arg-type]
        except TypeError:  # it has no length, or does not know it
            self.batches = None
        _check_some(self.batches)
        self._given, self._convert = batches, convert

    def walk(self, iteration: int) -> Iterator[Batch]:
        for given in self._given:
            yield self._convert(*unpacked(given)).batch()


class ByNumber(Source):
    """A dataset whose items are batches: `PyDataset`, or anything like it."""

    def __init__(self, dataset: Any, convert: Convert, shuffle: Any = False) -> None:
        from tidegate.utils.py_dataset import options_of

        self._dataset, self._convert, self._shuffle = dataset, convert, shuffle
        self._workers, self._most_waiting = options_of(dataset)
        self.batches = dataset.num_batches if hasattr(dataset, "num_batches") else len(dataset)
        _check_some(self.batches)

    def on_epoch_begin(self) -> None:
        self._tell("on_epoch_begin")

    def on_epoch_end(self) -> None:
        self._tell("on_epoch_end")

    def _tell(self, method: str) -> None:
        if hasattr(self._dataset, method):
            getattr(self._dataset, method)()

    def walk(self, iteration: int) -> Iterator[Batch]:
        numbers: Iterable[int] = itertools.count()
        if self.batches is not None:
            numbers = range(self.batches)
            if self._shuffle:
                numbers = random.permutation(self.batches, random.current_seed(), iteration).tolist()
        for given in self._items(numbers):
            yield self._convert(*unpacked(given)).batch()

    def _items(self, numbers: Iterable[int]) -> Iterator[Any]:
        if self._workers <= 1:
            yield from map(self._dataset.__getitem__, numbers)
            return
        from concurrent.futures import Future, ThreadPoolExecutor

        left, waiting = iter(numbers), deque[Future[Any]]()
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="tidegate-batches")
        try:
            while True:
                room = max(1, self._most_waiting) - len(waiting)
                waiting += [pool.submit(self._dataset.__getitem__, i) for i in itertools.islice(left, room)]
                if not waiting:
                    return
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _check_some(batches: int | None) -> None:
    if batches == 0:
        raise ValueError("`x` must hold at least one batch; received none")


def is_arrays(x: Any) -> bool:
    """Whether `x` holds arrays, and no batches; what is neither counts as arrays, and is refused as such."""
    if x is None or isinstance(x, (np.ndarray, list, tuple, dict, str, bytes)) or hasattr(x, "__array__"):
        return True
    return not (hasattr(x, "__iter__") or (hasattr(x, "__getitem__") and hasattr(x, "__len__")))


def source_of(x: Any, convert: Convert, shuffle: Any = False) -> Source:
    """The source of what is no arrays."""
    if hasattr(x, "__next__"):
        return Stream(x, convert)
    if hasattr(x, "__getitem__"):
        return ByNumber(x, convert, shuffle)
    return Iterables(x, convert)
