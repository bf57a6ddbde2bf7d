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
from tidegate.initializers.stft import STFT
from tidegate.legacy import named
from tidegate.utils.configured import look_up
from tidegate.utils.naming import snake_case

__all__ = [
    "STFT",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "STFTInitializer",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "stft",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

constant, identity, ones, orthogonal, zeros, stft = Constant, Identity, Ones, Orthogonal, Zeros, STFT
glorot_normal, he_normal, lecun_normal = GlorotNormal, HeNormal, LecunNormal
glorot_uniform, he_uniform, lecun_uniform = GlorotUniform, HeUniform, LecunUniform
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling = VarianceScaling
IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT

CLASSES: dict[str, type[Initializer]] = {
    cls.__name__: cls
    for cls in (
        Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal, LecunUniform,
        Ones, Orthogonal, RandomNormal, RandomUniform, STFT, TruncatedNormal, VarianceScaling, Zeros,
    )
}  # fmt: skip

LONGER: dict[str, type[Initializer]] = {
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "STFTInitializer": STFT,
}
_NAMES = CLASSES | LONGER | {snake_case(name): cls for name, cls in CLASSES.items()}
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


def __getattr__(name: str) -> Any:
    return named(__name__, name, __all__)
