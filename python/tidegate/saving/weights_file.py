"""The `.weights.h5` format: the HDF5 file that is in a `.keras` file, by itself."""

from __future__ import annotations

import io
import os
from typing import Any

from tidegate.saving import hdf5, keras_file, legacy_file, weights

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
    hdf5.write_file(path, lambda file: weights.write(file, model))


def load(
    model: Any, path: str | os.PathLike[str], skip_mismatch: bool = False, by_name: bool | None = None
) -> None:
    """Give a built model the weights in a `.weights.h5` or `.keras` file of Tidegate's or Keras's, or in a
    legacy `.h5` or `.hdf5` file, of which `by_name` can be asked.

    Raises:
        ValueError: no such file, a damaged one, or one with other weights than the model's.
    """
    if legacy_file.is_one(path) and not str(path).endswith(_ENDING):
        legacy_file.load_weights(model, path, skip_mismatch, bool(by_name))
        return
    path = _checked(path, (_ENDING, ".keras", ".h5", ".hdf5"))
    if by_name is not None:
        raise ValueError(
            f"load_weights: argument `by_name` expected None but for `.h5` and `.hdf5` files; received "
            f"{by_name!r} with {path!r}"
        )
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
        raise ValueError(f"Argument `filepath` expected a path that ends in {known}; received {text!r}")
    return text
