"""Nadam, Adam with Nesterov's momentum (Dozat, ICLR 2016 workshop), as Keras states it.

At step t = 1, 2, ..., with u_t = beta_1 * (1 - 0.96^t / 2) and U_t the product of u_1 ... u_t:

    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g^2
    ahead = u_(t+1) * m / (1 - U_(t+1)) + (1 - u_t) * g / (1 - U_t)
    w = w - learning_rate * ahead / (sqrt(v / (1 - beta_2^t)) + epsilon)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidegate._native import core
from tidegate.optimizers.moments import MomentsOptimizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.variable import Array, Variable


class Nadam(MomentsOptimizer):
    """Adam that looks one step of its momentum ahead.

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the running mean of the gradient a step keeps.
        beta_2: the same for its square.
        epsilon: added to the root.
        common: see Optimizer.
    """

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self.shared = [np.ones((), variables[0].dtype if variables else np.float32)]  # U_t

    def begin_step(self) -> None:
        self.shared[0] *= self._momentum_at(self.iterations + 1)

    def update(self, w: Array, g: Array, place: int) -> Array:
        t = self.iterations + 1
        now, following, product = self._momentum_at(t), self._momentum_at(t + 1), float(self.shared[0])
        return core.nadam_update(
            w,
            g,
            self.slots["momentum"][place],
            self.slots["velocity"][place],
            m_rate=self.learning_rate * following / (1 - product * following),
            g_rate=self.learning_rate * (1 - now) / (1 - product),
            v_scale=1 / (1 - self.beta_2**t),
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )

    def _momentum_at(self, t: int) -> float:
        return self.beta_1 * (1 - 0.5 * 0.96**t)
