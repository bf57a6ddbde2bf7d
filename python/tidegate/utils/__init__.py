"""Helpers around models, by Keras's names: seeds, the progress bar, datasets of batches, names for files.

A table of contents: what a name stands for is loaded when it is first asked for.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tidegate.saving.keras_objects import deserialize_keras_object, serialize_keras_object
    from tidegate.saving.registration import (
        CustomObjectScope,
        custom_object_scope,
        get_custom_objects,
        get_registered_name,
        get_registered_object,
        register_keras_serializable,
    )
    from tidegate.utils.progbar import Progbar
    from tidegate.utils.py_dataset import PyDataset, Sequence
    from tidegate.utils.seeds import set_random_seed

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
]

_HOMES = {
    "saving.keras_objects": ("deserialize_keras_object", "serialize_keras_object"),
    "saving.registration": (
        "CustomObjectScope", "custom_object_scope", "get_custom_objects", "get_registered_name",
        "get_registered_object", "register_keras_serializable",
    ),
    "utils.progbar": ("Progbar",),
    "utils.py_dataset": ("PyDataset", "Sequence"),
    "utils.seeds": ("set_random_seed",),
}  # fmt: skip


def __getattr__(name: str) -> object:
    import importlib

    for home, names in _HOMES.items():
        if name in names:
            value = getattr(importlib.import_module(f"tidegate.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'tidegate.utils' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
