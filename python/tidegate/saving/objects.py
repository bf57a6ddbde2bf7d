"""Objects as dictionaries of JSON, in the form of Keras's files, and back.

The classes that a file may name are a fixed table here. Nothing is imported, looked up or called by a string
from a file, and `module`, `registered_name` and the like are written for Keras but never read.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODULES = {
    "constraint": "keras.constraints",
    "initializer": "keras.initializers",
    "layer": "keras.layers",
    "loss": "keras.losses",
    "metric": "keras.metrics",
    "model": "keras",
    "optimizer": "keras.optimizers",
    "optimizer map": "keras.optimizers",
    "regularizer": "keras.regularizers",
    "schedule": "keras.optimizers.schedules",
}


def classes(kind: str) -> Mapping[str, type[Any]]:
    """Class name -> class, of all that a file may name where an object of this kind belongs."""
    if kind == "layer":
        from tidegate import layers

        return {
            each.__name__: each
            for each in (
                layers.Activation,
                layers.Add,
                layers.AdditiveAttention,
                layers.AlphaDropout,
                layers.Attention,
                layers.Average,
                layers.AveragePooling1D,
                layers.BatchNormalization,
                layers.Bidirectional,
                layers.Concatenate,
                layers.Conv1D,
                layers.ConvLSTM1D,
                layers.Dense,
                layers.Dot,
                layers.Dropout,
                layers.Embedding,
                layers.Flatten,
                layers.GRU,
                layers.GRUCell,
                layers.GaussianDropout,
                layers.GaussianNoise,
                layers.GlobalAveragePooling1D,
                layers.GlobalMaxPooling1D,
                layers.InputLayer,
                layers.LSTM,
                layers.LSTMCell,
                layers.LayerNormalization,
                layers.Masking,
                layers.MaxPooling1D,
                layers.Maximum,
                layers.Minimum,
                layers.Multiply,
                layers.Permute,
                layers.RNN,
                layers.RepeatVector,
                layers.Reshape,
                layers.SimpleRNN,
                layers.SimpleRNNCell,
                layers.SpatialDropout1D,
                layers.StackedRNNCells,
                layers.Subtract,
                layers.TimeDistributed,
            )
        }
    if kind == "model":
        from tidegate.models import Functional, Sequential

        return {"Functional": Functional, "Sequential": Sequential}
    if kind == "initializer":
        from tidegate import initializers

        return initializers.CLASSES | initializers.LONGER
    if kind == "loss":
        from tidegate import losses

        return losses.CLASSES
    if kind == "metric":
        from tidegate import metrics

        return metrics.CLASSES
    if kind == "regularizer":
        from tidegate import regularizers

        return regularizers.CLASSES
    if kind == "constraint":
        from tidegate import constraints

        return constraints.CLASSES
    from tidegate import optimizers

    if kind == "schedule":
        return optimizers.schedules.CLASSES
    if kind == "optimizer map":
        return {"OptimizerMap": optimizers.OptimizerMap}
    return optimizers.CLASSES | optimizers.AROUND_OTHERS


def serialize(value: Any) -> Any:
    """What a file stores for an object: a dictionary; lists, names, numbers and None are stored as they are.

    Raises:
        ValueError: an object of a class that files have no name for, such as one derived by the user.
    """
    if value is None or isinstance(value, (str, bool, int, float, np.generic)):
        return value
    if isinstance(value, dict):
        return {name: serialize(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [serialize(each) for each in value]
    name = type(value).__name__
    for kind, module in _MODULES.items():
        if classes(kind).get(name) is type(value):
            entry = {
                "module": module,
                "class_name": name,
                "config": value.get_config(),
                "registered_name": None,
            }
            if name == "Functional":
                entry |= {"module": "keras.src.models.functional", "registered_name": name}
            return entry | _state(kind, value)
    if isinstance(value, FunctionType):  # by its name alone: one of the user's cannot be loaded again
        return {
            "module": "builtins",
            "class_name": "function",
            "config": value.__name__,
            "registered_name": "function",
        }
    raise ValueError(f"{value!r} cannot be saved: files have no name for its class")


def to_json(config: Any, **options: Any) -> str:
    """The text of what `serialize` gave; NumPy's numbers among the arguments are written as plain ones."""
    import json

    return json.dumps(config, default=_plain_number, **options)


def _plain_number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} (of type {type(value)}) cannot be saved")


def deserialize(config: Any, kind: str) -> Any:
    """The object of a dictionary that `serialize`, or Keras, made.

    Args:
        config: `{"class_name": ..., "config": {...}}`; other entries are not looked at.
        kind: "constraint", "initializer", "layer", "loss", "metric", "model", "optimizer", "optimizer map",
            "regularizer" or "schedule".

    Raises:
        ValueError: not such a dictionary, a class that is not in the table, or arguments that the class
            does not take.
    """
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise ValueError(
            f"A {kind} expected a dictionary with `class_name` and `config`; received {config!r:.200}"
        )
    name, arguments = config["class_name"], config.get("config")
    if kind in ("loss", "metric") and name == "function":
        from tidegate import losses, metrics

        module: Any = losses if kind == "loss" else metrics
        return module.get(module.FUNCTIONS.get(str(arguments), str(arguments)))
    table = classes(kind)
    if name not in table:
        raise ValueError(f"Unknown {kind} class '{name}'.{nearest(name, table)}")
    if not isinstance(arguments, dict):
        raise ValueError(f"{name}: `config` expected a dictionary; received {arguments!r:.200}")
    try:
        return table[name].from_config(arguments)
    except (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError) as error:
        raise ValueError(f"{name}: the configuration is not valid: {error}") from error


def deserialize_layer(config: Any) -> Any:
    """The layer of a dictionary, or the model in the place of one; raises as `deserialize`."""
    inner = isinstance(config, dict) and config.get("class_name") in classes("model")
    return deserialize(config, "model" if inner else "layer")


def _state(kind: str, value: Any) -> dict[str, Any]:
    """What layers and models store besides their configuration."""
    state = {}
    if kind in ("layer", "model") and (built := value.get_build_config()) is not None:
        state["build_config"] = built
    if kind == "model":
        state["compile_config"] = value.get_compile_config() or {}
    return state
