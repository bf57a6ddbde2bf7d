"""Penalties on weights and on what layers put out, by Keras's names: they are added to the loss, and their
gradients to those of the weights and the outputs.
"""

from __future__ import annotations

from typing import Any

from tidegate.legacy import named
from tidegate.regularizers.norms import L1, L1L2, L2
from tidegate.regularizers.orthogonal import OrthogonalRegularizer
from tidegate.regularizers.regularizer import (
    Regularizer,
    activity_gradient,
    activity_penalties,
    add_gradients,
    penalties,
)
from tidegate.utils.configured import look_up
from tidegate.utils.naming import snake_case

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "activity_gradient",
    "activity_penalties",
    "add_gradients",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "penalties",
    "serialize",
]

l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

CLASSES: dict[str, type[Regularizer]] = {cls.__name__: cls for cls in (L1, L1L2, L2, OrthogonalRegularizer)}
_NAMES = CLASSES | {snake_case(name): cls for name, cls in CLASSES.items()} | {"l1_l2": L1L2}


def get(identifier: Any) -> Regularizer | None:
    """The regularizer that `identifier` means: an instance, a class, a name such as "l2", a configuration.

    None stays None. Raises ValueError for an unknown name, and TypeError for what is none of these, such as a
    function, which has no gradient here: derive from `Regularizer` instead.
    """
    return None if identifier is None else look_up(identifier, "regularizer", Regularizer, _NAMES)


def serialize(regularizer: Regularizer | None) -> Any:
    """The dictionary that a file stores."""
    from tidegate.saving import objects

    return objects.serialize(regularizer)


def deserialize(config: Any) -> Regularizer | None:
    """The regularizer of a dictionary that `serialize` gave."""
    return get(config)


def __getattr__(name: str) -> Any:
    return named(__name__, name, __all__)
