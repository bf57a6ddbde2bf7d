"""Configurations of layers and models as Keras 1 and 2 wrote them, in the form of Keras 3."""

from __future__ import annotations

from typing import Any

from tidegate.inputs import warn
from tidegate.saving.operations import TENSOR

_CLASSES = {
    "Convolution1D": "Conv1D",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Model": "Functional",
}
_NAMES = {  # of Keras 1
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "alpha": "negative_slope",  # of LeakyReLU
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "border_mode": "padding",
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "filter_length": "kernel_size",
    "init": "kernel_initializer",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "nb_filter": "filters",
    "p": "rate",
    "pool_length": "pool_size",
    "stride": "strides",
    "subsample_length": "strides",
}
_DROPPED = ("batch_input_shape", "consume_less", "forget_bias_init", "input_dtype", "input_length")
_RECURRENT = ("Bidirectional", "ConvLSTM1D", "GRU", "LSTM", "RNN", "SimpleRNN")
_MODELS = ("Functional", "Sequential")


def present(entry: Any) -> Any:
    """A layer's or a model's entry as `objects.deserialize` takes it; what is none is given back."""
    if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
        return entry
    old: str = entry["class_name"]
    name, config = _CLASSES.get(old, old), entry.get("config")
    if name == "Sequential" and isinstance(config, list):  # before Keras 2.2.3
        config = {"layers": config}
    if not isinstance(config, dict):
        return entry
    if name in _MODELS:
        config = _model(name, config)
    elif name == "InputLayer":
        config = _input(config)
    else:
        config = _layer(old, name, config)
    return {**entry, "class_name": name, "config": config}


# ---- layers --------------------------------------------------------------------------------------


def _layer(old: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    config = {key: value for key, value in given.items() if key not in _DROPPED}
    if config.pop("time_major", False):
        raise ValueError(f"{old}: argument `time_major` expected False; received True")
    if name == "GRU":
        config.setdefault("reset_after", old == "CuDNNGRU")
    if name == "LSTM" and given.get("forget_bias_init") not in (None, "one"):
        config["unit_forget_bias"] = False
    if name != "Embedding":
        config.pop("input_dim", None)
        if "output_dim" in config:
            config["units"] = config.pop("output_dim")
    elif "init" in config:
        config["embeddings_initializer"] = config.pop("init")
    if isinstance(config.get("bias"), bool):
        config["use_bias"] = config.pop("bias")
    config = {_NAMES.get(key, key): value for key, value in config.items()}
    if config.get("activity_regularizer") is None:
        config.pop("activity_regularizer", None)
    if isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config["axis"] = config["axis"][0]
    if "hard_sigmoid" in (config.get("activation"), config.get("recurrent_activation")):
        warn(f"{name}: `hard_sigmoid` rose by 0.2 a unit in Keras 2; it is computed as in Keras 3, by 1/6.")
    for key, value in config.items():
        if key in ("layer", "backward_layer", "cell"):
            config[key] = present(value)
        elif key == "cells" and isinstance(value, list):
            config[key] = [present(each) for each in value]
        elif key.endswith("_initializer"):
            config[key] = _without(value, "dtype")
        elif key == "dtype":
            config[key] = _dtype(value)
    return config


def _input(config: dict[str, Any]) -> dict[str, Any]:
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    kept: dict[str, Any] = {key: config[key] for key in ("name", "sparse", "ragged") if key in config}
    dtype = config.get("dtype", config.get("input_dtype"))
    return {**kept, "batch_shape": shape, "dtype": _dtype(dtype)}


def _dtype(value: Any) -> Any:
    """The name of a policy."""
    inner = value.get("config") if isinstance(value, dict) else None
    return inner.get("name", value) if isinstance(inner, dict) else value


def _without(value: Any, key: str) -> Any:
    """An object's entry without one of its arguments."""
    config = value.get("config") if isinstance(value, dict) else None
    if not isinstance(config, dict):
        return value
    return {**value, "config": {name: each for name, each in config.items() if name != key}}


# ---- models --------------------------------------------------------------------------------------


def _model(name: str, config: dict[str, Any]) -> dict[str, Any]:
    entries = config.get("layers")
    if not isinstance(entries, list):
        return config
    layers = [present(entry) for entry in entries]
    if name == "Sequential":
        return {**config, "layers": [*_entrance(entries), *layers]}
    uses = {each.get("name"): each.get("inbound_nodes") or [] for each in entries}
    inner = {each["name"]: each["class_name"] for each in layers if each["class_name"] in _MODELS}
    first = {name: _first_use(name, uses) for name in inner}
    for layer in layers:
        layer["inbound_nodes"] = [_use(layer["class_name"], node, first) for node in uses[layer.get("name")]]
    # Of functional models `wiring` knows that the ends count their uses from 1.
    chains = {name: first[name] for name, kind in inner.items() if kind == "Sequential"}
    ends = {key: _ends(config.get(key), chains) for key in ("input_layers", "output_layers")}
    return {**config, "layers": layers, **ends}


def _entrance(entries: list[Any]) -> list[dict[str, Any]]:
    """The InputLayer that stands for the `batch_input_shape` of a first layer."""
    config = entries[0].get("config") if entries and isinstance(entries[0], dict) else None
    if not isinstance(config, dict) or entries[0].get("class_name") == "InputLayer":
        return []
    if config.get("batch_input_shape") is None:
        return []
    return [
        {"class_name": "InputLayer", "config": _input({"batch_input_shape": config["batch_input_shape"]})}
    ]


def _first_use(name: str, uses: dict[str, list[Any]]) -> int:
    """The number of a model's first use: 1 where it had an own one, which is not in the file."""
    numbers = [
        place[1] for nodes in uses.values() for node in nodes for place in _places(node) if place[0] == name
    ]
    return max(0, max(numbers, default=0) + 1 - len(uses[name]))


def _places(value: Any) -> list[Any]:
    """The places of tensors in a use."""
    if _is_place(value):
        return [value, *_places(value[3:])]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [place for each in inner for place in _places(each)]


def _is_place(value: Any) -> bool:
    return isinstance(value, list) and 3 <= len(value) <= 4 and isinstance(value[0], str)


def _use(kind: str, node: Any, first: dict[str, int]) -> Any:
    """A use `[[layer, use, output, arguments], ...]` as `args` and `kwargs`."""
    if isinstance(node, dict):
        return node
    places = [node] if _is_place(node) else node
    tensors = [_tensor(place, first) for place in places]
    given = places[0][3] if len(places[0]) > 3 else {}
    named = {key: _argument(value, first) for key, value in given.items() if value is not None}
    if len(tensors) > 1 and kind in _RECURRENT:
        return {"args": tensors[:1], "kwargs": {**named, "initial_state": tensors[1:]}}
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": named}


def _tensor(place: list[Any], first: dict[str, int]) -> dict[str, Any]:
    name, use, output = place[:3]
    return {"class_name": TENSOR, "config": {"keras_history": [name, use - first.get(name, 0), output]}}


def _argument(value: Any, first: dict[str, int]) -> Any:
    if _is_place(value):
        return _tensor(value, first)
    return [_argument(each, first) for each in value] if isinstance(value, list) else value


def _ends(value: Any, first: dict[str, int]) -> Any:
    if _is_place(value):
        return [value[0], value[1] - first.get(value[0], 0), value[2]]
    if isinstance(value, dict):
        return {key: _ends(each, first) for key, each in value.items()}
    return [_ends(each, first) for each in value]
