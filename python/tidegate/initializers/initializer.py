"""What initializers share: where random numbers come from, and how the loader of a file does without."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate import random
from tidegate.inputs import non_negative_integer
from tidegate.utils.configured import Configured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.variable import Array

_budget: ContextVar[list[int] | None] = ContextVar("budget", default=None)


@contextmanager
def placeholders(budget: int) -> Iterator[None]:
    """Inside this block initializers answer zeros, of at most `budget` bytes altogether.

    A model that is about to take its weights from a file needs no draw and no QR; and a configuration that
    asks for more than the file can hold is refused here, before the memory is taken.
    """
    token = _budget.set([budget])
    try:
        yield
    finally:
        _budget.reset(token)


class Initializer(Configured):
    """The first value of a weight: `initializer(shape, dtype)` is an array of that shape."""

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        """An array of `shape` in `dtype`, float32 or float64; ValueError for a shape that there is no rule
        for.
        """
        shape, dtype = tuple(shape), np.dtype(dtype or "float32")
        left = _budget.get()
        if left is None:
            return np.asarray(self.draw(shape), dtype, order="C")
        left[0] -= _size(shape) * dtype.itemsize
        if left[0] < 0:
            raise ValueError(f"A weight of shape {shape} is more than the file can hold")
        return np.zeros(shape, dtype)

    def draw(self, shape: tuple[int, ...]) -> Array:
        """The values in float64, so that a float32 model begins with the roundings of the float64 one's."""
        raise NotImplementedError


class RandomInitializer(Initializer):
    """An initializer with a seed: the same array at every call with the same shape, as in Keras.

    Args:
        seed: a non-negative integer, or None for the next one under `utils.set_random_seed`.
    """

    config_keys: ClassVar[tuple[str, ...]] = ("seed",)

    def __init__(self, seed: int | None = None) -> None:
        self.seed = None if seed is None else non_negative_integer(seed, "seed", type(self).__name__)
        self._key = random.next_seed() if self.seed is None else self.seed

    def generator(self) -> np.random.Generator:
        """Random numbers that only the seed decides."""
        return random.generator(self._key)


def truncated_normal(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A standard normal with everything beyond two deviations drawn again."""
    values = generator.standard_normal(shape)
    while (outside := np.abs(values) > 2).any():
        values[outside] = generator.standard_normal(int(outside.sum()))
    return values


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length  # Python integers: a hostile shape cannot wrap around
    return size
