"""Initializers that look at the shape: variance scaling (Glorot, He, LeCun) and orthogonal matrices.

Sources: Glorot and Bengio, AISTATS 2010; He et al., ICCV 2015; LeCun et al., "Efficient BackProp", 1998;
Saxe et al., ICLR 2014.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.initializers.initializer import RandomInitializer, truncated_normal
from tidegate.utils.product import product

if TYPE_CHECKING:
    from tidegate.variable import Array

_TRUNCATED_STDDEV = 0.87962566103423978  # of a standard normal cut at two deviations
_ROWS_OF_BLOCK = 32
_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal")


class VarianceScaling(RandomInitializer):
    """Values of variance `scale / n`, where n is the fan-in, the fan-out or the mean of the two.

    Args:
        scale: a positive number.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal" (also "normal"), "untruncated_normal" or "uniform".
        seed: as of every random initializer.
        input_axes, output_axes: None; other axes than the last two are not supported yet.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        "seed",
        "scale",
        "mode",
        "distribution",
        "input_axes",
        "output_axes",
    )

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        super().__init__(seed)
        name = type(self).__name__
        if not scale > 0:
            raise ValueError(f"{name}: argument `scale` expected a positive number; received {scale!r}")
        if mode not in _MODES:
            raise ValueError(f"{name}: argument `mode` expected one of {_MODES}; received {mode!r}")
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if distribution not in _DISTRIBUTIONS:
            raise ValueError(
                f"{name}: argument `distribution` expected one of {_DISTRIBUTIONS}; received {distribution!r}"
            )
        for argument, value in (("input_axes", input_axes), ("output_axes", output_axes)):
            if value is not None:
                raise ValueError(
                    f"{name}: argument `{argument}` is not supported yet; expected None, received {value!r}"
                )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = None
        self.output_axes = None

    def draw(self, shape: tuple[int, ...]) -> Array:
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = sqrt(3 * variance)
            return self.generator().uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return self.generator().normal(0.0, sqrt(variance), shape)
        return sqrt(variance) / _TRUNCATED_STDDEV * truncated_normal(self.generator(), shape)


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """How many inputs and outputs a unit has: the last two axes, times the window that the others span."""
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    window = prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


class _Named(VarianceScaling):
    """A variance scaling that has its own name, and only a seed to choose."""

    config_keys: ClassVar[tuple[str, ...]] = ("seed", "input_axes", "output_axes")
    rule: tuple[float, str, str]

    def __init__(self, seed: int | None = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(*self.rule, seed=seed, input_axes=input_axes, output_axes=output_axes)


class GlorotUniform(_Named):
    rule = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Named):
    rule = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Named):
    rule = (2.0, "fan_in", "uniform")


class HeNormal(_Named):
    rule = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Named):
    rule = (1.0, "fan_in", "uniform")


class LecunNormal(_Named):
    rule = (1.0, "fan_in", "truncated_normal")


class Orthogonal(RandomInitializer):
    """`gain` times a matrix with orthonormal rows or columns, whichever are fewer.

    Axes before the last are taken together as rows. The Q of a QR decomposition of normal numbers, with R's
    diagonal positive, is uniform over the orthogonal matrices (Mezzadri, Notices of the AMS 54, 2007).
    """

    config_keys: ClassVar[tuple[str, ...]] = ("seed", "gain")

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def draw(self, shape: tuple[int, ...]) -> Array:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: argument `shape` expected at least two axes; received {shape}")
        rows, columns = prod(shape[:-1]), shape[-1]
        normal = self.generator().standard_normal((max(rows, columns), min(rows, columns)))
        q = orthonormal_rows(np.ascontiguousarray(normal.T))
        return self.gain * (q.T if rows >= columns else q).reshape(shape)


def orthonormal_rows(a: Array) -> Array:
    """`a` [k, n], k at most n, with each row made orthogonal to those above it and of length 1, in place.

    Gram and Schmidt's way, twice over for the full precision of float64 (Giraud et al., Numerische Mathematik
    101, 2005), by blocks of rows. Not LAPACK's, whose bits change with its build and its threads: a seed
    would not say with which weights a training run begins.
    """
    for first in range(0, len(a), _ROWS_OF_BLOCK):
        block = a[first : first + _ROWS_OF_BLOCK]
        above = a[:first]
        for _ in range(2 if first else 0):
            block -= product(product(block, above.T), above)
        for i, row in enumerate(block):
            for _ in range(2):
                along = (block[:i] * row).sum(axis=1, keepdims=True)
                row -= (along * block[:i]).sum(axis=0)
            row /= np.sqrt(np.square(row).sum())
    return a
