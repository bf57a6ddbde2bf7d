"""Datasets: elements that are made when a pass over them comes to them.

An element is an array, or a tuple, list or dictionary of arrays. `fit`, `evaluate` and `predict` take what
`batch` gives. The names are those of TensorFlow's `tf.data.Dataset`, which Keras's functions return.
"""

from __future__ import annotations

import itertools
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate import random
from tidegate.inputs import non_negative_integer, positive_integer
from tidegate.values import as_tensor, handed_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Dataset:
    """Elements that can be walked over again and again.

    Args:
        walk: begins a pass; gives the elements.
        count: how many there are; None where that is not known, or there is no end.

    Attributes:
        batch_size: of elements that are batches; None for others.
    """

    def __init__(
        self, walk: Callable[[], Iterator[Any]], count: int | None = None, batch_size: int | None = None
    ) -> None:
        self._walk = walk
        self._count = count
        self.batch_size = batch_size

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """The rows of arrays, element by element; ValueError where there is not the same number of each."""
        arrays = _map(as_tensor, tensors)
        counts = {len(each) if each.ndim else 0 for each in _leaves(arrays)}
        if len(counts) != 1:
            raise ValueError(
                f"Dataset: the arrays must have the same number of rows; received {sorted(counts)}"
            )
        count = counts.pop()
        return Dataset(lambda: _rows(arrays), count)

    def __iter__(self) -> Iterator[Any]:
        return map(handed_out, self._walk())

    def __len__(self) -> int:
        if self._count is None:
            raise TypeError("the dataset has no known length")
        return self._count

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as plain arrays."""
        return self._walk()

    def take(self, count: int) -> Dataset:
        """The first so many elements; all with -1."""
        if count == -1:
            return self
        n = non_negative_integer(count, "count", "take")
        return self._like(
            lambda: itertools.islice(self._walk(), n), n if self._count is None else min(n, self._count)
        )

    def skip(self, count: int) -> Dataset:
        """All but the first so many elements."""
        n = non_negative_integer(count, "count", "skip")
        left = None if self._count is None else max(0, self._count - n)
        return self._like(lambda: itertools.islice(self._walk(), n, None), left)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """So many elements at a time, stacked; the last batch is smaller, or dropped."""
        size = positive_integer(batch_size, "batch_size", "batch")

        def walk() -> Iterator[Any]:
            left = self._walk()
            while elements := list(itertools.islice(left, size)):
                if len(elements) == size or not drop_remainder:
                    yield _stacked(elements)

        count = None
        if self._count is not None:
            count = self._count // size if drop_remainder else -(-self._count // size)
        return Dataset(walk, count, size)

    def unbatch(self) -> Dataset:
        """The rows of every element."""
        return Dataset(lambda: itertools.chain.from_iterable(map(_rows, self._walk())))

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None) -> Dataset:
        """What a function makes of each element; of a tuple it gets the parts."""

        def call(element: Any) -> Any:
            given = handed_out(element)
            return map_func(*given) if isinstance(given, tuple) else map_func(given)

        return self._like(lambda: map(call, self._walk()), self._count)

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        """In another order: each element is drawn from the next `buffer_size`, anew in every pass."""
        size = positive_integer(buffer_size, "buffer_size", "shuffle")
        key = random.next_seed() if seed is None else seed
        passes = itertools.count()

        def walk() -> Iterator[Any]:
            draw = random.generator(key, next(passes) if reshuffle_each_iteration else 0)
            left = self._walk()
            waiting = list(itertools.islice(left, size))
            while waiting:
                at = int(draw.integers(len(waiting)))
                waiting[at], waiting[-1] = waiting[-1], waiting[at]
                yield waiting.pop()
                waiting.extend(itertools.islice(left, 1))

        return self._like(walk, self._count)

    def repeat(self, count: int | None = None) -> Dataset:
        """Pass after pass, so many; without end if None or -1."""
        endless = count is None or count == -1

        def walk() -> Iterator[Any]:
            for _ in itertools.count() if endless else range(int(count or 0)):
                yield from self._walk()

        return self._like(walk, None if endless or self._count is None else self._count * int(count or 0))

    def cache(self, filename: str = "") -> Dataset:
        """The same elements, kept in memory from the first whole pass on; no file is written."""
        kept: list[Any] = []

        def walk() -> Iterator[Any]:
            if kept:
                return iter(kept[0])
            return self._kept(kept)

        return self._like(walk, self._count)

    def _kept(self, kept: list[Any]) -> Iterator[Any]:
        found = []
        for element in self._walk():
            found.append(element)
            yield element
        kept[:] = [found]

    def prefetch(self, buffer_size: Any = None) -> Dataset:
        """The same dataset; elements are made when they are asked for."""
        return self

    def _like(self, walk: Callable[[], Iterator[Any]], count: int | None) -> Dataset:
        return Dataset(walk, count, self.batch_size)


def _map(function: Callable[[Any], Any], element: Any) -> Any:
    """The same structure of what the function makes of each array."""
    if isinstance(element, dict):
        return {name: _map(function, each) for name, each in element.items()}
    if isinstance(element, tuple):
        return tuple(_map(function, each) for each in element)
    return function(element)


def _rows(element: Any) -> Iterator[Any]:
    for i in range(len(_leaves(element)[0])):
        yield _map(itemgetter(i), element)


def _leaves(element: Any) -> list[Any]:
    if isinstance(element, dict):
        return [leaf for each in element.values() for leaf in _leaves(each)]
    if isinstance(element, tuple):
        return [leaf for each in element for leaf in _leaves(each)]
    return [element]


def _stacked(elements: list[Any]) -> Any:
    """Elements of one structure, with their arrays stacked."""
    first = elements[0]
    if isinstance(first, dict):
        return {name: _stacked([each[name] for each in elements]) for name in first}
    if isinstance(first, tuple):
        return tuple(_stacked(list(parts)) for parts in zip(*elements, strict=True))
    return np.stack(elements)
