"""The border: here what a caller gives becomes C-contiguous arrays of one dtype, or an error says why not.

Behind it nothing checks again, except the native module, which trusts nobody.
"""

from __future__ import annotations

import operator
import reprlib
import sys
import warnings
from typing import Any

import numpy as np

from tidegate.derivatives import is_box
from tidegate.variable import Array, Variable

Shape = tuple[int | None, ...]

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 80


def numeric(value: Any, name: str) -> Array:
    """`value` as an array of real numbers in whatever dtype it has.

    Raises:
        ValueError: `value` is no array and cannot become one by itself (a list, None).
        TypeError: it holds objects, strings, dates or complex numbers.
    """
    if type(value) is not np.ndarray:
        if not hasattr(value, "__array__"):
            raise ValueError(
                f"Unrecognized data type: `{name}` must be a NumPy array; received {short(value)} "
                f"(of type {type(value)})"
            )
        value = np.asarray(value)
    if value.dtype.kind not in "fiub":
        raise TypeError(f"`{name}` must hold real numbers; received an array of dtype {value.dtype}")
    array: Array = value
    return array


def texts(value: Any, name: str, encoding: str = "utf-8") -> Array:
    """`value` as an array of strings (of dtype object), from an array, a string or lists of them; bytes are
    decoded. Raises TypeError for anything else among them.
    """
    array = np.asarray(value) if hasattr(value, "dtype") else np.array(value, object)
    found = [each.decode(encoding) if isinstance(each, bytes) else each for each in array.ravel().tolist()]
    for each in found:
        if not isinstance(each, str):
            raise TypeError(f"`{name}` must hold strings; received {short(each)} (of type {type(each)})")
    strings = np.empty(array.shape, object)
    strings.ravel()[:] = found
    return strings


def floating(value: Any, dtype: np.dtype[Any], name: str) -> Array:
    """`value` as a C-contiguous, aligned array of `dtype` (float32 or float64); itself when it is one.

    A box, which autograd follows, becomes a box of that dtype; a Variable is what stands in for it. Raises as
    `numeric` does.
    """
    if (
        type(value) is np.ndarray
        and value.dtype is dtype
        and value.flags.c_contiguous
        and value.flags.aligned
    ):
        return value
    if isinstance(value, Variable):
        value = value.current()
    if is_box(value):
        box: Any = value if value.dtype == dtype else value.astype(dtype)
        return box  # type: ignore[no-any-return]
    array = numeric(value, name)
    with np.errstate(all="ignore"):  # a float64 beyond float32 becomes an infinity, in silence as everywhere
        return np.require(array, dtype, ["C", "A", "E"])


def boolean_mask(value: Any, shape: tuple[int, int], owner: str) -> Array:
    """`value` as a bool array [B, T], True where a step counts."""
    mask = np.asarray(value)
    if mask.dtype.kind not in "fiub":
        raise TypeError(f"{owner}: `mask` must be boolean; received an array of dtype {mask.dtype}")
    if mask.shape != shape:
        raise ValueError(
            f"{owner}: `mask` must have the shape [batch, timesteps] = {shape}; received {mask.shape}"
        )
    return np.ascontiguousarray(mask, np.bool_)


def mask_of_steps(value: Any, input_shape: Shape, owner: str) -> Array:
    """`value` as a bool array [B, T] for an input [B, T, ...]; ValueError if that has no timesteps."""
    if len(input_shape) < 3:
        raise ValueError(f"{owner}: `mask` needs an input with timesteps; received shape {input_shape}")
    batch, timesteps = (axis or 0 for axis in input_shape[:2])
    return boolean_mask(value, (batch, timesteps), owner)


def check_input_shape(
    shape: Shape, *, owner: str, axes: str, minimum_rank: int, features: int | None = None
) -> None:
    """Checks the shape of what a layer is called on.

    Args:
        shape: of the input; None where it is not known yet.
        owner: the layer, for the message.
        axes: the axes that it wants, for the message, such as "[batch, timesteps, features]".
        minimum_rank: 3 for exactly three axes, as recurrent layers take; 2 for two or more, as Dense takes.
        features: the length of the last axis, where the layer has been built for one.
    """
    rank = len(shape)
    if rank < minimum_rank or (minimum_rank == 3 and rank > 3):
        raise ValueError(f"{owner}: the input must have the axes {axes}; received the shape {shape}")
    if minimum_rank == 3 and shape[1] == 0:
        raise ValueError(f"{owner}: the input must have at least one timestep; received the shape {shape}")
    if features is None and not shape[-1]:
        raise ValueError(
            f"{owner}: the last axis of the input must have a known, positive length; received {shape}"
        )
    if features is not None and shape[-1] != features:
        raise ValueError(
            f"{owner}: the last axis of the input must have the length {features} it was built for; "
            f"received the shape {shape}"
        )


def batch_shape(input_shape: Shape | None, batch_input_shape: Shape | None) -> Shape | None:
    """The shape of the input, with the batch axis, that a layer was given by either argument."""
    if batch_input_shape is None:
        return None if input_shape is None else (None, *input_shape)
    if input_shape is not None:
        raise ValueError("give either `input_shape` or `batch_input_shape`; received both")
    warn("`batch_input_shape` is gone from Keras 3; use `Input(batch_shape=...)`")
    return batch_input_shape


def check_lengths(**arrays: Array | None) -> int:
    """The number of rows that all of `arrays` have; None stands for an argument that was not given.

    Raises:
        ValueError: they do not agree, or one has no axis at all.
    """
    sizes: dict[str, int] = {}
    for name, array in arrays.items():
        if array is None:
            continue
        if array.ndim == 0:
            raise ValueError(f"`{name}` must have an axis of samples; received a single number")
        sizes[name] = len(array)
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"`{name}` has {size}" for name, size in sizes.items())
        raise ValueError(
            f"Data cardinality is ambiguous: all arrays must have the same number of samples, but {found}"
        )
    return next(iter(sizes.values()))


def integer(value: Any) -> int | None:
    """`value` as an int, whatever integer type it has; None for a bool, a float, an array of numbers."""
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return None


def positive_integer(value: Any, name: str, owner: str) -> int:
    """`value` as an int of at least 1; ValueError if it is none."""
    number = integer(value)
    if number is None or number < 1:
        raise ValueError(f"{owner}: argument `{name}` must be a positive integer; received {short(value)}")
    return number


def non_negative_integer(value: Any, name: str, owner: str) -> int:
    """`value` as an int of at least 0; ValueError if it is none."""
    number = integer(value)
    if number is None or number < 0:
        raise ValueError(
            f"{owner}: argument `{name}` must be a non-negative integer; received {short(value)}"
        )
    return number


def nearest(name: str, known: Any) -> str:
    """` Did you mean \\`x\\`?` with the nearest of the names in `known`, capitals or not, or nothing."""
    import difflib

    spelled = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), spelled, n=1)
    return f" Did you mean `{spelled[close[0]]}`?" if close else ""


def short(value: object) -> str:
    """`repr` for a message: one line, and of a long list only the beginning."""
    text = " ".join(_REPR.repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def warn(sentence: str) -> None:
    """A UserWarning at the line of the user's that this comes from."""
    depth, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "tidegate":
        depth, frame = depth + 1, frame.f_back
    warnings.warn(sentence, stacklevel=depth)


def refuse(method: str, **arguments: Any) -> None:
    """Raises ValueError for an argument that comes later and is not None."""
    for name, value in arguments.items():
        if value is not None:
            raise ValueError(
                f"{method}: argument `{name}` is not supported yet; expected None, received {value!r}"
            )
