"""Activation functions, their gradients, and log."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tidegate.reference.arrays import Array


def sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x))  # never overflows
    y: Array = np.where(x >= 0, 1 / (1 + small), small / (1 + small))
    return y


def elu(x: Array) -> Array:
    y: Array = np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
    return y


def softplus(x: Array) -> Array:
    y: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return y


def erf(x: Array) -> Array:
    y: Array = np.vectorize(math.erf, otypes=[x.dtype])(x)
    return y


def hard_sigmoid(x: Array) -> Array:
    y: Array = np.clip(x + 3, 0, 6) / 6
    return y


def softmax(x: Array) -> Array:
    powers: Array = np.exp(x - x.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


def log_softmax(x: Array) -> Array:
    y: Array = x - x.max(axis=-1, keepdims=True)
    y -= np.log(np.exp(y).sum(axis=-1, keepdims=True))
    return y


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
Pointwise = tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]

# name: (y of x, dy/dx of x and y). Of Keras's names these are missing: `glu` halves the width, `threshold`
# needs arguments, and the `sparsemax` of Keras 3.15 is not the published one.
POINTWISE: dict[str, Pointwise] = {
    "linear": (lambda x: x.copy(), lambda x, y: np.ones_like(x)),
    "sigmoid": (sigmoid, lambda x, y: y * (1 - y)),
    "tanh": (np.tanh, lambda x, y: 1 - y * y),
    "relu": (lambda x: np.maximum(x, 0), lambda x, y: x > 0),
    "relu6": (lambda x: np.clip(x, 0, 6), lambda x, y: (x > 0) & (x < 6)),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.2 * x), lambda x, y: np.where(x > 0, np.ones_like(x), 0.2)),
    "elu": (elu, lambda x, y: np.where(x > 0, 1, y + 1)),
    "celu": (elu, lambda x, y: np.where(x > 0, 1, y + 1)),
    "selu": (
        lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0))),
        lambda x, y: np.where(x > 0, SELU_SCALE, y + SELU_SCALE * SELU_ALPHA),
    ),
    "exponential": (np.exp, lambda x, y: y),
    "softplus": (softplus, lambda x, y: sigmoid(x)),
    "softsign": (lambda x: x / (1 + np.abs(x)), lambda x, y: 1 / (1 + np.abs(x)) ** 2),
    "squareplus": (lambda x: (x + np.sqrt(x * x + 4)) / 2, lambda x, y: (1 + x / np.sqrt(x * x + 4)) / 2),
    "silu": (lambda x: x * sigmoid(x), lambda x, y: sigmoid(x) + y * (1 - sigmoid(x))),
    "gelu": (
        lambda x: x * (1 + erf(x / math.sqrt(2))) / 2,
        lambda x, y: (1 + erf(x / math.sqrt(2))) / 2 + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    ),
    "mish": (
        lambda x: x * np.tanh(softplus(x)),
        lambda x, y: np.tanh(softplus(x)) + x * sigmoid(x) * (1 - np.tanh(softplus(x)) ** 2),
    ),
    "log_sigmoid": (lambda x: -softplus(-x), lambda x, y: sigmoid(-x)),
    "hard_sigmoid": (hard_sigmoid, lambda x, y: np.where((x > -3) & (x < 3), np.ones_like(x) / 6, 0)),
    "hard_silu": (
        lambda x: x * hard_sigmoid(x),
        lambda x, y: np.where((x > -3) & (x < 3), x / 3 + 0.5, np.where(x > 0, np.ones_like(x), 0)),
    ),
    "hard_tanh": (lambda x: np.clip(x, -1, 1), lambda x, y: np.abs(x) <= 1),
    "tanh_shrink": (lambda x: x - np.tanh(x), lambda x, y: np.tanh(x) ** 2),
    "hard_shrink": (lambda x: np.where(np.abs(x) <= 0.5, 0, x), lambda x, y: np.abs(x) > 0.5),
    "soft_shrink": (lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0), lambda x, y: np.abs(x) > 0.5),
    "sparse_plus": (
        lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)),
        lambda x, y: np.clip((x + 1) / 2, 0, 1),
    ),
    "sparse_sigmoid": (lambda x: np.clip((x + 1) / 2, 0, 1), lambda x, y: (np.abs(x) < 1) / 2),
}

# name: (y of x, d_x of y and d_y), over the last axis.
ROWWISE: dict[str, Pointwise] = {
    "softmax": (softmax, lambda y, d_y: y * (d_y - np.sum(y * d_y, axis=-1, keepdims=True))),
    "log_softmax": (log_softmax, lambda y, d_y: d_y - np.exp(y) * np.sum(d_y, axis=-1, keepdims=True)),
}


def activation_names() -> list[str]:
    return [*POINTWISE, *ROWWISE]


def activate(name: str, x: Array) -> Array:
    """y [...] of x [...]."""
    function, _ = POINTWISE.get(name) or ROWWISE[name]
    return function(x).astype(x.dtype, copy=False)


def activate_gradient(name: str, x: Array, y: Array, d_y: Array) -> Array:
    """d_x [...] from the input x, the output y and d_y."""
    if name in ROWWISE:
        return ROWWISE[name][1](y, d_y).astype(x.dtype, copy=False)
    return (d_y * POINTWISE[name][1](x, y)).astype(x.dtype, copy=False)


def log(x: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x)


class Activation:
    def __init__(self, name: str) -> None:
        self.name = name

    def forward(self, x: Array) -> Array:
        return activate(self.name, x)

    def backward(self, x: Array, y: Array, d_y: Array) -> Array:
        return activate_gradient(self.name, x, y, d_y)
