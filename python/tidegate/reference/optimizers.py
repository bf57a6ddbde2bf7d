"""Updates of the optimizers: a new weight is returned, slots change in place."""

from __future__ import annotations

import numpy as np

from tidegate.reference.arrays import Array


def sgd_update(
    w: Array, g: Array, momentum_slot: Array | None, *, learning_rate: float, momentum: float, nesterov: bool
) -> Array:
    if momentum_slot is None:
        return w - learning_rate * g
    momentum_slot[...] = momentum * momentum_slot - learning_rate * g
    return w + (momentum * momentum_slot - learning_rate * g if nesterov else momentum_slot)


def rmsprop_update(
    w: Array,
    g: Array,
    velocity: Array,
    momentum_slot: Array | None,
    average: Array | None,
    *,
    learning_rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
) -> Array:
    """`average` not None: centered, the variance of the gradient instead of its mean square."""
    velocity[...] = rho * velocity + (1 - rho) * g * g
    variance = velocity
    if average is not None:
        average[...] = rho * average + (1 - rho) * g
        variance = velocity - average * average
    increment = learning_rate * g / np.sqrt(variance + epsilon)
    if momentum_slot is None:
        return w - increment
    momentum_slot[...] = momentum * momentum_slot + increment
    return w - momentum_slot


def adam_update(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    v_hat: Array | None,
    *,
    alpha: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Array:
    """`alpha` is the learning rate times sqrt(1 - beta_2^t) / (1 - beta_1^t); `v_hat` not None: AMSGrad."""
    m[...] = m + (g - m) * (1 - beta_1)
    v[...] = v + (g * g - v) * (1 - beta_2)
    if v_hat is not None:
        v_hat[...] = np.maximum(v_hat, v)
        v = v_hat
    return w - alpha * m / (np.sqrt(v) + epsilon)
