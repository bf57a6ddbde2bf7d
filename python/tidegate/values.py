"""Arrays that are handed out where Keras hands out tensors: they answer `.numpy()`."""

from __future__ import annotations

from typing import Any

import numpy as np


class Value(np.ndarray[Any, np.dtype[Any]]):
    """A NumPy array in everything else. What is computed of one is one again, and so are its elements."""

    __slots__ = ()

    def numpy(self) -> Any:
        """The plain array, or the number if there is one alone; nothing is copied."""
        return self.view(np.ndarray)[()]

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return np.asarray(found).view(Value) if isinstance(found, np.generic) else found

    def __hash__(self) -> int:  # type: ignore[override]
        if self.ndim:
            raise TypeError("only a single number is hashable, no array")
        return hash(self.item())


def handed_out(outputs: Any) -> Any:
    """An array, or a structure of them, for a caller; anything else is left as it is."""
    if isinstance(outputs, np.ndarray):
        return outputs.view(Value)
    if isinstance(outputs, np.generic):
        return np.asarray(outputs).view(Value)
    if isinstance(outputs, dict):
        return {name: handed_out(each) for name, each in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return type(outputs)(handed_out(each) for each in outputs)
    return outputs


def as_tensor(given: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """What a tensor of this would be as an array: numbers of a list become float32 or int32."""
    array = np.asarray(given)
    if isinstance(given, np.ndarray) or hasattr(given, "__array__"):
        return array
    narrow = {np.dtype(np.float64): np.float32, np.dtype(np.int64): np.int32}
    return array.astype(narrow.get(array.dtype, array.dtype), copy=False)
