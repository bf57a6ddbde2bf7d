"""The `.keras` format: a zip of `metadata.json`, `config.json` and `model.weights.h5`, none of them
compressed.

Written so that a reader never sees half a file, and read with distrust: members are known by name and bounded
in size, the configuration may name only classes of a fixed table, and a model is not made larger than the
file's weights.
"""

from __future__ import annotations

import errno
import io
import json
import os
import time
import zipfile
from typing import Any

from tidegate.saving.replacing import replacing

KERAS_VERSION = "3.15.1"  # whose format this is
_METADATA, _CONFIG, _WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
_LIMITS = {_METADATA: 1 << 16, _CONFIG: 1 << 24}  # bytes; weights are bounded by the file itself


def save(model: Any, path: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write a model, with its weights and, if compiled, the state of its optimizer.

    The file appears at `path` complete or not at all; what was there before stays until then.

    Raises:
        ValueError: a path that does not end in `.keras`, or one that exists with `overwrite=False`.
    """
    from tidegate.saving import hdf5, objects, weights

    path = _checked(path)
    if not overwrite and os.path.exists(path):
        raise ValueError(f"{path} exists, and `overwrite` is False")
    metadata = {"keras_version": KERAS_VERSION, "date_saved": time.strftime("%Y-%m-%d@%H:%M:%S")}
    config = objects.serialize(model)
    with io.BytesIO() as buffer:
        hdf5.write_stream(buffer, lambda file: weights.write(file, model))
        with replacing(path) as target, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_METADATA, objects.to_json(metadata))
            archive.writestr(_CONFIG, objects.to_json(config))
            archive.writestr(_WEIGHTS, buffer.getbuffer())


def load(path: str | os.PathLike[str], compile: bool = True) -> Any:
    """The model in a file of Tidegate's or Keras's.

    Args:
        path: of a `.keras` file.
        compile: whether to compile it as it was, and give the optimizer its state.

    Raises:
        ValueError: no such file, a damaged one, a class or an argument that is not supported, or weights
            that do not fit the configuration.
    """
    from tidegate.initializers.initializer import placeholders
    from tidegate.saving import assets, objects, weights

    path = _checked(path)
    config, stored = read_members(path)
    try:
        with placeholders(budget=len(stored)):
            model = objects.deserialize(config, "model")
        if compile and config.get("compile_config"):
            compile_model(config["compile_config"], model)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    assets.read(path, model)
    if model.built:
        weights.read_stream(io.BytesIO(stored), path, model)
    return model


def compile_model(config: Any, model: Any) -> None:
    """Compiles a model as a file says; ValueError where it cannot be."""
    try:
        if not isinstance(config, dict):
            raise ValueError(f"`compile_config` expected a dictionary; found {type(config).__name__}")
        model.compile_from_config(config)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"the model cannot be compiled as it was saved: {error} "
            "(with `compile=False` it loads uncompiled)"
        ) from error


def read_members(path: str) -> tuple[dict[str, Any], bytes]:
    """The parsed configuration of a file, and the bytes of its weights; ValueError as of `load`."""
    if not os.path.isfile(path):
        raise ValueError(f"File not found: {path}")
    try:
        with zipfile.ZipFile(path) as archive:
            members = _checked_members(path, archive)
            text, stored = archive.read(members[_CONFIG]), archive.read(members[_WEIGHTS])
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, UnicodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # of a place before the file's begin
            raise
        raise ValueError(f"{path} is not a `.keras` file, or it is damaged: {error}") from error
    try:
        return parsed(text, f"`{_CONFIG}`"), stored
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def parsed(text: str | bytes, what: str) -> dict[str, Any]:
    """The dictionary that a text is in JSON; ValueError for anything else, and for a key that comes twice."""
    try:
        config = json.loads(text, object_pairs_hook=_once)
    except (RecursionError, ValueError) as error:
        raise ValueError(f"{what} is not JSON: {error}") from error
    if not isinstance(config, dict):
        raise ValueError(f"{what} expected a dictionary; found {type(config).__name__}")
    return config


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice in one dictionary")
    return found


def _checked_members(path: str, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The members by name; each once, none unknown, none compressed, none larger than it may be."""
    from tidegate.saving import assets

    members: dict[str, zipfile.ZipInfo] = {}
    size = os.path.getsize(path)
    for info in archive.infolist():
        name = info.filename
        known = name in (_METADATA, _CONFIG, _WEIGHTS) or assets.is_one(name)
        if not known or name in members:
            raise ValueError(f"{path}: unexpected member '{name}'")
        if info.compress_type != zipfile.ZIP_STORED:
            raise ValueError(
                f"{path}: '{name}' is compressed; a `.keras` file stores its members as they are"
            )
        if info.file_size > min(_LIMITS.get(name, size), size):
            raise ValueError(f"{path}: '{name}' is too large: {info.file_size} bytes")
        members[name] = info
    for name in (_CONFIG, _WEIGHTS):
        if name not in members:
            raise ValueError(f"{path}: '{name}' is missing")
    return members


def _checked(path: Any) -> str:
    text = os.fspath(path)
    if not isinstance(text, str) or not text.endswith(".keras"):
        raise ValueError(
            f"Argument `filepath` expected a path that ends in `.keras`, `.h5` or `.hdf5`; received {text!r}"
        )
    return text
