"""Adagrad (Duchi, Hazan, Singer, JMLR 2011) and Adadelta (Zeiler, arXiv 1212.5701), as Keras states them.

Adagrad:
    a = a + g^2
    w = w - learning_rate * g / sqrt(a + epsilon)

Adadelta:
    a = rho * a + (1 - rho) * g^2
    step = sqrt(d + epsilon) * g / sqrt(a + epsilon)
    d = rho * d + (1 - rho) * step^2
    w = w - learning_rate * step
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate import legacy
from tidegate._native import core
from tidegate.optimizers.optimizer import Optimizer

if TYPE_CHECKING:
    from tidegate.variable import Array, Variable


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squares so far.

    Args:
        learning_rate: a number or a schedule.
        initial_accumulator_value: what the sums start from.
        epsilon: added under the root.
        common: see Optimizer.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        *Optimizer.config_keys,
        "initial_accumulator_value",
        "epsilon",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = legacy.epsilon(epsilon)

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulator",),)

    def new_slot(self, name: str, variable: Variable) -> Array:
        if name == "accumulator":
            return np.full(variable.shape, self.initial_accumulator_value, variable.dtype)
        return super().new_slot(name, variable)

    def update(self, w: Array, g: Array, place: int) -> Array:
        return core.adagrad_update(
            w, g, self.slots["accumulator"][place], learning_rate=self.learning_rate, epsilon=self.epsilon
        )


class Adadelta(Optimizer):
    """Steps of the size of those before, over the running root mean square of the gradient.

    Args:
        learning_rate: a number or a schedule.
        rho: how much of the running means a step keeps.
        epsilon: added under both roots.
        common: see Optimizer.
    """

    config_keys: ClassVar[tuple[str, ...]] = (*Optimizer.config_keys, "rho", "epsilon")

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **common: Any
    ) -> None:
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.epsilon = legacy.epsilon(epsilon)

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulated_grad", "accumulated_delta_var"),)

    def update(self, w: Array, g: Array, place: int) -> Array:
        return core.adadelta_update(
            w,
            g,
            self.slots["accumulated_grad"][place],
            self.slots["accumulated_delta_var"][place],
            learning_rate=self.learning_rate,
            rho=self.rho,
            epsilon=self.epsilon,
        )
