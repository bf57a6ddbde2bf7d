"""What regularizers share: a penalty on a weight, and its gradient."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.utils.configured import Configured

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.variable import Array, Variable


class Regularizer(Configured):
    """Base of the regularizers; to make one, write `__call__` and `gradient`."""

    def __call__(self, x: Array) -> float:
        """The penalty on a weight, which is added to the loss."""
        raise NotImplementedError

    def gradient(self, x: Array) -> Array:
        """The derivative of the penalty by the weight, in its shape and dtype."""
        raise NotImplementedError


def non_negative(value: Any, name: str, owner: str) -> float:
    """`value` as a float that is finite and at least 0; ValueError if it is none."""
    number = np.asarray(value)
    if number.ndim or number.dtype.kind not in "fiu" or not 0 <= number < inf:
        raise ValueError(f"{owner}: argument `{name}` expected a non-negative number; received {value!r}")
    return float(number)


def penalties(variables: Iterable[Variable]) -> list[float]:
    """The penalty on each variable that has a regularizer."""
    with np.errstate(all="ignore"):  # as in a loss
        return [each.regularizer(each.value) for each in variables if each.regularizer is not None]


def activity_penalties(regularizer: Regularizer, outputs: list[Array]) -> list[float]:
    """The penalty on each output of a layer, for a row of the batch."""
    with np.errstate(all="ignore"):
        return [regularizer(output) / max(len(output), 1) for output in outputs]


def activity_gradient(regularizer: Regularizer, output: Array, scale: float = 1.0) -> Array:
    """The gradient of that penalty, times `scale`, by the output and in its dtype."""
    with np.errstate(all="ignore"):
        gradient: Array = regularizer.gradient(output) * output.dtype.type(scale / max(len(output), 1))
        return gradient


def add_gradients(gradients: dict[Variable, Array], scale: float = 1.0) -> None:
    """Adds to the gradient of each variable that of its penalty, times `scale`."""
    with np.errstate(all="ignore"):
        for variable, gradient in gradients.items():
            if variable.regularizer is not None:
                gradients[variable] = gradient + scale * variable.regularizer.gradient(variable.value)
