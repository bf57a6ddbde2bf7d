"""Schedule-free AdamW (Defazio et al., NeurIPS 2024), as Keras states it.

Of a weight y there are z, where the steps are taken, and x, the mean of all z so far. At step t = 1, 2, ...:

    v = beta_2 * v + (1 - beta_2) * g^2
    z' = z - learning_rate * g / (sqrt(v / (1 - beta_2^t)) + epsilon)
    x' = (1 - 1/t) * x + z' / t
    y' = (1 - beta_1) * z' + beta_1 * x'

x is not kept: it is what y = (1 - beta_1) * z + beta_1 * x says.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.inputs import non_negative_integer
from tidegate.optimizers.moments import MomentsOptimizer

if TYPE_CHECKING:
    from tidegate.variable import Array, Variable


class ScheduleFreeAdamW(MomentsOptimizer):
    """AdamW whose averaging takes the place of a schedule.

    Args:
        learning_rate: a number or a schedule.
        beta_1: the share of the mean in the weight.
        beta_2: how much of the running mean of the gradient's square a step keeps.
        epsilon: added to the root.
        warmup_steps: through so many steps the learning rate rises to what it is.
        common: see Optimizer.
    """

    config_keys: ClassVar[tuple[str, ...]] = (*MomentsOptimizer.config_keys, "warmup_steps")

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **common)
        self.warmup_steps = non_negative_integer(warmup_steps, "warmup_steps", "ScheduleFreeAdamW")

    def new_slot(self, name: str, variable: Variable) -> Array:
        if name == "momentum":  # z, which Keras calls so
            return variable.value.copy()
        return super().new_slot(name, variable)

    def update(self, w: Array, g: Array, place: int) -> Array:
        t, z = self.iterations + 1, self.slots["momentum"][place]
        rate = (
            self.learning_rate * min(t / self.warmup_steps, 1.0) if self.warmup_steps else self.learning_rate
        )
        root = sqrt(1 - self.beta_2**t)
        # Adam without momentum, with the correction of v taken out of the root.
        stepped = core.adam_update(
            z,
            g,
            np.zeros_like(g),
            self.slots["velocity"][place],
            None,
            alpha=rate * root,
            beta_1=0.0,
            beta_2=self.beta_2,
            epsilon=self.epsilon * root,
        )
        share, keep = 1 / t, 1 - 1 / t
        new = keep * (w - (1 - self.beta_1) * z) + (1 - self.beta_1 + self.beta_1 * share) * stepped
        z[...] = stepped
        return np.asarray(new)
