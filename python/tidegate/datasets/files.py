"""Reading `.npz` files. They are data: nothing in one is called, not even by the pickles in it.

NumPy stores arrays of lists as pickles. Here such a pickle is read by classes that can only hold lists of
numbers: NumPy's own are not reached by it.
"""

from __future__ import annotations

import os
import pickle
import zipfile
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from tidegate.utils.files import cache_folder

if TYPE_CHECKING:
    from tidegate.variable import Array

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def found(path: Any, file: str) -> str:
    """A path as it is, or in Keras's cache of datasets; FileNotFoundError says where to put the file."""
    name = os.fspath(path)
    for each in (name, os.path.join(cache_folder(), name)):
        if os.path.isfile(each):
            return each
    raise FileNotFoundError(
        f"nothing is loaded from a network: put the file of {_ORIGIN}{file} at "
        f"{os.path.join(cache_folder(), name)}"
    )


def arrays(path: str, *names: str) -> list[Array]:
    """Arrays of a `.npz` file, in this order; those of objects as arrays of lists of whole numbers.

    Raises ValueError for a file that is damaged or holds anything else.
    """
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                read = []
                for name in names:
                    with archive.open(f"{name}.npy") as member:
                        read.append(_array(member))
                return read
        except Exception as error:  # zipfile, zlib, pickle and NumPy's headers have dozens for damaged bytes
            raise ValueError(
                f"{path}: not the arrays {names} of numbers or of lists of them: {error}"
            ) from error


def _array(member: IO[bytes]) -> Array:
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(member)
    if not dtype.hasobject:
        member.seek(0)
        return np.lib.format.read_array(member, allow_pickle=False)
    rows = _Unpickler(member).load()
    rows = rows.elements if isinstance(rows, _Held) else rows
    if not isinstance(rows, list) or len(shape) != 1 or shape[0] != len(rows):
        raise ValueError(f"expected a list of {shape} elements")
    array = np.empty(len(rows), object)
    for place, row in enumerate(rows):
        if not isinstance(row, list) or not all(isinstance(each, int) for each in row):
            raise ValueError(f"expected lists of whole numbers; found {row!r:.80}")
        array[place] = row
    return array


class _Held:
    """Stands for an array, or its dtype, of which a pickle tells; keeps the elements."""

    def __init__(self, *arguments: Any) -> None:
        self.elements: Any = None

    def __setstate__(self, state: Any) -> None:
        self.elements = state[4] if isinstance(state, tuple) and len(state) == 5 else None


_STOOD_FOR = (
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STOOD_FOR:
            raise pickle.UnpicklingError(f"it wants to call {module}.{name}")
        return _Held
