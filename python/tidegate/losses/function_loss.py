"""A loss from a function of the user's, whose gradient the package autograd finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.losses.loss import Loss, same_rank

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.variable import Array


class FunctionLoss(Loss):
    """`function(y_true, y_pred)`, written with operators, `tidegate.ops`, `tidegate.backend` or
    `autograd.numpy`.

    Args:
        function: gives the value of every sample, or one number, of targets and predictions.
    """

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__(getattr(function, "__name__", type(function).__name__))
        self.function = function

    def align(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        return same_rank(y_true, y_pred)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return self.function(y_true, y_pred)  # type: ignore[no-any-return]
