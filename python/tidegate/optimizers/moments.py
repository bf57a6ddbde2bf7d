"""What the optimizers of Adam's family share: two running means, of the gradient and of what divides it."""

from __future__ import annotations

from typing import Any, ClassVar

from tidegate import legacy
from tidegate.optimizers.optimizer import Optimizer


class MomentsOptimizer(Optimizer):
    """The base of Adam and its kin.

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the running mean of the gradient a step keeps.
        beta_2: the same for what divides it, of which each class says what it is.
        epsilon: added to what divides.
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
        self.epsilon = legacy.epsilon(epsilon)

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "velocity"),)
