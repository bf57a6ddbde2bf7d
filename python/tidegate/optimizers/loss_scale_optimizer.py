"""Loss scaling that finds its factor by itself (Micikevicius et al., ICLR 2018), as Keras states it.

The loss is multiplied by a scale on its way back, and the gradients are divided by it. Where they are not
finite the step is left out and the scale halved; after so many steps in a row that were, it is doubled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate.inputs import positive_integer
from tidegate.optimizers.optimizer import Optimizer
from tidegate.optimizers.wrapper import Wrapper, check_inner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Self

    from tidegate.variable import Array, Variable


class LossScaleOptimizer(Wrapper):
    """Another optimizer, with a scale for the loss that follows the gradients.

    Args:
        inner_optimizer: what changes the weights; its own `loss_scale_factor` is taken away.
        initial_scale: of the loss.
        dynamic_growth_steps: after so many steps with finite gradients the scale is doubled.
        name: the class in snake case when None.
    """

    config_keys: ClassVar[tuple[str, ...]] = (
        "name",
        "inner_optimizer",
        "initial_scale",
        "dynamic_growth_steps",
    )

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
    ) -> None:
        check_inner(inner_optimizer, "inner_optimizer", "LossScaleOptimizer")
        super().__init__([inner_optimizer], name, None)
        if not initial_scale > 0:
            raise ValueError(
                "LossScaleOptimizer: argument `initial_scale` expected a positive number; "
                f"received {initial_scale!r}"
            )
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = positive_integer(
            dynamic_growth_steps, "dynamic_growth_steps", "LossScaleOptimizer"
        )
        inner_optimizer.loss_scale_factor = None

    @property
    def iterations(self) -> int:
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> float:
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def dynamic_scale(self) -> float:
        """Of the loss, now."""
        return float(self.shared[1]) if self.built else self.initial_scale

    def scale_loss(self, loss: Any) -> Any:
        return loss * self.dynamic_scale

    def build(self, variables: Sequence[Variable]) -> None:
        self.inner_optimizer.build(variables)
        self.shared = [np.array(0, np.int64), np.array(self.initial_scale, np.float32)]
        self.built = True

    def apply(self, gradients: Sequence[Array | None], variables: Sequence[Variable]) -> None:
        if not self.built:
            self.build(variables)
        counter, scale = self.shared
        self.batches += 1
        if not all(np.isfinite(g).all() for g in gradients if g is not None):
            counter[...] = 0
            scale *= np.float32(0.5)
            return
        unscaled = [None if g is None else g / g.dtype.type(scale) for g in gradients]
        self.inner_optimizer.apply(unscaled, variables)
        counter += 1
        if counter == self.dynamic_growth_steps:
            counter[...] = 0
            scale *= np.float32(2)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        from tidegate.saving import objects

        config = {key: getattr(self, key) for key in self.config_keys}
        return config | {"inner_optimizer": objects.serialize(self.inner_optimizer)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        from tidegate.saving import objects

        inner = objects.deserialize(config.get("inner_optimizer"), "optimizer")
        return super().from_config({**config, "inner_optimizer": inner})
