"""Lion (Chen et al., arXiv 2302.06675), as Keras states it.

w = w - learning_rate * sign(beta_1 * m + (1 - beta_1) * g)
m = beta_2 * m + (1 - beta_2) * g
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tidegate._native import core
from tidegate.optimizers.optimizer import Optimizer

if TYPE_CHECKING:
    from tidegate.variable import Array


class Lion(Optimizer):
    """Steps of one size, in the direction of the sign.

    Args:
        learning_rate: a number or a schedule.
        beta_1: above 0 and up to 1, how much the running mean counts in the direction.
        beta_2: how much of the running mean a step keeps.
        common: see Optimizer.
    """

    config_keys: ClassVar[tuple[str, ...]] = (*Optimizer.config_keys, "beta_1", "beta_2")

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **common: Any
    ) -> None:
        super().__init__(learning_rate, **common)
        if not 0 < beta_1 <= 1:
            raise ValueError(
                f"Lion: argument `beta_1` expected a number above 0 and up to 1; received {beta_1!r}"
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum",),)

    def update(self, w: Array, g: Array, place: int) -> Array:
        return core.lion_update(
            w,
            g,
            self.slots["momentum"][place],
            learning_rate=self.learning_rate,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
        )
