"""Files. They are data: nothing in one can import, call or open anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.saving.registration import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)

if TYPE_CHECKING:
    from tidegate.models import Model, load_model, save_model
    from tidegate.saving.keras_objects import deserialize_keras_object, serialize_keras_object

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]


def save_weights(model: Model, filepath: Any, overwrite: bool = True, **options: Any) -> None:
    """As `model.save_weights(filepath)`."""
    model.save_weights(filepath, overwrite=overwrite, **options)


def load_weights(model: Model, filepath: Any, skip_mismatch: bool = False, **options: Any) -> None:
    """As `model.load_weights(filepath)`."""
    model.load_weights(filepath, skip_mismatch=skip_mismatch, **options)


def __getattr__(name: str) -> Any:
    if name in ("load_model", "save_model"):
        from tidegate import models

        return getattr(models, name)
    if name in ("deserialize_keras_object", "serialize_keras_object"):
        from tidegate.saving import keras_objects

        return getattr(keras_objects, name)
    raise AttributeError(f"module 'tidegate.saving' has no attribute {name!r}")
