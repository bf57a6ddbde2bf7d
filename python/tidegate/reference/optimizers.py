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


def nadam_update(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    *,
    m_rate: float,
    g_rate: float,
    v_scale: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Array:
    """`v_scale` is 1 / (1 - beta_2^t); the learning rate is in the other two."""
    m[...] = m + (g - m) * (1 - beta_1)
    v[...] = v + (g * g - v) * (1 - beta_2)
    return w - (m_rate * m + g_rate * g) / (np.sqrt(v_scale * v) + epsilon)


def adamax_update(
    w: Array, g: Array, m: Array, u: Array, *, alpha: float, beta_1: float, beta_2: float, epsilon: float
) -> Array:
    """`alpha` is the learning rate / (1 - beta_1^t)."""
    m[...] = m + (g - m) * (1 - beta_1)
    u[...] = np.maximum(beta_2 * u, np.abs(g))
    return w - alpha * m / (u + epsilon)


def adagrad_update(w: Array, g: Array, accumulator: Array, *, learning_rate: float, epsilon: float) -> Array:
    accumulator[...] = accumulator + g * g
    return w - learning_rate * g / np.sqrt(accumulator + epsilon)


def adadelta_update(
    w: Array, g: Array, gradients: Array, steps: Array, *, learning_rate: float, rho: float, epsilon: float
) -> Array:
    """`gradients` and `steps` are running means of squares."""
    gradients[...] = rho * gradients + (1 - rho) * g * g
    step = np.sqrt(steps + epsilon) * g / np.sqrt(gradients + epsilon)
    steps[...] = rho * steps + (1 - rho) * step * step
    return w - learning_rate * step


def ftrl_update(
    w: Array,
    g: Array,
    accumulator: Array,
    linear: Array,
    *,
    learning_rate: float,
    exponent: float,
    l1: float,
    l2: float,
    shrinkage: float,
) -> Array:
    before, after = accumulator**exponent, (accumulator + g * g) ** exponent
    accumulator[...] = accumulator + g * g
    linear[...] = linear + g + 2 * shrinkage * w - (after - before) / learning_rate * w
    new: Array = (np.clip(linear, -l1, l1) - linear) / (after / learning_rate + 2 * l2)
    return new


def lion_update(
    w: Array, g: Array, momentum_slot: Array, *, learning_rate: float, beta_1: float, beta_2: float
) -> Array:
    step = np.sign(beta_1 * momentum_slot + (1 - beta_1) * g)
    momentum_slot[...] = beta_2 * momentum_slot + (1 - beta_2) * g
    return w - learning_rate * step


def lamb_update(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    *,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    m_scale: float,
    v_scale: float,
    epsilon: float,
) -> Array:
    """The scales are 1 / (1 - beta^t)."""
    m[...] = m + (g - m) * (1 - beta_1)
    v[...] = v + (g * g - v) * (1 - beta_2)
    step = m_scale * m / (np.sqrt(v_scale * v) + epsilon)
    weight, length = np.sqrt(sum_of_squares(w)), np.sqrt(sum_of_squares(step))
    return w - learning_rate * (weight / length if weight > 0 and length > 0 else 1) * step


def adafactor_update(
    w: Array,
    g: Array,
    row_means: Array | None,
    column_means: Array | None,
    v: Array,
    *,
    learning_rate: float,
    beta_2: float,
    epsilon_1: float,
    epsilon_2: float,
    clip_threshold: float,
) -> Array:
    """`row_means` is of w.shape without its last axis, `column_means` without the last but one; both are None
    for a vector.
    """
    square = g * g + epsilon_1
    if row_means is None or column_means is None:
        v[...] = beta_2 * v + (1 - beta_2) * square
    else:
        row_means[...] = beta_2 * row_means + (1 - beta_2) * square.mean(-1)
        column_means[...] = beta_2 * column_means + (1 - beta_2) * square.mean(-2)
        shares = row_means / row_means.mean(-1, keepdims=True)
        v[...] = shares[..., None] * column_means[..., None, :]
    step = g / np.sqrt(v)
    rate = learning_rate * max(epsilon_2, np.sqrt(np.mean(w * w)))
    new: Array = w - rate * step / max(1.0, np.sqrt(np.mean(step * step)) / clip_threshold)
    return new


def sum_of_squares(x: Array) -> float:
    return float(np.sum(x * x, dtype=np.float64))
