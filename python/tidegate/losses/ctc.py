"""Connectionist temporal classification: how likely a sequence of labels is that may fall on any steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate._native import core
from tidegate.losses.arithmetic import log_sum_exp
from tidegate.losses.loss import Loss

if TYPE_CHECKING:
    from tidegate.variable import Array


class CTC(Loss):
    """For each row, minus the logarithm of the probability of all ways to spread its labels over the steps.

    Targets are labels [B, N] from 1 to K - 1, followed by zeros where there are fewer; predictions are logits
    [B, T, K], of which class 0 is the blank: "no label at this step". A label may last several steps, and two
    equal ones need a blank between them. A row with too few steps for its labels has the loss infinity.
    """

    axis = (-2, -1)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "ctc", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)

    def align(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        if y_true.ndim != 2 or y_pred.ndim != 3 or len(y_true) != len(y_pred):
            raise ValueError(
                f"{self.name}: expected labels [batch, length] in `y_true` and logits [batch, timesteps, "
                f"classes] in `y_pred`; received shapes {y_true.shape} and {y_pred.shape}"
            )
        classes = y_pred.shape[-1]
        wrong = ~((y_true >= 0) & (y_true < classes))
        if wrong.any():
            raise ValueError(
                f"{self.name}: argument `y_true` expected labels from 1 to {classes - 1}, and zeros after "
                f"them; received {y_true[wrong][0]:g}"
            )
        if ((y_true[:, :-1] == 0) & (y_true[:, 1:] != 0)).any():
            raise ValueError(f"{self.name}: argument `y_true` expected no label after a zero of its row")
        return y_true.astype(np.int64), y_pred

    def call(self, y_true: Array, y_pred: Array) -> Array:
        _, emitted, skips, ends = _lattice(y_true, y_pred)
        return -log_sum_exp(_forward(emitted, skips)[-1] + ends, axis=-1)

    def gradient(self, y_true: Array, y_pred: Array) -> Array:
        states, emitted, skips, ends = _lattice(y_true, y_pred)
        paths = _forward(emitted, skips) + _backward(emitted, skips, ends)
        likelihood = log_sum_exp(paths[-1], axis=-1)[:, np.newaxis]
        share = core.activate("exponential", np.where(np.isneginf(paths), paths, paths - likelihood))
        d_y_pred = core.activate("softmax", y_pred)
        rows = np.arange(len(y_pred))
        for s in range(states.shape[1]):  # one state at a time, since several may be of one class
            d_y_pred[rows, :, states[:, s]] -= share[:, :, s].T
        return np.asarray(d_y_pred)


def _lattice(labels: Array, logits: Array) -> tuple[Array, Array, Array, Array]:
    """What the paths of a batch go through.

    Returns:
        states: [B, S], S = 2 N + 1: the class of each state, a blank before, between and after the labels.
        emitted: [T, B, S]: the logarithm of the probability of a state's class.
        skips: [B, S]: 0 where a path may come from two states before, leaving out a blank, else -inf.
        ends: [B, S]: 0 where a path may end, else -inf.
    """
    states = np.zeros((len(labels), 2 * labels.shape[1] + 1), np.int64)
    states[:, 1::2] = labels
    log_p = core.activate("log_softmax", logits)
    emitted = np.ascontiguousarray(np.take_along_axis(log_p, states[:, np.newaxis], -1).swapaxes(0, 1))
    may_skip = np.zeros(states.shape, bool)
    may_skip[:, 2:] = (states[:, 2:] != 0) & (states[:, 2:] != states[:, :-2])
    last = 2 * np.count_nonzero(labels, axis=1)[:, np.newaxis]
    may_end = np.isin(np.arange(states.shape[1]) - last, (0, -1))
    return states, emitted, _log(may_skip, logits.dtype), _log(may_end, logits.dtype)


def _forward(emitted: Array, skips: Array) -> Array:
    """[T, B, S]: the logarithm of the probability of all paths to a state, with what it emits."""
    alpha = np.full_like(emitted, -np.inf)
    alpha[0, :, :2] = emitted[0, :, :2]
    for t in range(1, len(emitted)):
        ways = [alpha[t - 1], _shift(alpha[t - 1], 1), _shift(alpha[t - 1], 2) + skips]
        alpha[t] = log_sum_exp(np.stack(ways), axis=0) + emitted[t]
    return alpha


def _backward(emitted: Array, skips: Array, ends: Array) -> Array:
    """[T, B, S]: the logarithm of the probability of all paths from a state, without what it emits."""
    beta = np.empty_like(emitted)
    beta[-1] = ends
    for t in range(len(emitted) - 2, -1, -1):
        after = beta[t + 1] + emitted[t + 1]
        ways = [after, _shift(after, -1), _shift(after + skips, -2)]
        beta[t] = log_sum_exp(np.stack(ways), axis=0)
    return beta


def _shift(x: Array, by: int) -> Array:
    """The states `by` before, or after when negative; -inf from outside."""
    shifted = np.full_like(x, -np.inf)
    if by > 0:
        shifted[:, by:] = x[:, :-by]
    else:
        shifted[:, :by] = x[:, -by:]
    return shifted


def _log(truth: Array, dtype: Any) -> Array:
    return np.asarray(np.where(truth, 0, -np.inf), dtype)
