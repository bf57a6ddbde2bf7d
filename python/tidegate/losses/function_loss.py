"""A loss from a function of the user's, whose gradient the package autograd finds."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import numeric
from tidegate.losses.loss import Loss, same_rank

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.variable import Array


class FunctionLoss(Loss):
    """`function(y_true, y_pred)`, written with `autograd.numpy` where it needs more than operators.

    Args:
        function: gives the value of every sample, or one number, of targets and predictions.

    Raises:
        ImportError: autograd is not installed.
    """

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__(getattr(function, "__name__", type(function).__name__))
        self.function = function
        self._autograd()  # in `compile`, not after the first batch of `fit`

    def align(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        return same_rank(y_true, y_pred)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        values = numeric(np.asarray(self.function(y_true, y_pred)), f"{self.name}(y_true, y_pred)")
        return values.astype(y_pred.dtype)

    def backward(self, y_true: Array, y_pred: Array, d_values: Array) -> Array:
        try:
            to_d_y_pred, values = self._autograd().make_vjp(lambda p: self.function(y_true, p))(y_pred)
            numeric(np.asarray(values), "values")  # arrays of boxes are what NumPy makes of autograd's
        except TypeError as error:
            raise TypeError(
                f"{self.name}: autograd cannot find the gradient of this function; "
                f"`autograd.numpy` has the functions of NumPy that it knows ({error})"
            ) from error
        return np.asarray(to_d_y_pred(d_values), y_pred.dtype)

    def _autograd(self) -> Any:
        try:
            return import_module("autograd")
        except ImportError as error:
            raise ImportError(
                f"Argument `loss` received the function {self.name!r}, whose gradient needs autograd: "
                "install `tidegate[autograd]`, or derive a class from `tidegate.losses.Loss` that has `call` "
                "and `gradient`"
            ) from error
