"""`tensorflow.data.Dataset`: a chain of steps over elements, in plain Python, which `fit` takes as batches.

Each step is a function that begins a new pass; an element is an array, or a tuple or a dictionary of them.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tidegate import random
from tidegate.structure import flatten
from tidegate.values import as_tensor, handed_out

__all__ = ["AUTOTUNE", "Dataset"]

AUTOTUNE = -1


class Dataset:
    """Elements, in one pass after the other.

    Args:
        begin: begins a pass.
        length: of a pass; None where nobody knows, infinity where it has no end.
    """

    def __init__(self, begin: Callable[[], Iterable[Any]], length: float | None = None) -> None:
        self._begin, self._length = begin, length

    def __iter__(self) -> Iterator[Any]:
        return map(handed_out, self._begin())

    def __len__(self) -> int:
        if self._length is None or self._length == np.inf:
            raise TypeError(f"The dataset is {'infinite' if self._length else 'of unknown length'}")
        return int(self._length)

    def cardinality(self) -> Any:
        """How many elements a pass has: -1 for no end, -2 where nobody knows."""
        known = -2 if self._length is None else -1 if self._length == np.inf else self._length
        return handed_out(np.asarray(known, np.int64))

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as plain arrays."""
        return (mapped(np.array, element) for element in self)

    # ---- where elements come from ----------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors: Any, name: Any = None) -> Dataset:
        """The rows of arrays that belong together."""
        arrays = mapped(as_tensor, tensors)
        lengths = {len(array) for array in flatten(arrays)}
        if len(lengths) != 1:
            raise ValueError(f"Dataset: all arrays must have the same number of rows; received {lengths}")
        rows = lengths.pop()
        return Dataset(lambda: (mapped(operator.itemgetter(row), arrays) for row in range(rows)), rows)

    @staticmethod
    def from_tensors(tensors: Any, name: Any = None) -> Dataset:
        """One element."""
        return Dataset(lambda: [mapped(as_tensor, tensors)], 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Any = (),
        output_signature: Any = None,
        name: Any = None,
    ) -> Dataset:
        """What a function gives that is called anew in every pass, in the dtypes that are asked for."""
        wanted = output_types if output_signature is None else output_signature

        def begin() -> Iterator[Any]:
            for element in generator(*args):
                if wanted is None:
                    yield mapped(as_tensor, element)
                else:
                    yield mapped(_of_dtype, wanted, element)

        return Dataset(begin)

    @staticmethod
    def range(*bounds: int, output_type: Any = np.int64, name: Any = None) -> Dataset:
        """The whole numbers of a `range`."""
        numbers = range(*bounds)
        return Dataset(lambda: (np.asarray(number, output_type) for number in numbers), len(numbers))

    @staticmethod
    def zip(*datasets: Any, name: Any = None) -> Dataset:
        """Elements of several datasets in tuples, as many as the shortest has."""
        parts = (
            tuple(datasets[0]) if len(datasets) == 1 and isinstance(datasets[0], (tuple, list)) else datasets
        )
        lengths = [part._length for part in parts]
        return Dataset(
            lambda: zip(*(part._begin() for part in parts), strict=False),
            None if None in lengths else min(lengths),
        )

    # ---- steps -----------------------------------------------------------------------------------

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None, **options: Any) -> Dataset:
        """What a function makes of each element; the parts of a tuple are its arguments."""
        return Dataset(lambda: (_called(map_func, each) for each in self._begin()), self._length)

    def filter(self, predicate: Callable[..., Any], name: Any = None) -> Dataset:
        """The elements that a function says yes to."""
        return Dataset(lambda: (each for each in self._begin() if _called(predicate, each)))

    def flat_map(self, map_func: Callable[..., Any], name: Any = None) -> Dataset:
        """The elements of the datasets that a function makes of each element."""
        return Dataset(lambda: (each for made in self._begin() for each in _called(map_func, made)._begin()))

    def interleave(self, map_func: Callable[..., Any], cycle_length: Any = None, **options: Any) -> Dataset:
        """As `flat_map`: one dataset after the other."""
        return self.flat_map(map_func)

    def batch(
        self, batch_size: int, drop_remainder: bool = False, num_parallel_calls: Any = None, **options: Any
    ) -> Dataset:
        """So many elements at a time, stacked."""
        size = int(batch_size)
        length = self._length
        if length not in (None, np.inf):
            length = length // size if drop_remainder else -(-length // size)

        def begin() -> Iterator[Any]:
            for group in _groups(self._begin(), size):
                if len(group) == size or not drop_remainder:
                    yield _stacked(group)

        return Dataset(begin, length)

    def unbatch(self, name: Any = None) -> Dataset:
        """The rows of each element."""
        return self.flat_map(
            lambda *parts: Dataset.from_tensor_slices(parts[0] if len(parts) == 1 else parts)
        )

    def window(
        self, size: int, shift: int | None = None, stride: int = 1, drop_remainder: bool = False
    ) -> Dataset:
        """Datasets of `size` elements, each beginning `shift` elements after the last."""
        step, span = shift or size, (size - 1) * stride + 1

        def begin() -> Iterator[Any]:
            source, held = iter(self._begin()), list[Any]()
            while True:
                held += itertools.islice(source, max(0, span - len(held)))
                part = held[:span:stride]
                if not part or (drop_remainder and len(part) < size):
                    return
                yield _window(part)
                for _ in itertools.islice(source, max(0, step - len(held))):  # between two windows
                    pass
                del held[:step]

        return Dataset(begin)

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = True,
        name: Any = None,
    ) -> Dataset:
        """Each element is drawn from the next `buffer_size`; in every pass anew, unless that is False."""
        counted, passes = random.next_seed() if seed is None else int(seed), itertools.count()

        def begin() -> Iterator[Any]:
            number = next(passes) if reshuffle_each_iteration is not False else 0
            generator, held = random.generator(counted, number), []
            for element in self._begin():
                held.append(element)
                if len(held) >= buffer_size:
                    yield _drawn(held, generator)
            while held:
                yield _drawn(held, generator)

        return Dataset(begin, self._length)

    def repeat(self, count: int | None = None, name: Any = None) -> Dataset:
        """So many passes in one; without end if None."""
        endless = count is None or count < 0
        length = np.inf if endless else self._length and self._length * (count or 0)
        passes: Iterable[Any] = itertools.count() if endless else range(count or 0)
        return Dataset(lambda: (each for _ in passes for each in self._begin()), length)

    def take(self, count: int, name: Any = None) -> Dataset:
        """The first so many elements; all if -1."""
        if count < 0:
            return self
        length = None if self._length is None else min(count, self._length)
        return Dataset(lambda: itertools.islice(self._begin(), count), length)

    def skip(self, count: int, name: Any = None) -> Dataset:
        """All elements but the first so many."""
        length = None if self._length is None else max(0, self._length - count)
        return Dataset(lambda: itertools.islice(self._begin(), count, None), length)

    def shard(self, num_shards: int, index: int, name: Any = None) -> Dataset:
        """Every so many elements, from the one of this number."""
        length = None if self._length is None else (self._length - index + num_shards - 1) // num_shards
        return Dataset(lambda: itertools.islice(self._begin(), index, None, num_shards), length)

    def concatenate(self, dataset: Dataset, name: Any = None) -> Dataset:
        """The elements of this dataset and then those of another."""
        lengths = self._length, dataset._length
        length = None if None in lengths else sum(lengths)  # type: ignore[arg-type]
        return Dataset(lambda: itertools.chain(self._begin(), dataset._begin()), length)

    def enumerate(self, start: int = 0, name: Any = None) -> Dataset:
        """Elements with their numbers."""
        return Dataset(
            lambda: ((np.int64(place), each) for place, each in enumerate(self._begin(), start)), self._length
        )

    def cache(self, filename: Any = "", name: Any = None) -> Dataset:
        """The elements of the first whole pass, kept in memory."""
        kept: list[Any] = []

        def begin() -> Iterator[Any]:
            if kept:
                yield from kept[0]
                return
            elements = []
            for each in self._begin():
                elements.append(each)
                yield each
            kept.append(elements)

        return Dataset(begin, self._length)

    def prefetch(self, buffer_size: Any = None, name: Any = None) -> Dataset:
        """Itself: elements are made when they are asked for."""
        return self

    def with_options(self, options: Any, name: Any = None) -> Dataset:
        """Itself: it has none."""
        return self


def mapped(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """What a function makes of each leaf, in the same tuples and dictionaries; a list is a leaf. Its further
    arguments are the leaves of others of that structure."""
    if isinstance(structure, dict):
        return {key: mapped(function, structure[key], *(each[key] for each in others)) for key in structure}
    if isinstance(structure, tuple):
        return tuple(mapped(function, *leaves) for leaves in zip(structure, *others, strict=True))
    return function(structure, *others)


def _of_dtype(wanted: Any, value: Any) -> Any:
    """`wanted`: a dtype, or a TensorSpec that has one."""
    return np.asarray(value, getattr(wanted, "dtype", wanted))


def _called(function: Callable[..., Any], element: Any) -> Any:
    parts = handed_out(element)
    return function(*parts) if isinstance(parts, tuple) else function(parts)


def _groups(elements: Iterable[Any], size: int) -> Iterator[list[Any]]:
    source = iter(elements)
    while group := list(itertools.islice(source, size)):
        yield group


def _stacked(elements: list[Any]) -> Any:
    return mapped(lambda *leaves: np.stack(leaves), *elements)


def _drawn(held: list[Any], generator: np.random.Generator) -> Any:
    """One of those that are held, whose place the last one takes."""
    place = int(generator.integers(len(held)))
    held[place], held[-1] = held[-1], held[place]
    return held.pop()


def _window(elements: list[Any]) -> Any:
    """A dataset; of elements of several parts a tuple or a dictionary of datasets."""
    return mapped(lambda *leaves: Dataset(lambda: iter(leaves), len(leaves)), *elements)
