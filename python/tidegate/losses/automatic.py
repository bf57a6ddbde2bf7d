"""The gradient of a loss that is written in Python, without one: autograd finds it."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate import derivatives
from tidegate.inputs import numeric

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.losses.loss import Loss
    from tidegate.variable import Array


def autograd(name: str) -> Any:
    """The package; ImportError, for the loss of this name, if it is not installed."""
    try:
        return derivatives.autograd()
    except ImportError as error:
        raise ImportError(
            f"Argument `loss` received {name!r}, whose gradient needs autograd: install `tidegate[autograd]`,"
            " or derive a class from `tidegate.losses.Loss` that has `call` and `gradient`"
        ) from error


def call(function: Callable[[Any, Any], Any], y_true: Array, y_pred: Array, name: str) -> Array:
    """The values of a function of targets and predictions, as an array of the dtype of `y_pred`."""
    values = numeric(np.asarray(function(y_true, y_pred)), f"{name}(y_true, y_pred)")
    return values.astype(y_pred.dtype)


def backward(
    function: Callable[[Any, Any], Any], y_true: Array, y_pred: Array, d_values: Array, name: str
) -> Array:
    """The gradient of `y_pred` from that of what the function gives.

    Raises:
        TypeError: the function computes with something that has no gradient.
    """
    from tidegate.ops import convert_to_tensor

    def values(box: Any) -> Any:
        found = function(y_true, box)
        if isinstance(found, np.ndarray) and found.dtype == object:
            raise TypeError("functions of NumPy made an array of objects of it")
        found = convert_to_tensor(found)
        return found if derivatives.is_box(found) else found + 0 * box.sum()  # it does not depend on y_pred

    try:
        to_d_y_pred, _ = autograd(name).make_vjp(values)(y_pred)
        return np.asarray(to_d_y_pred(d_values), y_pred.dtype)
    except Exception as error:  # of whatever was given autograd's boxes for arrays
        raise TypeError(
            f"{name}: the gradient of this function cannot be found{_place(error)}; "
            f"`tidegate.ops`, `tidegate.backend` and `autograd.numpy` have functions with gradients ({error})"
        ) from error


def followed(loss: Loss, y_true: Any, y_pred: Any, sample_weight: Any, mask: Array | None) -> Any:
    """A loss inside of a function that is differentiated: its number, or its values if it has no reduction.

    Args:
        y_pred: a box.
    """
    summed = loss.reduction not in (None, "none")

    def forward(prediction: Array) -> Any:
        values, factor, _ = loss.values_and_backward(y_true, prediction, sample_weight, mask)
        return np.sum(values * factor) if summed else values * factor

    def gradient(value: Any, prediction: Array) -> Callable[[Array], Array]:
        values, factor, backward = loss.values_and_backward(y_true, prediction, sample_weight, mask)

        def d_y_pred(d_value: Array) -> Array:
            d_values = np.asarray(factor * d_value, values.dtype)
            return backward(d_values if d_values.shape == values.shape else np.sum(d_values))

        return d_y_pred

    return derivatives.Primitive(forward, gradient)(y_pred)


def _place(error: BaseException) -> str:
    """The last line of the user's that an error went through."""
    packages = [str(Path(str(each.__file__)).parent) for each in (derivatives, derivatives.autograd(), np)]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.line and not frame.filename.startswith(tuple(packages)):
            return f": `{frame.line}`"
    return ""
