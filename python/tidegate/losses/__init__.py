"""Losses, by Keras's names: classes, functions of the same names in snake case, and the short strings.

A function such as `mean_squared_error(y_true, y_pred)` gives the value of every sample [B, ...]; an object of
the class gives the mean of a batch, and its gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidegate.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from tidegate.losses.loss import Loss
from tidegate.losses.regression import MeanAbsoluteError, MeanSquaredError
from tidegate.utils.configured import look_up
from tidegate.utils.naming import snake_case

if TYPE_CHECKING:
    from tidegate.variable import Array

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "deserialize",
    "get",
    "mean_absolute_error",
    "mean_squared_error",
    "serialize",
    "sparse_categorical_crossentropy",
]


def mean_squared_error(y_true: Any, y_pred: Any) -> Array:
    return _values(MeanSquaredError(reduction=None), y_true, y_pred)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Array:
    return _values(MeanAbsoluteError(reduction=None), y_true, y_pred)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    return _values(BinaryCrossentropy(from_logits, label_smoothing, axis, reduction=None), y_true, y_pred)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    return _values(
        CategoricalCrossentropy(from_logits, label_smoothing, axis, reduction=None), y_true, y_pred
    )


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Array:
    return _values(SparseCategoricalCrossentropy(from_logits, ignore_class, None, axis), y_true, y_pred)


def _values(loss: Loss, y_true: Any, y_pred: Any) -> Array:
    values: Array = loss(y_true, y_pred)
    return values


CLASSES: dict[str, type[Loss]] = {
    cls.__name__: cls
    for cls in (
        BinaryCrossentropy,
        CategoricalCrossentropy,
        MeanAbsoluteError,
        MeanSquaredError,
        SparseCategoricalCrossentropy,
    )
}
FUNCTIONS: dict[str, Callable[..., Array]] = {
    function.__name__: function
    for function in (
        binary_crossentropy,
        categorical_crossentropy,
        mean_absolute_error,
        mean_squared_error,
        sparse_categorical_crossentropy,
    )
}
_SHORT: dict[str, type[Loss]] = {"bce": BinaryCrossentropy, "mae": MeanAbsoluteError, "mse": MeanSquaredError}
NAMES = CLASSES | {snake_case(name): cls for name, cls in CLASSES.items()} | _SHORT
NAMES |= {name.upper(): cls for name, cls in _SHORT.items()}


def get(identifier: Any) -> Loss:
    """The loss that `identifier` means: an instance, a class, a name ("mse", "binary_crossentropy"), one of
    the functions of this module, or a configuration.

    Raises ValueError for an unknown name and for a function of the user's, which has no gradient here: derive
    from `Loss` instead, with `call` and `gradient`.
    """
    if callable(identifier) and not isinstance(identifier, (Loss, type)):
        name = getattr(identifier, "__name__", "")
        if FUNCTIONS.get(name) is not identifier:
            raise ValueError(
                f"Argument `loss` expected a name or a `Loss`; received the function {name or identifier!r}. "
                "Derive a class from `tidegate.losses.Loss` that has `call` and `gradient`."
            )
        identifier = name
    loss = look_up(identifier, "loss", Loss, NAMES)
    if isinstance(identifier, str):
        loss.name = identifier  # logs show the word that the user chose
    return loss  # type: ignore[no-any-return]


def serialize(loss: Any) -> Any:
    """What a file stores for a loss: a dictionary for an object or a function, the name for a name."""
    from tidegate.saving import objects

    return objects.serialize(loss)


def deserialize(config: Any) -> Loss:
    """The loss of what `serialize` gave."""
    return get(config)
