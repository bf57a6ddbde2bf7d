"""Follow the regularized leader (McMahan et al., KDD 2013), as Keras states it.

With p = -learning_rate_power:

    linear = linear + g + 2 * l2_shrinkage * w - ((a + g^2)^p - a^p) / learning_rate * w
    a = a + g^2
    w = (clip(linear, -l1, l1) - linear) / (a^p / learning_rate + 2 * l2 + beta / learning_rate)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.optimizers.optimizer import Optimizer

if TYPE_CHECKING:
    from tidegate.variable import Array, Variable


class Ftrl(Optimizer):
    """Weights that answer all gradients so far at once, many of them exactly zero with l1.

    Args:
        learning_rate: a number or a schedule.
        learning_rate_power: at most 0; how the steps get smaller with the sum of squares, not at all at 0.
        initial_accumulator_value: what the sums of squares start from; not negative.
        l1_regularization_strength: not negative.
        l2_regularization_strength: not negative.
        l2_shrinkage_regularization_strength: the share of a weight that is added to its gradient, halved;
            not negative.
        beta: of the paper, added to the l2 strength over twice the learning rate.
        common: see Optimizer.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        *Optimizer.config_keys,
        "learning_rate_power",
        "initial_accumulator_value",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
        "beta",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        if learning_rate_power > 0:
            raise ValueError(
                "Ftrl: argument `learning_rate_power` expected a number of at most 0; "
                f"received {learning_rate_power!r}"
            )
        for name in self.config_keys[-5:-1]:
            if getattr(self, name) < 0:
                raise ValueError(
                    f"Ftrl: argument `{name}` expected a number of at least 0; "
                    f"received {getattr(self, name)!r}"
                )

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulator", "linear"),)

    def new_slot(self, name: str, variable: Variable) -> Array:
        if name == "accumulator":
            return np.full(variable.shape, self.initial_accumulator_value, variable.dtype)
        return super().new_slot(name, variable)

    def update(self, w: Array, g: Array, place: int) -> Array:
        return core.ftrl_update(
            w,
            g,
            self.slots["accumulator"][place],
            self.slots["linear"][place],
            learning_rate=self.learning_rate,
            exponent=-self.learning_rate_power,
            l1=self.l1_regularization_strength,
            l2=self.l2_regularization_strength + float(self.beta / np.float64(2 * self.learning_rate)),
            shrinkage=self.l2_shrinkage_regularization_strength,
        )
