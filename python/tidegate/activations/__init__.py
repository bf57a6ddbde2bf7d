"""Activation functions, by Keras's names, over NumPy arrays: `activations.relu(x)` has the shape and dtype of
`x`.

All of them are computed by the native module. Layers hold one of these functions and hand its name to their
kernels, which apply it inside the cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate._native import core
from tidegate.activations.variants import VARIANTS, floats, glu, sparsemax, threshold
from tidegate.derivatives import is_box
from tidegate.inputs import nearest
from tidegate.legacy import named
from tidegate.operators import Operators

if TYPE_CHECKING:
    from tidegate.variable import Array


class Activation:
    """One activation function, `activation(x, **arguments)`, with Keras's arguments and defaults.

    Layers take it with the defaults: softmax and log-softmax over the last axis. Integers are computed as
    float32.
    """

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, x: Any, *arguments: Any, **named: Any) -> Array:
        if isinstance(x, Operators) or is_box(x):
            from tidegate.activations.as_ops import as_op

            return as_op(self.__name__)(x, *arguments, **named)  # type: ignore[no-any-return]
        array = floats(x, self.__name__)
        if not (arguments or named):
            return core.activate(self.__name__, np.atleast_1d(array))
        if self.__name__ not in VARIANTS:
            given = ", ".join([*map(repr, arguments), *named])
            raise TypeError(f"{self.__name__}: only the argument `x` is expected; received also {given}")
        with np.errstate(all="ignore"):
            values = VARIANTS[self.__name__](np.atleast_1d(array), *arguments, **named)
        return values.astype(array.dtype, copy=False)

    def __repr__(self) -> str:
        return f"<activation {self.__name__}>"

    def __reduce__(self) -> str:
        return self.__name__  # pickled by name, so that a copy is the function itself


celu = Activation("celu")
elu = Activation("elu")
exponential = Activation("exponential")
gelu = Activation("gelu")
hard_shrink = Activation("hard_shrink")
hard_sigmoid = Activation("hard_sigmoid")
hard_silu = hard_swish = Activation("hard_silu")
hard_tanh = Activation("hard_tanh")
leaky_relu = Activation("leaky_relu")
linear = Activation("linear")
log_sigmoid = Activation("log_sigmoid")
log_softmax = Activation("log_softmax")
mish = Activation("mish")
relu = Activation("relu")
relu6 = Activation("relu6")
selu = Activation("selu")
sigmoid = Activation("sigmoid")
silu = swish = Activation("silu")
soft_shrink = Activation("soft_shrink")
softmax = Activation("softmax")
softplus = Activation("softplus")
softsign = Activation("softsign")
sparse_plus = Activation("sparse_plus")
sparse_sigmoid = Activation("sparse_sigmoid")
squareplus = Activation("squareplus")
tanh = Activation("tanh")
tanh_shrink = Activation("tanh_shrink")

BY_NAME = {name: value for name, value in list(globals().items()) if isinstance(value, Activation)}

_NOT_IN_LAYERS = {"glu": glu, "sparsemax": sparsemax, "threshold": threshold}

NAMES = tuple(sorted(BY_NAME))

__all__ = ["deserialize", "get", "glu", "serialize", "sparsemax", "threshold", *NAMES]


def get(identifier: Any) -> Activation:
    """The activation that `identifier` names: None (linear), a name, a function of this module, or its
    configuration.

    Raises:
        ValueError: an unknown name, or a function that is not one of this module's.
    """
    if identifier is None:
        return linear
    if isinstance(identifier, Activation):
        return identifier
    if isinstance(identifier, dict):  # older files: {"class_name": "function", "config": "relu", ...}
        identifier = identifier.get("config")
    name = identifier if isinstance(identifier, str) else getattr(identifier, "__name__", None)
    if name in _NOT_IN_LAYERS:
        raise ValueError(f"The activation `{name}` is a function only; layers do not take it")
    if isinstance(identifier, str):
        if identifier in BY_NAME:
            return BY_NAME[identifier]
        raise ValueError(f"Unknown activation '{identifier}'.{nearest(identifier, NAMES)}")
    raise ValueError(
        f"Argument `activation` expected one of the names in `activations.NAMES`; received {identifier!r}"
    )


def serialize(activation: Activation) -> str:
    """The name under which a file stores an activation."""
    return activation.__name__


def deserialize(name: str) -> Activation:
    """The activation of a name that `serialize` gave."""
    return get(name)


def __getattr__(name: str) -> Any:
    return named(__name__, name, __all__)
