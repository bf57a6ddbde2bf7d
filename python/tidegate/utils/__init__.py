"""Helpers around models, by Keras's names: data, seeds, the progress bar, names for files.

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
    from tidegate.utils.asking import clear_session, get_source_inputs, is_keras_tensor, standardize_dtype
    from tidegate.utils.batches import pack_x_y_sample_weight, unpack_x_y_sample_weight
    from tidegate.utils.categories import normalize, to_categorical
    from tidegate.utils.drawing import model_to_dot, plot_model
    from tidegate.utils.files import get_file
    from tidegate.utils.progbar import Progbar
    from tidegate.utils.py_dataset import PyDataset, Sequence
    from tidegate.utils.seeds import set_random_seed
    from tidegate.utils.sequences import pad_sequences
    from tidegate.utils.splitting import split_dataset
    from tidegate.utils.timeseries import timeseries_dataset_from_array

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "is_keras_tensor",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]

_HOMES = {
    "saving.keras_objects": ("deserialize_keras_object", "serialize_keras_object"),
    "saving.registration": (
        "CustomObjectScope", "custom_object_scope", "get_custom_objects", "get_registered_name",
        "get_registered_object", "register_keras_serializable",
    ),
    "utils.asking": ("clear_session", "get_source_inputs", "is_keras_tensor", "standardize_dtype"),
    "utils.batches": ("pack_x_y_sample_weight", "unpack_x_y_sample_weight"),
    "utils.categories": ("normalize", "to_categorical"),
    "utils.drawing": ("model_to_dot", "plot_model"),
    "utils.files": ("get_file",),
    "utils.progbar": ("Progbar",),
    "utils.py_dataset": ("PyDataset", "Sequence"),
    "utils.seeds": ("set_random_seed",),
    "utils.sequences": ("pad_sequences",),
    "utils.splitting": ("split_dataset",),
    "utils.timeseries": ("timeseries_dataset_from_array",),
}  # fmt: skip
_NOT_OFFERED = {
    "FeatureSpace": "columns of tables",
    "array_to_img": "images",
    "audio_dataset_from_directory": "recordings",
    "image_dataset_from_directory": "images",
    "img_to_array": "images",
    "load_img": "images",
    "save_img": "images",
    "text_dataset_from_directory": "folders of texts",
}  # of Keras, and what it is about


def _not_offered(name: str) -> object:
    """Takes the place of a function, so that scripts that only import it run."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise NotImplementedError(
            f"tidegate.utils.{name} is not offered: Tidegate has nothing for {_NOT_OFFERED[name]}"
        )

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


def __getattr__(name: str) -> object:
    import importlib

    if name in _NOT_OFFERED:
        return _not_offered(name)
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(importlib.import_module(f"tidegate.{home}"), name)
            globals()[name] = value
            return value
    from tidegate.legacy import named

    return named("tidegate.utils", name, __all__)


def __dir__() -> list[str]:
    return sorted(__all__)
