"""What Keras 1 and 2 called by other names, where it means one thing only: tables, and the warnings.

Every use gives one UserWarning with the present name, and does what the present name does.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from tidegate.inputs import nearest, warn

if TYPE_CHECKING:
    from tidegate.layers.layer import Layer

P = ParamSpec("P")
R = TypeVar("R")

# Module -> old name -> present name.
NAMES = {
    "tidegate.constraints": {"maxnorm": "max_norm", "nonneg": "non_neg", "unitnorm": "unit_norm"},
    "tidegate.layers": {"CuDNNGRU": "GRU", "CuDNNLSTM": "LSTM", "TimeDistributedDense": "Dense"},
    "tidegate.optimizers": {
        "adadelta": "Adadelta",
        "adagrad": "Adagrad",
        "adam": "Adam",
        "adamax": "Adamax",
        "nadam": "Nadam",
        "rmsprop": "RMSprop",
        "sgd": "SGD",
    },
}

# Argument of a layer -> its present names; that which the layer has is meant.
ARGUMENTS = {
    "U_regularizer": ("recurrent_regularizer",),
    "W_constraint": ("kernel_constraint", "embeddings_constraint"),
    "W_regularizer": ("kernel_regularizer", "embeddings_regularizer"),
    "b_constraint": ("bias_constraint",),
    "b_regularizer": ("bias_regularizer",),
    "bias": ("use_bias",),
    "border_mode": ("padding",),
    "dropout_U": ("recurrent_dropout",),
    "dropout_W": ("dropout",),
    "filter_length": ("kernel_size",),
    "init": ("kernel_initializer", "embeddings_initializer"),
    "inner_activation": ("recurrent_activation",),
    "inner_init": ("recurrent_initializer",),
    "nb_filter": ("filters",),
    "output_dim": ("units",),
    "p": ("rate",),
    "pool_length": ("pool_size",),
    "sigma": ("stddev",),
    "subsample_length": ("strides",),
}
# Arguments of a layer that say how it was to be computed, and change no number.
WITHOUT_EFFECT = {"consume_less": ("implementation",)}  # of layers that have this one
# Arguments of `fit`, `evaluate` and `predict` that are of datasets now.
OF_WORKERS: dict[str, None] = dict.fromkeys(("workers", "use_multiprocessing", "max_queue_size"))
_FORGET_BIAS = {"one": True, "ones": True, "zero": False, "zeros": False}


def named(module: str, name: str, known: Iterable[str]) -> Any:
    """What `module.name` is where the module has no such name: that of the present name.

    Raises:
        AttributeError: there is none; the message suggests the nearest.
        ImportError: the same, in a statement `from module import name`.
    """
    if (new := NAMES.get(module, {}).get(name)) is not None:
        warn(f"`{name}` is called `{new}` now")
        return getattr(importlib.import_module(module), new)
    hint = "" if name.startswith("__") else nearest(name, known)
    message = f"module {module!r} has no attribute {name!r}.{hint}"
    # The statement would replace an AttributeError by an error without the hint.
    if hint and sys._getframe(2).f_globals.get("__name__") == "importlib._bootstrap":
        raise ImportError(f"cannot import name {name!r} from {module!r}.{hint}", name=name)
    raise AttributeError(message, name=name)


def layer_arguments(layer: type[Layer], given: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name of a layer's constructor, those of older Keras in their present form."""
    known = {argument.name for argument in layer.table()}
    if given.keys() <= known:
        return given
    owner, found = layer.__name__, {}
    for name, value in given.items():
        new = next((each for each in ARGUMENTS.get(name, ()) if each in known), None)
        if name in known:
            found[name] = value
        elif new is not None:
            warn(f"{owner}: argument `{name}` is called `{new}` now")
            found[new] = value
        elif name in WITHOUT_EFFECT and known.issuperset(WITHOUT_EFFECT[name]):
            warn(f"{owner}: argument `{name}` has no effect any more; leave it out")
        elif name == "forget_bias_init" and "unit_forget_bias" in known and value in _FORGET_BIAS:
            found["unit_forget_bias"] = _FORGET_BIAS[value]
            warn(f"{owner}: argument `{name}` is `unit_forget_bias={_FORGET_BIAS[value]}` now")
        else:
            found[name] = value
    return _with_shape(layer, found)


def _with_shape(layer: type[Layer], given: dict[str, Any]) -> dict[str, Any]:
    """`input_dim`, `input_length` and `batch_size` as `input_shape` or `batch_input_shape`."""
    known = {argument.name for argument in layer.table()}
    if "input_dim" in given and "input_dim" not in known:
        features, timesteps = given.pop("input_dim"), given.pop("input_length", None)
        shape = (timesteps, features) if layer.minimum_rank == 3 else (features,)
        warn(f"{layer.__name__}: argument `input_dim` is `input_shape={shape}` now")
        given["input_shape"] = shape
    if "batch_size" in given and "batch_size" not in known and given.get("input_shape") is not None:
        given["batch_input_shape"] = (given.pop("batch_size"), *given.pop("input_shape"))
    return given


def epsilon(value: float | None) -> float:
    """The argument `epsilon` of an optimizer; Keras 2 meant its default by None."""
    if value is not None:
        return value
    warn("argument `epsilon` is a number now; None stands for 1e-7")
    return 1e-7


def renamed(**names: str | None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Lets a function take arguments by old names too: old -> present, or None where it has no effect."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            owner = function.__name__
            for old in kwargs.keys() & names.keys():
                value, new = kwargs.pop(old), names[old]
                if new is None:
                    warn(f"{owner}: argument `{old}` has no effect any more; leave it out")
                    continue
                if new in kwargs:
                    raise TypeError(f"{owner}: argument `{new}` was given as `{old}` too")
                warn(f"{owner}: argument `{old}` is called `{new}` now")
                kwargs[new] = value
            return function(*args, **kwargs)

        return call

    return decorate
