"""The functions of the native module, whose bits are the same on every machine of an instruction set, as
functions that autograd can follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate._native import core
from tidegate.derivatives import Primitive
from tidegate.utils.product import product

if TYPE_CHECKING:
    from tidegate.variable import Array


def _ready(x: Any) -> Array:
    """`x` as the native module takes it: float16 as float32, and a single number as an array of one."""
    return np.require(np.atleast_1d(x), np.float64 if x.dtype == np.float64 else np.float32, ["C", "A"])


def activation(name: str) -> Primitive:
    """One of `core.activation_names()`, without arguments; softmax and log_softmax are over the last axis."""

    def forward(x: Any) -> Any:
        return core.activate(name, _ready(x)).reshape(x.shape).astype(x.dtype, copy=False)

    def backward(y: Any, x: Any) -> Any:
        return lambda d_y: (
            core.activate_gradient(name, _ready(x), _ready(y), _ready(np.asarray(d_y, x.dtype)))
            .reshape(x.shape)
            .astype(x.dtype, copy=False)
        )

    return Primitive(forward, backward)


def _log(x: Any) -> Any:
    return core.log(_ready(x)).reshape(x.shape).astype(x.dtype, copy=False)


def _matmul(a: Array, b: Array) -> Array:
    """[..., n, k] . [..., k, m] -> [..., n, m]; what lies before is broadcast."""
    n, k, m = a.shape[-2], a.shape[-1], b.shape[-1]
    if k != b.shape[-2]:
        raise ValueError(
            f"expected the last axis of the first argument as long as the last but one of the second; "
            f"received shapes {a.shape} and {b.shape}"
        )
    if a.dtype.char not in "fd" or not (a.size and b.size):
        return np.asarray(np.matmul(a, b))
    if b.ndim == 2:
        return product(a.reshape(-1, k), b).reshape(*a.shape[:-1], m)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = np.ascontiguousarray(np.broadcast_to(a, (*batch, n, k))).reshape(-1, n, k)
    b = np.ascontiguousarray(np.broadcast_to(b, (*batch, k, m))).reshape(-1, k, m)
    return core.batched_product(a, b).reshape(*batch, n, m)


def _d_a(y: Array, a: Array, b: Array) -> Any:
    return lambda g: _summed(_matmul(np.asarray(g, a.dtype), b.swapaxes(-1, -2)), a.shape)


def _d_b(y: Array, a: Array, b: Array) -> Any:
    def d_b(g: Array) -> Array:
        g, left = np.asarray(g, b.dtype), a
        if b.ndim == 2:
            g, left = g.reshape(-1, g.shape[-1]), a.reshape(-1, a.shape[-1])
        return _summed(_matmul(left.swapaxes(-1, -2), g), b.shape)

    return d_b


def _summed(gradient: Array, shape: tuple[int, ...]) -> Array:
    """`gradient`, whose axes before the last two are those of the product, for a factor of this shape."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    spread = tuple(axis for axis, length in enumerate(shape) if length != gradient.shape[axis])
    return np.asarray(gradient.sum(axis=spread, keepdims=True))


log = Primitive(_log, lambda y, x: lambda g: g / x)
matmul = Primitive(_matmul, _d_a, _d_b)
