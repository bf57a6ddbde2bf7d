"""Adamax, Adam with the infinity norm (Kingma, Ba, ICLR 2015), as Keras states it.

At step t = 1, 2, ...:

    m = beta_1 * m + (1 - beta_1) * g
    u = max(beta_2 * u, |g|)
    w = w - learning_rate / (1 - beta_1^t) * m / (u + epsilon)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tidegate._native import core
from tidegate.optimizers.optimizer import Optimizer

if TYPE_CHECKING:
    from tidegate.variable import Array


class Adamax(Optimizer):
    """Steps from the running mean of the gradient over its decaying maximum.

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the running mean a step keeps.
        beta_2: how much of the maximum a step keeps.
        epsilon: added to the maximum.
        common: see Optimizer.
    """

    config_keys: ClassVar[tuple[str, ...]] = (*Optimizer.config_keys, "beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

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
