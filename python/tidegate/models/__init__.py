"""Models, and loading them."""

from __future__ import annotations

from typing import Any

from tidegate.models.functional import Functional
from tidegate.models.model import Model
from tidegate.models.sequential import Sequential

__all__ = [
    "Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model",
]  # fmt: skip


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Any = None,
    call_function: Any = None,
    recursive: bool = False,
) -> Model:
    """A new model of the same architecture, with new weights and not compiled.

    Raises ValueError for the other arguments, and for layers of classes that files have no name for.
    """
    from tidegate.inputs import refuse

    refuse(
        "clone_model",
        input_tensors=input_tensors, clone_function=clone_function, call_function=call_function,
        recursive=recursive or None,
    )  # fmt: skip
    given: Any = model
    clone: Model = given.from_config(given.get_config())
    return clone


def load_model(
    filepath: Any, custom_objects: dict[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Model:
    """The model in a `.keras`, `.h5` or `.hdf5` file, whoever wrote it; compiled as it was saved if `compile`
    says so.

    A file is data: nothing in it can import, call or open anything, whatever `safe_mode` says.

    Raises:
        ValueError: no such format, a class that is not supported, or a file whose parts do not fit together.
    """
    from tidegate.saving import keras_file, legacy_file

    if custom_objects:
        raise ValueError("load_model: argument `custom_objects` is not supported yet; expected None")
    of = legacy_file if legacy_file.is_one(filepath) else keras_file
    model: Model = of.load(filepath, compile=compile)
    return model


def save_model(
    model: Model,
    filepath: Any,
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
) -> None:
    """As `model.save(filepath)`."""
    model.save(filepath, overwrite=overwrite, zipped=zipped, include_optimizer=include_optimizer)


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Model:
    """A new model of the architecture that `to_json` wrote, compiled if that one was.

    Raises ValueError for anything else.
    """
    import json

    from tidegate.saving import objects

    if custom_objects:
        raise ValueError("model_from_json: argument `custom_objects` is not supported yet; expected None")
    entry = json.loads(json_string)
    model: Model = objects.deserialize(entry, "model")
    if entry.get("compile_config"):
        model.compile_from_config(entry["compile_config"])
    return model
