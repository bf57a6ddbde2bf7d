"""The learning rate as a number that scripts also ask like the variable that Keras has in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tidegate.optimizers.optimizer import Optimizer


class Rate(float):
    """The learning rate of the moment; copies and pickles of it are plain numbers."""

    __slots__ = ("_optimizer",)

    _optimizer: Optimizer

    @classmethod
    def of(cls, optimizer: Optimizer, value: float) -> Rate:
        rate = cls(value)
        rate._optimizer = optimizer
        return rate

    def assign(self, value: Any) -> None:
        """As `optimizer.learning_rate = value`."""
        self._optimizer.learning_rate = value

    def numpy(self) -> np.float32:
        return np.float32(self)

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (float(self),)
