"""Stochastic gradient descent, with momentum and Nesterov's variant of it.

m = momentum * m - learning_rate * g
w = w + m                                     (Nesterov: w + momentum * m - learning_rate * g)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tidegate._native import core
from tidegate.optimizers.optimizer import Optimizer

if TYPE_CHECKING:
    from tidegate.variable import Array


class SGD(Optimizer):
    """Gradient descent.

    Args:
        learning_rate: a number or a schedule.
        momentum: from 0 to 1; at 0 there are no slots.
        nesterov: whether the step is taken from where the momentum leads.
        common: see Optimizer.
    """

    config_keys: ClassVar[tuple[str, ...]] = (*Optimizer.config_keys, "momentum", "nesterov")

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **common: Any
    ) -> None:
        super().__init__(learning_rate, **common)
        if not 0 <= momentum <= 1:
            raise ValueError(f"SGD: argument `momentum` expected a number from 0 to 1; received {momentum!r}")
        self.momentum = float(momentum)
        self.nesterov = bool(nesterov)

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum",),) if self.momentum else ()

    def update(self, w: Array, g: Array, place: int) -> Array:
        return core.sgd_update(
            w,
            g,
            self.slots["momentum"][place] if self.momentum else None,
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
        )
