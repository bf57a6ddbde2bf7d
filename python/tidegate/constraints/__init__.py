"""Constraints on weights, by Keras's names: a weight is brought back to what they allow after every step."""

from __future__ import annotations

from typing import Any

from tidegate.constraints.constraint import Constraint
from tidegate.constraints.norms import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from tidegate.legacy import named
from tidegate.utils.configured import look_up
from tidegate.utils.naming import snake_case

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

CLASSES: dict[str, type[Constraint]] = {cls.__name__: cls for cls in (MaxNorm, MinMaxNorm, NonNeg, UnitNorm)}
_NAMES = CLASSES | {snake_case(name): cls for name, cls in CLASSES.items()}


def get(identifier: Any) -> Constraint | None:
    """The constraint that `identifier` means: an instance, a class, a name such as "max_norm", a
    configuration.

    None stays None. Raises ValueError for an unknown name, and TypeError for what is none of these.
    """
    return None if identifier is None else look_up(identifier, "constraint", Constraint, _NAMES)


def serialize(constraint: Constraint | None) -> Any:
    """The dictionary that a file stores."""
    from tidegate.saving import objects

    return objects.serialize(constraint)


def deserialize(config: Any) -> Constraint | None:
    """The constraint of a dictionary that `serialize` gave."""
    return get(config)


def __getattr__(name: str) -> Any:
    return named(__name__, name, __all__)
