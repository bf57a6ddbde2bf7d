"""Adam (Kingma, Ba, ICLR 2015), AMSGrad (Reddi et al., ICLR 2018), AdamW (Loshchilov, Hutter, ICLR 2019).

At step t = 1, 2, ..., as Keras states it:

    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g^2
    alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)
    w = w - alpha * m / (sqrt(v) + epsilon)       (AMSGrad: the greatest v so far in place of v)

AdamW first takes `weight_decay * learning_rate` of the weight away, which no part of the above sees.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

from tidegate._native import core
from tidegate.optimizers.moments import MomentsOptimizer

if TYPE_CHECKING:
    from tidegate.variable import Array


class Adam(MomentsOptimizer):
    """Steps from running means of the gradient and of its square.

    Args:
        learning_rate: a number or a schedule.
        beta_1: how much of the running mean of the gradient a step keeps.
        beta_2: the same for its square.
        epsilon: added to the root.
        amsgrad: whether the greatest mean square so far is what divides.
        common: see Optimizer.
    """

    config_keys: ClassVar[tuple[str, ...]] = (*MomentsOptimizer.config_keys, "amsgrad")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **common)
        self.amsgrad = bool(amsgrad)

    def slot_names(self) -> tuple[tuple[str, ...], ...]:
        return (*super().slot_names(), ("velocity_hat",)) if self.amsgrad else super().slot_names()

    def update(self, w: Array, g: Array, place: int) -> Array:
        t = self.iterations + 1
        return core.adam_update(
            w,
            g,
            self.slots["momentum"][place],
            self.slots["velocity"][place],
            self.slots["velocity_hat"][place] if self.amsgrad else None,
            alpha=self.learning_rate * sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t),
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )


class AdamW(Adam):
    """Adam with weight decay, 0.004 unless said otherwise."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **common)
        if self.weight_decay is None:
            raise ValueError("AdamW: argument `weight_decay` expected a number; received None")
