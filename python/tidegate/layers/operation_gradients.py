"""Gradients of the ops that graphs have most, which need no autograd.

Each takes the gradient of the output, and the op's arguments by name, and gives those of the arguments that
have one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tidegate.derivatives import fitted
from tidegate.variable import Array

Gradients = dict[str, Any]


def add(d: Array, x1: Any, x2: Any) -> Gradients:
    return _of_two(d, x1, d, x2)


def subtract(d: Array, x1: Any, x2: Any) -> Gradients:
    return _of_two(d, x1, -d, x2)


def multiply(d: Array, x1: Any, x2: Any) -> Gradients:
    return _of_two(d * x2, x1, d * x1, x2)


def divide(d: Array, x1: Any, x2: Any) -> Gradients:
    with np.errstate(all="ignore"):
        return _of_two(d / x2, x1, -d * x1 / (np.asarray(x2) * x2), x2)


def negative(d: Array, x: Array) -> Gradients:
    return {"x": -d}


def get_item(d: Array, x: Array, key: Any) -> Gradients:
    d_x = np.zeros_like(x)
    np.add.at(d_x, key, d)
    return {"x": d_x}


def reshape(d: Array, x: Array, newshape: Any) -> Gradients:
    return {"x": d.reshape(x.shape)}


def squeeze(d: Array, x: Array, axis: Any = None) -> Gradients:
    return {"x": d.reshape(x.shape)}


def expand_dims(d: Array, x: Array, axis: Any) -> Gradients:
    return {"x": d.reshape(x.shape)}


def transpose(d: Array, x: Array, axes: Any = None) -> Gradients:
    back = None if axes is None else np.argsort([axis % x.ndim for axis in axes])
    return {"x": np.ascontiguousarray(d.transpose(back))}


def concatenate(d: Array, xs: Any, axis: int = -1) -> Gradients:
    ends = np.cumsum([np.shape(x)[axis] for x in xs])[:-1]
    return {"xs": [np.ascontiguousarray(part) for part in np.split(d, ends, axis)]}


def sum(d: Array, x: Array, axis: Any = None, keepdims: bool = False) -> Gradients:
    return {"x": _spread(d, x, axis, keepdims)}


def mean(d: Array, x: Array, axis: Any = None, keepdims: bool = False) -> Gradients:
    return {"x": _spread(d / d.dtype.type(x.size // max(d.size, 1)), x, axis, keepdims)}


GRADIENTS: dict[str, Callable[..., Gradients]] = {
    each.__name__: each
    for each in (
        add, subtract, multiply, divide, negative, get_item, reshape, squeeze, expand_dims, transpose,
        concatenate, sum, mean,
    )
}  # fmt: skip


def _of_two(d_x1: Array, x1: Any, d_x2: Array, x2: Any) -> Gradients:
    return {"x1": _fitted(d_x1, x1), "x2": _fitted(d_x2, x2)}


def _fitted(d: Array, x: Any) -> Any:
    return np.ascontiguousarray(fitted(d, x)) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else None


def _spread(d: Array, x: Array, axis: Any, keepdims: bool) -> Array:
    """The gradient of every element of a sum."""
    if not keepdims:
        d = np.expand_dims(d, tuple(range(x.ndim)) if axis is None else axis)
    return np.ascontiguousarray(np.broadcast_to(d, x.shape))
