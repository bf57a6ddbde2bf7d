"""Adafactor (Shazeer, Stern, ICML 2018), as Keras states it.

At step t = 1, 2, ..., with beta = 1 - t^beta_2_decay, of a weight with two axes or more:

    r = beta * r + (1 - beta) * mean of g^2 + epsilon_1 over the last axis
    c = beta * c + (1 - beta) * mean of g^2 + epsilon_1 over the last axis but one
    v = r / mean(r) * c
    step = g / sqrt(v)
    rate = min(learning_rate, 1 / sqrt(t)) * max(epsilon_2, rms(w))
    w = w - rate * step / max(1, rms(step) / clip_threshold)

A vector keeps the running mean of g^2 + epsilon_1 in v itself.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.optimizers.optimizer import Optimizer

if TYPE_CHECKING:
    from tidegate.variable import Array, Variable


class Adafactor(Optimizer):
    """Steps over a root mean square that is kept by rows and by columns, and of the size of the weight.

    Args:
        learning_rate: a number or a schedule.
        beta_2_decay: the power of t by which the running means settle.
        epsilon_1: added to squares of the gradient.
        epsilon_2: the least size that a weight counts for.
        clip_threshold: the greatest root mean square of a step.
        relative_step: kept for files; the rate is bounded by 1 / sqrt(t) with and without it, as in Keras.
        common: see Optimizer.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        *Optimizer.config_keys,
        "beta_2_decay",
        "epsilon_1",
        "epsilon_2",
        "clip_threshold",
        "relative_step",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        return (("row_means", "column_means", "velocity"),)

    def new_slot(self, name: str, variable: Variable) -> Array:
        shape = variable.shape
        if name in ("row_means", "column_means") and len(shape) < 2:
            return np.zeros((), np.int32)  # what Keras's files have in their place
        if name == "row_means":
            return np.zeros(shape[:-1], variable.dtype)
        if name == "column_means":
            return np.zeros((*shape[:-2], shape[-1]), variable.dtype)
        return super().new_slot(name, variable)

    def update(self, w: Array, g: Array, place: int) -> Array:
        t = self.iterations + 1
        matrix = w.ndim >= 2
        return core.adafactor_update(
            w,
            g,
            self.slots["row_means"][place] if matrix else None,
            self.slots["column_means"][place] if matrix else None,
            self.slots["velocity"][place],
            learning_rate=min(self.learning_rate, 1 / sqrt(t)),
            beta_2=1 - t**self.beta_2_decay,
            epsilon_1=self.epsilon_1,
            epsilon_2=self.epsilon_2,
            clip_threshold=self.clip_threshold,
        )
