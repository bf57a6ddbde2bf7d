"""Variables and what is done to them, new ones of random numbers too."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate import ops, random
from tidegate.backend.settings import floatx
from tidegate.derivatives import unboxed
from tidegate.variable import Variable, changing


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Variable:
    """A Variable with this first value, float32 where no dtype is given."""
    made = Variable(np.asarray(value, dtype or floatx()), name or "variable")
    made.constraint = constraint
    return made


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """An array, of a shape if one is given."""
    array = np.asarray(value, dtype or floatx())
    return array if shape is None else np.resize(array, shape) if array.size > 1 else np.full(shape, array)


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Variable:
    """A Variable of zeros."""
    return variable(np.zeros(shape), dtype, name)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Variable:
    """A Variable of ones."""
    return variable(np.ones(shape), dtype, name)


def eye(size: int, dtype: Any = None, name: str | None = None) -> Variable:
    """A Variable with ones on the diagonal."""
    return variable(np.eye(size), dtype, name)


def zeros_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """An array of zeros of the shape of `x`."""
    return ops.zeros_like(x, dtype)


def ones_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """An array of ones of the shape of `x`."""
    return ops.ones_like(x, dtype)


def get_value(x: Any) -> Any:
    """The numbers of a Variable or an array, to keep; anything else as it is."""
    x = unboxed(x)
    return np.array(x) if isinstance(x, (Variable, np.ndarray)) else x


eval = get_value


def set_value(x: Variable, value: Any) -> None:
    """Assigns a value."""
    x.assign(value)


def batch_get_value(tensors: Any) -> list[Any]:
    """The numbers of each, all of one moment."""
    with changing:
        return [get_value(each) for each in tensors]


def batch_set_value(tuples: Any) -> None:
    """Assigns the values of pairs (variable, value), as one change."""
    with changing:
        for each, value in tuples:
            each.assign(value)


def update(x: Variable, new_x: Any) -> Any:
    """Assigns a value and returns it."""
    return x.assign(new_x)


def update_add(x: Variable, increment: Any) -> Any:
    """Adds to a Variable and returns its new value."""
    return x.assign_add(increment)


def update_sub(x: Variable, decrement: Any) -> Any:
    """Subtracts from a Variable and returns its new value."""
    return x.assign_sub(decrement)


def moving_average_update(x: Variable, value: Any, momentum: float) -> Any:
    """Brings a Variable nearer to a value: by a share of `1 - momentum` of their difference."""
    return x.assign_sub((x - value) * (1 - momentum))


def count_params(x: Any) -> int:
    """The number of elements."""
    return ops.size(x)


def _generator(seed: int | None) -> np.random.Generator:
    return random.generator(random.next_seed() if seed is None else seed)


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Any:
    """An array of normal numbers."""
    return _generator(seed).normal(mean, stddev, shape).astype(dtype or floatx())


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Any:
    """An array of numbers that are equally likely from `minval` up to `maxval`."""
    return _generator(seed).uniform(minval, maxval, shape).astype(dtype or floatx())


def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: int | None = None) -> Any:
    """An array of ones with the probability `p`, and zeros."""
    return (_generator(seed).random(shape) <= p).astype(dtype or floatx())


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: int | None = None
) -> Any:
    """An array of normal numbers, those beyond two standard deviations drawn again."""
    draw = _generator(seed)
    found = draw.standard_normal(shape)
    while (far := np.abs(found) > 2).any():
        found = np.where(far, draw.standard_normal(shape), found)
    return (mean + stddev * found).astype(dtype or floatx())


def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: Any = None, name: str | None = None, seed: int | None = None
) -> Variable:
    """A Variable of normal numbers."""
    return variable(random_normal(shape, mean, scale, dtype, seed), dtype, name)


def random_uniform_variable(
    shape: Any, low: float, high: float, dtype: Any = None, name: str | None = None, seed: int | None = None
) -> Variable:
    """A Variable of numbers that are equally likely from `low` up to `high`."""
    return variable(random_uniform(shape, low, high, dtype, seed), dtype, name)
