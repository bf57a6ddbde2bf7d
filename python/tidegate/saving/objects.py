"""Objects as dictionaries of JSON, in the form of Keras's files, and back.

The classes that a file may name are a fixed table here, and those that the program has registered
(`registration.py`). Nothing is imported by a string from a file.
"""

from __future__ import annotations

from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import nearest
from tidegate.saving import plain_values
from tidegate.saving.registration import own_class, written_name

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES = {
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
                layers.ActivityRegularization,
                layers.Add,
                layers.AdditiveAttention,
                layers.AlphaDropout,
                layers.Attention,
                layers.Average,
                layers.AveragePooling1D,
                layers.BatchNormalization,
                layers.Bidirectional,
                layers.CategoryEncoding,
                layers.Concatenate,
                layers.Conv1D,
                layers.Cropping1D,
                layers.ConvLSTM1D,
                layers.Dense,
                layers.DepthwiseConv1D,
                layers.Dot,
                layers.Dropout,
                layers.ELU,
                layers.Embedding,
                layers.Flatten,
                layers.GRU,
                layers.GRUCell,
                layers.GaussianDropout,
                layers.GaussianNoise,
                layers.GlobalAveragePooling1D,
                layers.GlobalMaxPooling1D,
                layers.GroupNormalization,
                layers.Identity,
                layers.InputLayer,
                layers.IntegerLookup,
                layers.LSTM,
                layers.Lambda,
                layers.LSTMCell,
                layers.LayerNormalization,
                layers.LeakyReLU,
                layers.Masking,
                layers.MaxPooling1D,
                layers.Maximum,
                layers.Minimum,
                layers.MultiHeadAttention,
                layers.Multiply,
                layers.PReLU,
                layers.Normalization,
                layers.Permute,
                layers.RMSNormalization,
                layers.ReLU,
                layers.RNN,
                layers.RepeatVector,
                layers.Rescaling,
                layers.Reshape,
                layers.SeparableConv1D,
                layers.SimpleRNN,
                layers.Softmax,
                layers.SpatialDropout1D,
                layers.StringLookup,
                layers.SimpleRNNCell,
                layers.StackedRNNCells,
                layers.Subtract,
                layers.TextVectorization,
                layers.TimeDistributed,
                layers.UnitNormalization,
                layers.UpSampling1D,
                layers.ZeroPadding1D,
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


_BASES = {
    "constraint": ("constraints.constraint", "Constraint"),
    "initializer": ("initializers.initializer", "Initializer"),
    "layer": ("layers.layer", "Layer"),
    "loss": ("losses.loss", "Loss"),
    "metric": ("metrics.metric", "Metric"),
    "model": ("models.model", "Model"),
    "optimizer": ("optimizers.optimizer", "Optimizer"),
    "optimizer map": ("optimizers.multi_optimizer", "OptimizerMap"),
    "regularizer": ("regularizers.regularizer", "Regularizer"),
    "schedule": ("optimizers.schedules", "LearningRateSchedule"),
}


def _base(kind: str) -> type[Any]:
    """What a class of the program's own must be derived from, to be used as this kind."""
    module, name = _BASES[kind]
    base: type[Any] = getattr(import_module(f"tidegate.{module}"), name)
    return base


def serialize(value: Any) -> Any:
    """What a file stores for an object: a dictionary; lists, names, numbers and None are stored as they are.

    Raises:
        ValueError: an object without `get_config`.
    """
    if value is None or isinstance(value, (str, bool, int, float, np.generic)):
        return value
    if plain_values.is_one(value):
        return plain_values.write(value)
    if isinstance(value, dict):
        return {name: serialize(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [serialize(each) for each in value]
    name = type(value).__name__
    for kind, module in MODULES.items():
        known = classes(kind).get(name)
        if known is not None and known in (type(value), getattr(value, "saved_as", None)):
            entry = {
                "module": module,
                "class_name": name,
                "config": value.get_config(),
                "registered_name": None,
            }
            if name == "Functional":
                entry |= {"module": "keras.src.models.functional", "registered_name": name}
            return entry | _state(value)
    if isinstance(value, FunctionType):
        return {
            "module": "builtins",
            "class_name": "function",
            "config": written_name(value),
            "registered_name": "function",
        }
    module = type(value).__module__
    if not hasattr(value, "get_config") or module.startswith("tidegate."):
        raise ValueError(f"{value!r} cannot be saved: files have no name for its class")
    entry = {
        "module": None if module == "__main__" else module,
        "class_name": name,
        "config": serialize(value.get_config()),
        "registered_name": written_name(type(value)),
    }
    return entry | _state(value)


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
        config: `{"class_name": ..., "config": {...}}`; `module` and `registered_name` tell classes of the
            program's own from Keras's, and other entries are not looked at.
        kind: "constraint", "initializer", "layer", "loss", "metric", "model", "optimizer", "optimizer map",
            "regularizer" or "schedule".

    Raises:
        ValueError: not such a dictionary, a class that is neither in the table nor registered, or arguments
            that the class does not take.
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
    cls = own_class(config, kind)
    if cls is None:
        table = classes(kind)
        if name not in table:
            raise ValueError(f"Unknown {kind} class '{name}'.{nearest(name, table)}")
        cls = table[name]
    elif not (isinstance(cls, type) and issubclass(cls, _base(kind))):
        raise ValueError(
            f"A {kind} expected a class derived from `{_base(kind).__name__}`; '{name}' is {cls!r}"
        )
    if not isinstance(arguments, dict):
        raise ValueError(f"{name}: `config` expected a dictionary; received {arguments!r:.200}")
    try:
        found = cls.from_config(arguments)
        if kind == "model" and not found.built and isinstance(config.get("build_config"), dict):
            found.build_from_config(config["build_config"])
        return found
    except (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError) as error:
        raise ValueError(f"{name}: the configuration is not valid: {error}") from error


def deserialize_layer(config: Any) -> Any:
    """The layer of a dictionary, or the model in the place of one; raises as `deserialize`."""
    from tidegate.models import Model

    inner = False
    if isinstance(config, dict) and isinstance(config.get("class_name"), str):
        cls = own_class(config, "layer") or classes("model").get(config["class_name"])
        inner = isinstance(cls, type) and issubclass(cls, Model)
    return deserialize(config, "model" if inner else "layer")


def _state(value: Any) -> dict[str, Any]:
    """What layers and models store besides their configuration."""
    state = {}
    if hasattr(value, "get_build_config") and (built := value.get_build_config()) is not None:
        state["build_config"] = built
    if hasattr(value, "get_compile_config"):
        state["compile_config"] = value.get_compile_config() or {}
    return state
