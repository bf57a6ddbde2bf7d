"""Models, and loading them."""

from __future__ import annotations

from typing import Any

from tidegate.legacy import named
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

    Raises ValueError for the other arguments, and for layers without `get_config`.
    """
    from tidegate.inputs import refuse
    from tidegate.saving.registration import custom_object_scope, noting

    refuse(
        "clone_model",
        input_tensors=input_tensors, clone_function=clone_function, call_function=call_function,
        recursive=recursive or None,
    )  # fmt: skip
    given: Any = model
    with noting() as own_classes:
        config = given.get_config()
    with custom_object_scope(own_classes):
        clone: Model = given.from_config(config)
    return clone


def load_model(
    filepath: Any, custom_objects: dict[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Model:
    """The model in a `.keras`, `.h5` or `.hdf5` file, whoever wrote it; compiled as it was saved if `compile`
    says so.

    A file is data: nothing in it can import, call or open anything, whatever `safe_mode` says. Classes and
    functions of the program's own that it names are those of `custom_objects`, by their names, and those that
    `tidegate.saving.register_keras_serializable` knows.

    Raises:
        ValueError: no such format, a class that is not supported, or a file whose parts do not fit together.
    """
    from tidegate.saving import custom_object_scope, keras_file, legacy_file

    of = legacy_file if legacy_file.is_one(filepath) else keras_file
    with custom_object_scope(custom_objects):
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

    `custom_objects` as of `load_model`. Raises ValueError for anything else.
    """
    import json

    from tidegate.saving import custom_object_scope, objects

    entry = json.loads(json_string)
    with custom_object_scope(custom_objects):
        model: Model = objects.deserialize(entry, "model")
        if entry.get("compile_config"):
            model.compile_from_config(entry["compile_config"])
    return model


def __getattr__(name: str) -> Any:
    return named(__name__, name, __all__)
