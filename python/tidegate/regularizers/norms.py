"""Penalties on the size of a weight: the sums of its absolute values and of its squares."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tidegate.regularizers.regularizer import Regularizer, non_negative

if TYPE_CHECKING:
    from tidegate.variable import Array


class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x^2)`; the derivative of |x| at 0 is 0."""

    config_keys: ClassVar[tuple[str, ...]] = ("l1", "l2")
    l1: float = 0.0
    l2: float = 0.0

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = non_negative(l1 or 0.0, "l1", "L1L2")
        self.l2 = non_negative(l2 or 0.0, "l2", "L1L2")

    def __call__(self, x: Array) -> float:
        penalty = 0.0
        if self.l1:
            penalty += self.l1 * float(np.sum(np.abs(x), dtype=np.float64))
        if self.l2:
            penalty += self.l2 * float(np.sum(np.square(x), dtype=np.float64))
        return penalty

    def gradient(self, x: Array) -> Array:
        gradient = np.zeros_like(x)
        if self.l1:
            gradient += self.l1 * np.sign(x)
        if self.l2:
            gradient += 2 * self.l2 * x
        return gradient


class L1(L1L2):
    """`l1 * sum(|x|)`."""

    config_keys: ClassVar[tuple[str, ...]] = ("l1",)

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = non_negative(0.01 if l1 is None else l1, "l1", "L1")


class L2(L1L2):
    """`l2 * sum(x^2)`."""

    config_keys: ClassVar[tuple[str, ...]] = ("l2",)

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = non_negative(0.01 if l2 is None else l2, "l2", "L2")
