"""Losses, by Keras's names: classes, functions of the same names in snake case, and the short strings.

A function such as `mean_squared_error(y_true, y_pred)` gives the value of every sample [B, ...]; an object of
the class gives the mean of a batch, and its gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidegate.legacy import named
from tidegate.losses import automatic
from tidegate.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from tidegate.losses.ctc import CTC
from tidegate.losses.divergence import KLDivergence, Poisson
from tidegate.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
)
from tidegate.losses.function_loss import FunctionLoss
from tidegate.losses.functions import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    categorical_hinge,
    circle,
    cosine_similarity,
    ctc,
    dice,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
    tversky,
)
from tidegate.losses.hinge import CategoricalHinge, Hinge, SquaredHinge
from tidegate.losses.loss import Loss
from tidegate.losses.overlap import Dice, Tversky
from tidegate.losses.regression import (
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
)
from tidegate.losses.similarity import Circle, CosineSimilarity
from tidegate.saving.registration import meant
from tidegate.utils.configured import look_up
from tidegate.utils.naming import snake_case

if TYPE_CHECKING:
    from tidegate.variable import Array

__all__ = [
    "CTC",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "ctc",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]

CLASSES: dict[str, type[Loss]] = {
    cls.__name__: cls
    for cls in (
        BinaryCrossentropy,
        BinaryFocalCrossentropy,
        CTC,
        CategoricalCrossentropy,
        CategoricalFocalCrossentropy,
        CategoricalGeneralizedCrossEntropy,
        CategoricalHinge,
        Circle,
        CosineSimilarity,
        Dice,
        Hinge,
        Huber,
        KLDivergence,
        LogCosh,
        MeanAbsoluteError,
        MeanAbsolutePercentageError,
        MeanSquaredError,
        MeanSquaredLogarithmicError,
        Poisson,
        SparseCategoricalCrossentropy,
        SquaredHinge,
        Tversky,
    )
}
FUNCTIONS: dict[str, Callable[..., Array]] = {
    function.__name__: function
    for function in (
        binary_crossentropy,
        binary_focal_crossentropy,
        categorical_crossentropy,
        categorical_focal_crossentropy,
        categorical_generalized_cross_entropy,
        categorical_hinge,
        circle,
        cosine_similarity,
        ctc,
        dice,
        hinge,
        huber,
        kl_divergence,
        log_cosh,
        mean_absolute_error,
        mean_absolute_percentage_error,
        mean_squared_error,
        mean_squared_logarithmic_error,
        poisson,
        sparse_categorical_crossentropy,
        squared_hinge,
        tversky,
    )
}
_SHORT: dict[str, type[Loss]] = {
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "mse": MeanSquaredError,
    "msle": MeanSquaredLogarithmicError,
}
NAMES = CLASSES | {snake_case(name): cls for name, cls in CLASSES.items()} | _SHORT
NAMES |= {name.upper(): cls for name, cls in _SHORT.items()}


def get(identifier: Any) -> Loss:
    """The loss that `identifier` means: an instance, a class, a name ("mse", "binary_crossentropy"), one of
    the functions of this module, another function of targets and predictions, or a configuration.

    Raises ValueError for an unknown name, and ImportError, without autograd, for what is written without a
    gradient.
    """
    identifier = meant(identifier)
    if callable(identifier) and not isinstance(identifier, (Loss, type)):
        name = getattr(identifier, "__name__", "")
        identifier = name if FUNCTIONS.get(name) is identifier else FunctionLoss(identifier)
    loss = look_up(identifier, "loss", Loss, NAMES)
    if loss.automatic:
        automatic.autograd(loss.name)  # in `compile`, not after the first batch of `fit`
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


def __getattr__(name: str) -> Any:
    return named(__name__, name, __all__)
