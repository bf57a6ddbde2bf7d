"""Values that JSON has no form for, in Keras's: arrays, bytes, slices and the ellipsis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def is_one(value: Any) -> bool:
    return isinstance(value, (np.ndarray, bytes, slice)) or value is Ellipsis


def write(value: Any) -> Any:
    """The entry of a file; ValueError for an array of objects."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fiub":
            raise ValueError(f"an array of dtype {value.dtype} cannot be saved")
        return {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": value.dtype.name}}
    if isinstance(value, bytes):
        return {"class_name": "__bytes__", "config": {"value": value.decode()}}
    if isinstance(value, slice):
        config = {name: getattr(value, name) for name in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": config}
    return {"class_name": "__ellipsis__", "config": {}}


def is_known(class_name: str) -> bool:
    return class_name in _READERS


def read(class_name: str, config: Any) -> Any:
    """The value of an entry; ValueError for a `config` that does not fit."""
    try:
        return _READERS[class_name](config)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{class_name}: the configuration is not valid: {error}") from error


def _array(config: Any) -> Any:
    dtype = np.dtype(config["dtype"])
    if dtype.kind not in "fiub":
        raise ValueError(f"an array expected a dtype of numbers; received {dtype}")
    return np.array(config["value"], dtype)


def _bytes(config: Any) -> bytes:
    text: str = config["value"]
    return text.encode()


def _slice(config: Any) -> slice:
    return slice(*(config[name] for name in ("start", "stop", "step")))


def _ellipsis(config: Any) -> Any:
    return Ellipsis


_READERS: dict[str, Callable[[Any], Any]] = {
    "__bytes__": _bytes,
    "__ellipsis__": _ellipsis,
    "__numpy__": _array,
    "__slice__": _slice,
    "__tensor__": _array,
}
