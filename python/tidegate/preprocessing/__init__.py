"""Text and sequences made ready for a model, under the names of Keras 2 and `tensorflow.keras`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tidegate.preprocessing import sequence, text
    from tidegate.utils import timeseries_dataset_from_array

__all__ = ["sequence", "text", "timeseries_dataset_from_array"]


def __getattr__(name: str) -> object:
    import importlib

    if name in ("sequence", "text"):
        return importlib.import_module(f"tidegate.preprocessing.{name}")
    if name in (
        "timeseries_dataset_from_array",
        "image_dataset_from_directory",
        "text_dataset_from_directory",
    ):
        return getattr(importlib.import_module("tidegate.utils"), name)
    if name == "image":
        raise AttributeError("tidegate.preprocessing.image is not offered: Tidegate has nothing for images")
    raise AttributeError(f"module 'tidegate.preprocessing' has no attribute {name!r}")
