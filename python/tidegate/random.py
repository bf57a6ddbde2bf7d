"""Counted randomness: a draw is named by integers (seed, count, epoch), never by what was drawn before it.

A stream would make the numbers depend on threads, on the order of calls and on where a run was resumed; a
Philox generator that is keyed afresh for each purpose does not (Salmon et al., "Parallel random numbers: as
easy as 1, 2, 3", SC 2011).
"""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tidegate.inputs import non_negative_integer

if TYPE_CHECKING:
    from tidegate.variable import Array

_HALF = (1 << 32) - 1
_64_BITS = (1 << 64) - 1
_MIXERS = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9  # odd, so that no two nodes become one: of SplitMix64


class Training(NamedTuple):
    """What a training pass tells its layers: all that distinguishes its random numbers but a layer's seed.

    Attributes:
        iteration: of the optimizer; for a pass outside of `fit`, a number that no other pass has.
        rows: int64 [B], which row of the data each row of the batch is; None: as they are counted there.
        node: the layer's place in the graph.
    """

    iteration: int
    rows: Array | None = None
    node: int = 0

    def key(self, seed: int | None) -> dict[str, int]:
        """What tells the random numbers of a layer with this seed (the global one if None) from all others,
        but the row's number."""
        wide = current_seed() if seed is None else seed
        return {"seed": wide & _64_BITS, "node": self.node & _64_BITS, "iteration": self.iteration}

    def part(self, number: int) -> Training:
        """For another draw of the same use of a layer."""
        return self._replace(node=self.node + (number << 32))

    def inner(self, number: int) -> Training:
        """For a layer in a layer of the user's, which is run as the `number`th there."""
        one, other = _MIXERS
        return self._replace(node=(self.node * one + number + 1) * other & _64_BITS)

    @classmethod
    def by_hand(cls, training: object) -> Training | None:
        """For a layer or a model that is called with `training=True`; None with anything that is false."""
        return cls(next_seed()) if training else None


class _Counted:
    """The global seed with the number of seeds already handed out under it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.count = itertools.count()  # `next` on it is one step, also between threads


_global = _Counted(int.from_bytes(os.urandom(8), "little"))


def set_seed(seed: int) -> None:
    """Makes every draw of this package that has no seed of its own repeatable.

    Args:
        seed: a non-negative integer.
    """
    global _global
    _global = _Counted(non_negative_integer(seed, "seed", "set_seed"))


def next_seed() -> int:
    """The next seed under the global one, for a layer, an initializer or a shuffle that was given none."""
    counted = _global
    return int(generator(counted.seed, next(counted.count)).integers(1 << 63))


def current_seed() -> int:
    """The global seed itself, for draws that are told apart by keys of their own."""
    return _global.seed


def generator(*keys: int) -> np.random.Generator:
    """A fresh generator that depends on nothing but `keys`, of which each counts up to 64 bits."""
    # The count of keys, and two words for each: without them (1,), (1, 0) and others would be one sequence.
    words = [len(keys)]
    for key in keys:
        words += [key & _HALF, key >> 32 & _HALF]
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))


def permutation(n: int, seed: int, epoch: int) -> Array:
    """The order of `n` rows in one epoch: int64 `[n]`. `epoch` is any number that tells epochs apart."""
    return generator(seed, epoch).permutation(n)
