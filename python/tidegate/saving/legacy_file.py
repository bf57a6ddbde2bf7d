"""Keras's legacy HDF5 files, `.h5` and `.hdf5`: a whole model in the attributes and groups of one file.

    model_config, training_config       attributes of the file: JSON
    model_weights, optimizer_weights    groups, see `legacy_weights.py`; a file of weights alone is the first

Keras 3 and Keras 2 write them, and Keras 1 did; what Tidegate writes is Keras 3's.
"""

from __future__ import annotations

import os
from typing import Any

from tidegate.saving import hdf5, keras_file, legacy_config, legacy_training, legacy_weights

_ENDINGS = (".h5", ".hdf5")
_WEIGHTS = "model_weights"
_LONGEST = 1 << 24  # bytes of a configuration


def is_one(path: Any) -> bool:
    """Whether a path says so. A whole model can be in an `x.weights.h5` too."""
    return str(path).endswith(_ENDINGS)


def save(model: Any, path: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Write a built model, with its weights and, if compiled, how, with the optimizer's state.

    The file appears complete or not at all.

    Raises:
        ValueError: a file that exists with `overwrite=False`.
    """
    from tidegate.saving import objects

    path = os.fspath(path)
    if not overwrite and os.path.exists(path):
        raise ValueError(f"{path} exists, and `overwrite` is False")
    entry = {"class_name": type(model).__name__, "config": model.get_config()}
    attributes = {"model_config": objects.to_json(entry)}
    if include_optimizer and model.optimizer is not None:
        compiled = legacy_training.written(model.get_compile_config())
        attributes["training_config"] = objects.to_json(compiled)

    def write(file: Any) -> None:
        file.attrs["keras_version"], file.attrs["backend"] = keras_file.KERAS_VERSION, "numpy"
        for name, text in attributes.items():
            file.attrs[name] = text
        legacy_weights.write(file.create_group(_WEIGHTS), model, "numpy", keras_file.KERAS_VERSION)
        if "training_config" in attributes:
            legacy_weights.write_state(file, model.optimizer)

    hdf5.write_file(path, write)


def load(path: Any, compile: bool = True) -> Any:
    """The model in a file of Tidegate's or Keras's; arguments and errors as of `keras_file.load`."""
    from tidegate.initializers.initializer import placeholders
    from tidegate.saving import objects

    path = _existing(path)
    with open(path, "rb") as stream, hdf5.reading(stream, path) as file:
        config = _json(file, "model_config")
        if config is None:
            raise ValueError("no `model_config`: the file has weights alone, which `load_weights` takes")
        config = config if _is_present(file) else _converted(config)
        with placeholders(budget=os.path.getsize(path)):
            model = objects.deserialize(config, "model")
        training = _json(file, "training_config") if compile else None
        if training is not None:
            keras_file.compile_model(legacy_training.present(training), model)
        if model.built:
            legacy_weights.read(hdf5.open_object(file, _WEIGHTS), model)
            if model.optimizer is not None:
                legacy_weights.read_state(file, model.optimizer)
    return model


def load_weights(model: Any, path: Any, skip_mismatch: bool = False, by_name: bool = False) -> None:
    """Give a built model the weights in a file of a whole model, or of weights alone.

    Raises:
        ValueError: no such file, a damaged one, or one with other weights than the model's.
    """
    path = _existing(path)
    with open(path, "rb") as stream, hdf5.reading(stream, path) as file:
        whole = _WEIGHTS in file and not any(name in file.attrs for name in ("layer_names", "layer_names0"))
        group = hdf5.open_object(file, _WEIGHTS) if whole else file
        legacy_weights.read(group, model, skip_mismatch, by_name)


def _is_present(file: Any) -> bool:
    version = hdf5.read_text(file, "keras_version", 100) or ""
    return version.startswith("3.")


def _converted(config: Any) -> Any:
    try:
        return legacy_config.present(config)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError) as error:
        raise ValueError(f"`model_config` is not one of Keras: {error}") from error


def _json(file: Any, name: str) -> dict[str, Any] | None:
    text = hdf5.read_text(file, name, _LONGEST)
    return None if text is None else keras_file.parsed(text, f"`{name}`")


def _existing(path: Any) -> str:
    text: str = os.fspath(path)
    if not os.path.isfile(text):
        raise ValueError(f"File not found: {text}")
    return text
