"""Writes keras_names.json: the public names of every module of Keras 3.15.1, those of `tensorflow.keras` too.

Needs Keras with TensorFlow (`KERAS_BACKEND=tensorflow python make_keras_names.py`); the tests, and
make_offered.py, only read the file.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import keras
from tensorflow import keras as of_tensorflow


def walk(module: ModuleType, path: str, found: dict[str, set[str]]) -> None:
    """Adds the names of a module and of those below it."""
    names = found.setdefault(path, set())
    for name in dir(module):
        value = getattr(module, name)
        if name.startswith("_") or name == "src":
            continue
        names.add(name)
        if isinstance(value, ModuleType) and path != "keras.applications":  # which has models of images alone
            walk(value, f"{path}.{name}", found)


if __name__ == "__main__":
    found: dict[str, set[str]] = {}
    for module in (keras, of_tensorflow):
        walk(module, "keras", found)
    table = {path: sorted(names) for path, names in sorted(found.items())}
    (Path(__file__).parent / "keras_names.json").write_text(json.dumps(table, indent=0) + "\n")
