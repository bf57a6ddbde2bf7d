"""HDF5 files of weights, read with distrust and written whole.

A reader follows hard links only and takes nothing from outside the file; it compares shape and dtype of a
dataset with what it expects before it reads, and says how many names, and how long a text, it takes.
"""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.saving.replacing import replacing
from tidegate.variable import changing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.variable import Array

_MOST_NAMES = 1 << 16
_NAMES_TOGETHER = 1 << 10  # an attribute has at most 64 KiB, and a name takes 16 bytes of it


def write_file(path: str, write: Callable[[Any], None]) -> None:
    """A file of what `write` puts into an open `h5py.File`: one version of all weights, though a thread
    trains. It appears at `path` complete or not at all.
    """
    with io.BytesIO() as buffer:
        write_stream(buffer, write)
        with replacing(path) as target:
            target.write(buffer.getbuffer())


def write_stream(stream: Any, write: Callable[[Any], None]) -> None:
    """The same into an open binary file."""
    import h5py  # type: ignore[import-untyped]

    with changing, h5py.File(stream, "w") as file:
        write(file)


@contextlib.contextmanager
def reading(stream: Any, path: str) -> Iterator[Any]:
    """The `h5py.File` of an open binary file; whatever is wrong is a ValueError that begins with `path`."""
    import h5py

    try:
        with h5py.File(stream, "r") as file:
            yield file
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    except (KeyError, MemoryError, OSError, OverflowError, RuntimeError, TypeError) as error:  # from HDF5
        raise ValueError(f"{path}: the weights are damaged: {error}") from error


def open_object(group: Any, path: str, optional: bool = False) -> Any:
    """The object at a path of hard links; None if it is missing and may be."""
    from h5py import h5l

    full_path = f"{group.name}/{path}".lstrip("/")
    for name in path.split("/"):
        links = getattr(group.id, "links", None)  # a dataset has none
        key = name.encode()
        if links is None or not links.exists(key):
            if optional:
                return None
            raise ValueError(f"'{full_path}' is missing from the weights")
        if links.get_info(key).type != h5l.TYPE_HARD:
            raise ValueError(f"'{full_path}' is a link to somewhere else; expected the weights")
        group = group[name]
    return group


def open_dataset(group: Any, name: str) -> Any:
    """The dataset at a path of hard links, not read yet."""
    import h5py

    dataset = open_object(group, name)
    if not isinstance(dataset, h5py.Dataset):
        path = f"{group.name}/{name}".lstrip("/")
        raise ValueError(f"'{path}' expected an array; found {type(dataset).__name__}")
    return dataset


def read_dataset(
    group: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], kinds: str | None = None
) -> Array:
    """The array of a dataset that has this shape and dtype (or, with `kinds`, any dtype of these kinds)."""
    import h5py

    dataset = open_dataset(group, name)
    path = f"{group.name}/{name}".lstrip("/")
    if dataset.shape != shape:
        raise ValueError(f"'{path}' expected shape {shape}; the file has {dataset.shape}")
    found = dataset.dtype
    if found.kind not in kinds if kinds else (found.kind, found.itemsize) != (dtype.kind, dtype.itemsize):
        raise ValueError(f"'{path}' expected dtype {dtype}; the file has {found}")
    storage = dataset.id.get_create_plist()
    if storage.get_nfilters() or storage.get_layout() == h5py.h5d.VIRTUAL or storage.get_external_count():
        raise ValueError(f"'{path}' expected plain storage; it is compressed, virtual or in another file")
    array: Array = np.asarray(dataset[()], dtype=dtype)
    return array


# ---- attributes ----------------------------------------------------------------------------------


def read_text(group: Any, name: str, most: int) -> str | None:
    """The text of an attribute of at most so many bytes; None where there is none."""
    if name not in group.attrs:
        return None
    if group.attrs.get_id(name).shape != ():
        raise ValueError(f"attribute `{name}` expected a text; it is an array")
    found = _strings(group, name)
    text = found.decode() if isinstance(found, bytes) else found
    if not isinstance(text, str) or len(text) > most:
        raise ValueError(f"attribute `{name}` expected a text of at most {most} bytes")
    return text


def read_names(group: Any, name: str) -> list[str]:
    """The strings of an attribute, or of several that it is cut into: `name0`, `name1` and so on."""
    if name in group.attrs:
        return _names(group, name)
    found: list[str] = []
    part = 0
    while f"{name}{part}" in group.attrs and len(found) <= _MOST_NAMES:
        found += _names(group, f"{name}{part}")
        part += 1
    return found


def write_names(group: Any, name: str, names: list[str]) -> None:
    """What `read_names` and Keras read."""
    import h5py

    parts = [names[i : i + _NAMES_TOGETHER] for i in range(0, len(names), _NAMES_TOGETHER)]
    for place, part in enumerate(parts or [[]]):
        label = f"{name}{place}" if len(parts) > 1 else name
        group.attrs.create(label, np.array(part, object), dtype=h5py.string_dtype())


def _names(group: Any, name: str) -> list[str]:
    shape = group.attrs.get_id(name).shape
    if len(shape) != 1 or shape[0] > _MOST_NAMES:
        raise ValueError(f"attribute `{name}` of '{group.name}' expected a list of names")
    if not shape[0]:
        return []  # of any dtype
    return [each.decode() if isinstance(each, bytes) else str(each) for each in _strings(group, name)]


def _strings(group: Any, name: str) -> Any:
    import h5py

    if h5py.check_string_dtype(group.attrs.get_id(name).dtype) is None:
        raise ValueError(f"attribute `{name}` of '{group.name}' expected strings")
    return group.attrs[name]
