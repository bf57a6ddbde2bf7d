"""LAMB (You et al., ICLR 2020), as Keras states it.

At step t = 1, 2, ...:

    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g^2
    step = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)
    w = w - learning_rate * |w| / |step| * step   (without the quotient of the norms where one of them is 0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate._native import core
from tidegate.optimizers.moments import MomentsOptimizer

if TYPE_CHECKING:
    from tidegate.variable import Array


class Lamb(MomentsOptimizer):
    """Adam with steps as long as the weight that they change.

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the running mean of the gradient a step keeps.
        beta_2: the same for its square.
        epsilon: added to the root.
        common: see Optimizer.
    """

    def update(self, w: Array, g: Array, place: int) -> Array:
        t = self.iterations + 1
        return core.lamb_update(
            w,
            g,
            self.slots["momentum"][place],
            self.slots["velocity"][place],
            learning_rate=self.learning_rate,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            m_scale=1 / (1 - self.beta_1**t),
            v_scale=1 / (1 - self.beta_2**t),
            epsilon=self.epsilon,
        )
