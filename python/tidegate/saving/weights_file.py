"""The `.weights.h5` format: the HDF5 file that is in a `.keras` file, by itself."""

from __future__ import annotations

import io
import os
from typing import Any

from tidegate.saving import keras_file, weights
from tidegate.saving.replacing import replacing

_ENDING = ".weights.h5"


def save(model: Any, path: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write the weights of a built model and, if it is compiled, its optimizer's state.

    The file appears at `path` complete or not at all.

    Raises:
        ValueError: a path that does not end in `.weights.h5`, or one that exists with `overwrite=False`.
    """
    path = _checked(path, (_ENDING,))
    if not overwrite and os.path.exists(path):
        raise ValueError(f"{path} exists, and `overwrite` is False")
    with io.BytesIO() as buffer:
        weights.write_stream(buffer, model)
        with replacing(path) as target:
            target.write(buffer.getbuffer())


def load(model: Any, path: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
    """Give a built model the weights in a `.weights.h5` or `.keras` file of Tidegate's or Keras's.

    Raises:
        ValueError: no such file, a damaged one, or one with other weights than the model's.
    """
    path = _checked(path, (_ENDING, ".keras"))
    if path.endswith(".keras"):
        _, stored = keras_file.read_members(path)
        weights.read_stream(io.BytesIO(stored), path, model, skip_mismatch)
        return
    if not os.path.isfile(path):
        raise ValueError(f"File not found: {path}")
    with open(path, "rb") as stream:
        weights.read_stream(stream, path, model, skip_mismatch)


def _checked(path: Any, endings: tuple[str, ...]) -> str:
    text = os.fspath(path)
    if not isinstance(text, str) or not text.endswith(endings):
        known = " or ".join(f"`{each}`" for each in endings)
        raise ValueError(
            f"Argument `filepath` expected a path that ends in {known}; received {text!r}. "
            "Other formats are not supported yet."
        )
    return text
