"""Initializers that do not look at the shape: constants and plain distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tidegate.initializers.initializer import Initializer, RandomInitializer, truncated_normal

if TYPE_CHECKING:
    from tidegate.variable import Array


class Zeros(Initializer):
    def draw(self, shape: tuple[int, ...]) -> Array:
        return np.zeros(shape)


class Ones(Initializer):
    def draw(self, shape: tuple[int, ...]) -> Array:
        return np.ones(shape)


class Constant(Initializer):
    """`value` everywhere."""

    config_keys: ClassVar[tuple[str, ...]] = ("value",)

    def __init__(self, value: float = 0.0) -> None:
        self.value = float(value)

    def draw(self, shape: tuple[int, ...]) -> Array:
        return np.full(shape, self.value)


class RandomUniform(RandomInitializer):
    """Uniform in [minval, maxval)."""

    config_keys: ClassVar[tuple[str, ...]] = ("seed", "minval", "maxval")

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def draw(self, shape: tuple[int, ...]) -> Array:
        return self.generator().uniform(self.minval, self.maxval, shape)


class RandomNormal(RandomInitializer):
    """Normal with that mean and standard deviation."""

    config_keys: ClassVar[tuple[str, ...]] = ("seed", "mean", "stddev")

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def draw(self, shape: tuple[int, ...]) -> Array:
        return self.generator().normal(self.mean, self.stddev, shape)


class TruncatedNormal(RandomNormal):
    """As RandomNormal, with everything beyond two standard deviations drawn again."""

    def draw(self, shape: tuple[int, ...]) -> Array:
        return self.mean + self.stddev * truncated_normal(self.generator(), shape)


class Identity(Initializer):
    """`gain` times the identity, for matrices; of one that is not square the columns or rows beyond are 0."""

    config_keys: ClassVar[tuple[str, ...]] = ("gain",)

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def draw(self, shape: tuple[int, ...]) -> Array:
        if len(shape) != 2:
            raise ValueError(f"Identity: argument `shape` expected two axes; received {shape}")
        return np.asarray(self.gain * np.eye(*shape))
