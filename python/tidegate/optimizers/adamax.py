"""Adamax, Adam with the infinity norm (Kingma, Ba, ICLR 2015), as Keras states it.

At step t = 1, 2, ...:

    m = beta_1 * m + (1 - beta_1) * g
    u = max(beta_2 * u, |g|)
    w = w - learning_rate / (1 - beta_1^t) * m / (u + epsilon)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate._native import core
from tidegate.optimizers.moments import MomentsOptimizer

if TYPE_CHECKING:
    from tidegate.variable import Array


class Adamax(MomentsOptimizer):
    """Steps from the running mean of the gradient over its decaying maximum.

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the running mean a step keeps.
        beta_2: how much of the maximum a step keeps.
        epsilon: added to the maximum.
        common: see Optimizer.
    """

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "norm"),)

    def update(self, w: Array, g: Array, place: int) -> Array:
        return core.adamax_update(
            w,
            g,
            self.slots["momentum"][place],
            self.slots["norm"][place],
            alpha=self.learning_rate / (1 - self.beta_1 ** (self.iterations + 1)),
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )
