"""Vocabularies that Keras keeps beside a model's configuration: `assets/<place of the layer>/vocabulary.txt`.

Tidegate writes them into the configuration, which Keras reads too.
"""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Any

from tidegate.utils.naming import numbered, snake_case

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"assets(/\w+)+/vocabulary\.txt")


def is_one(name: str) -> bool:
    """Whether a member of a file is a vocabulary."""
    return _NAME.fullmatch(name) is not None


def read(path: str, model: Any) -> None:
    """Gives the layers that have no vocabulary in their configurations those of a file that was checked.

    Raises ValueError for one that is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        for name, layer in _places(model, "assets"):
            if name in names and not layer.table_of_tokens.tokens:
                try:
                    lines = archive.read(name).decode().split("\n")
                    layer.set_vocabulary([layer.read_token(line) for line in lines])
                except (UnicodeError, ValueError, zipfile.BadZipFile) as error:
                    raise ValueError(
                        f"{path}: '{name}' is no vocabulary of {layer.title}: {error}"
                    ) from error


def _places(model: Any, folder: str) -> Iterator[tuple[str, Any]]:
    """The layers with a vocabulary, and the members that theirs would be."""
    taken: dict[str, int] = {}
    for layer in model.layers:
        place = f"{folder}/layers/{numbered(snake_case(type(layer).__name__), taken)}"
        if hasattr(layer, "table_of_tokens"):
            yield f"{place}/vocabulary.txt", layer
        elif layer.graph is not None:
            yield from _places(layer, place)
