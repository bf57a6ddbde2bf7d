"""RMSprop (Hinton, lecture 6e of "Neural Networks for Machine Learning", 2012), as Keras states it.

v = rho * v + (1 - rho) * g^2
a = rho * a + (1 - rho) * g                   (centered; otherwise a = 0)
step = learning_rate * g / sqrt(v - a^2 + epsilon)
w = w - step                                  (momentum: m = momentum * m + step, w = w - m)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tidegate import legacy
from tidegate._native import core
from tidegate.optimizers.optimizer import Optimizer

if TYPE_CHECKING:
    from tidegate.variable import Array


class RMSprop(Optimizer):
    """Steps divided by a running root mean square of the gradient.

    Args:
        learning_rate: a number or a schedule.
        rho: how much of the running mean a step keeps.
        momentum: at 0 there is no momentum, and no slot for it.
        epsilon: added under the root.
        centered: whether the running mean of the gradient is taken out of its mean square.
        common: see Optimizer.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        *Optimizer.config_keys,
        "rho",
        "momentum",
        "epsilon",
        "centered",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = legacy.epsilon(epsilon)
        self.centered = bool(centered)

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        used = {"velocity": True, "momentum": self.momentum > 0, "average_gradient": self.centered}
        return tuple((name,) for name, wanted in used.items() if wanted)

    def update(self, w: Array, g: Array, place: int) -> Array:
        momentum, average = self.slots.get("momentum"), self.slots.get("average_gradient")
        return core.rmsprop_update(
            w,
            g,
            self.slots["velocity"][place],
            momentum[place] if momentum else None,
            average[place] if average else None,
            learning_rate=self.learning_rate,
            rho=self.rho,
            momentum=self.momentum,
            epsilon=self.epsilon,
        )
