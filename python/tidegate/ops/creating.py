"""New arrays, float32 where no dtype is given and none follows from the arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.derivatives import unboxed
from tidegate.ops.arithmetic import add, divide, multiply, subtract
from tidegate.ops.dtypes import FLOAT, array, cast, floats, result_type
from tidegate.ops.operation import operation
from tidegate.ops.shapes import axis_of, broadcast_to, expand_dims


@operation
def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros of a shape."""
    return np.zeros(shape, dtype or FLOAT)


@operation
def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones of a shape."""
    return np.ones(shape, dtype or FLOAT)


empty = zeros


@operation
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value, or an array that is broadcast, in a whole shape."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return broadcast_to(cast(fill_value, dtype or FLOAT), shape)


@operation
def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros of the shape of `x`, and of its dtype."""
    return np.zeros_like(unboxed(array(x)), dtype)


@operation
def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones of the shape of `x`, and of its dtype."""
    return np.ones_like(unboxed(array(x)), dtype)


empty_like = zeros_like


@operation
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value in the shape of `x`, and in its dtype."""
    x = unboxed(array(x))
    return broadcast_to(cast(fill_value, dtype or x.dtype), x.shape)


@operation
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """The numbers from `start`, or from 0 if that alone is given, up to but without `stop`."""
    given = [each for each in (start, stop, step) if each is not None]
    dtype = dtype or result_type(*given)
    start, stop = (0, start) if stop is None else (start, stop)
    return np.arange(unboxed(start), unboxed(stop), 1 if step is None else unboxed(step)).astype(dtype)


@operation
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` numbers at equal distances from `start` to `stop`; with `retstep` also the distance."""
    start, stop = floats(start, stop)
    steps = num - 1 if endpoint else num
    shape = np.broadcast_shapes(start.shape, stop.shape)
    where = axis_of(axis, len(shape) + 1)
    share = (np.arange(num) / (steps or 1)).astype(start.dtype)
    share = share.reshape([-1 if each == where else 1 for each in range(len(shape) + 1)])
    first, last = (expand_dims(broadcast_to(each, shape), where) for each in (start, stop))
    found = cast(add(multiply(first, 1 - share), multiply(last, share)), dtype or start.dtype)
    return (found, divide(subtract(stop, start), steps or np.nan)) if retstep else found


@operation
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """[N, M], ones on the diagonal `k` and zeros elsewhere."""
    return np.eye(N, M, k, dtype or FLOAT)


@operation
def identity(n: int, dtype: Any = None) -> Any:
    """[n, n], ones on the diagonal and zeros elsewhere."""
    return np.eye(n, dtype=dtype or FLOAT)


@operation
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """[N, M], ones on the diagonal `k` and below it, zeros elsewhere."""
    return np.tri(N, M, k, dtype or FLOAT)
