"""`keras.random`: arrays of random numbers, counted like all others.

A seed is a number, which gives the same array every time, a `SeedGenerator`, which gives the next one, or
None for the next one under the global seed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate import ops
from tidegate.initializers.initializer import truncated_normal as truncated
from tidegate.inputs import non_negative_integer
from tidegate.random import generator, next_seed
from tidegate.utils.configured import Configured
from tidegate.values import handed_out
from tidegate.variable import changing

__all__ = [
    "SeedGenerator", "beta", "binomial", "categorical", "dropout", "gamma", "normal", "randint", "shuffle",
    "truncated_normal", "uniform",
]  # fmt: skip


class SeedGenerator(Configured):
    """A seed after another.

    Args:
        seed: a non-negative integer; None for one under the global seed.
        name: accepted.
    """

    config_keys = ("seed",)

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.seed = next_seed() if seed is None else non_negative_integer(seed, "seed", "SeedGenerator")
        self.count = 0

    def next(self, ordered: bool = True) -> int:
        """The next seed."""
        with changing:
            self.count += 1
            return int(generator(self.seed, self.count).integers(1 << 63))


def _generator(seed: Any) -> np.random.Generator:
    if isinstance(seed, SeedGenerator):
        return generator(seed.next())
    return generator(next_seed() if seed is None else non_negative_integer(seed, "seed", "random"))


def _array(values: Any, dtype: Any) -> Any:
    return handed_out(np.asarray(values, dtype or "float32"))


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Of a normal distribution."""
    return _array(_generator(seed).normal(mean, stddev, tuple(shape)), dtype)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """The same without what is more than two standard deviations from the mean."""
    return _array(mean + stddev * truncated(_generator(seed), tuple(shape)), dtype)


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Evenly between two numbers."""
    return _array(_generator(seed).uniform(minval, maxval, tuple(shape)), dtype)


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Whole numbers from `minval` up to but without `maxval`."""
    return _array(_generator(seed).integers(int(minval), int(maxval), tuple(shape)), dtype)


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Of a beta distribution; its parameters are numbers, or arrays that fit the shape."""
    return _array(_generator(seed).beta(alpha, beta, tuple(shape)), dtype)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Of a gamma distribution of scale 1."""
    return _array(_generator(seed).gamma(alpha, 1.0, tuple(shape)), dtype)


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Any:
    """How many of `counts` trials succeed."""
    counts = np.asarray(counts).astype(np.int64)
    return _array(_generator(seed).binomial(counts, probabilities, tuple(shape)), dtype)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Classes [B, num_samples], drawn with the probabilities whose logarithms, up to a constant, are
    `logits` [B, C].
    """
    shares = np.cumsum(np.asarray(ops.softmax(ops.convert_to_numpy(logits).astype(np.float64))), axis=-1)
    drawn = _generator(seed).random((len(shares), num_samples)) * shares[:, -1:]
    return _array((drawn[:, :, np.newaxis] >= shares[:, np.newaxis]).sum(-1), dtype)


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """The slices along an axis in another order."""
    x = ops.convert_to_tensor(x)
    return ops.take(x, _generator(seed).permutation(x.shape[axis]), axis=axis)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Zeros instead of a share `rate` of the elements; the others are larger by `1 / (1 - rate)`.

    Args:
        noise_shape: of what is drawn, with 1 along axes where all are kept or dropped together.
    """
    x = ops.convert_to_tensor(inputs)
    shape = x.shape if noise_shape is None else [n or m for n, m in zip(noise_shape, x.shape, strict=True)]
    kept = _generator(seed).random(tuple(shape)) >= rate
    return x * np.asarray(kept / (1 - rate) if rate < 1 else np.zeros(shape), x.dtype)
