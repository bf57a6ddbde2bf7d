"""First values of weights, by Keras's names and rules; the random numbers themselves are Tidegate's own."""

from __future__ import annotations

from typing import Any

from tidegate.initializers.initializer import Initializer, RandomInitializer
from tidegate.initializers.scaled import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    VarianceScaling,
)
from tidegate.initializers.simple import (
    Constant,
    Identity,
    Ones,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    Zeros,
)
from tidegate.utils.configured import look_up
from tidegate.utils.naming import snake_case

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "deserialize",
    "get",
    "serialize",
]

CLASSES: dict[str, type[Initializer]] = {
    cls.__name__: cls
    for cls in (
        Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal, LecunUniform,
        Ones, Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, Zeros,
    )
}  # fmt: skip

_NAMES = CLASSES | {snake_case(name): cls for name, cls in CLASSES.items()}
_NAMES |= {"normal": RandomNormal, "uniform": RandomUniform, "one": Ones, "zero": Zeros}


def get(identifier: Any) -> Initializer | None:
    """The initializer that `identifier` means: an instance, a class, a name such as "glorot_uniform", a
    configuration.

    None stays None.
    """
    return None if identifier is None else look_up(identifier, "initializer", Initializer, _NAMES)


def serialize(initializer: Initializer) -> Any:
    """The dictionary that a file stores."""
    from tidegate.saving import objects

    return objects.serialize(initializer)


def deserialize(config: Any) -> Initializer | None:
    """The initializer of a dictionary that `serialize` gave."""
    return get(config)
