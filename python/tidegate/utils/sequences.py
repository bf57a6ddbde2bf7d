"""Sequences of different lengths as one array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.inputs import non_negative_integer, short

if TYPE_CHECKING:
    from tidegate.variable import Array


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> Array:
    """Sequences as an array [sequences, maxlen, ...]: short ones are padded, long ones cut.

    Args:
        sequences: a list of sequences, whose elements all have one shape.
        maxlen: the length of each; that of the longest if None.
        dtype: of the array; `object` for strings of any length.
        padding: "pre" or "post": where `value` is put.
        truncating: "pre" or "post": where elements are dropped.
        value: what is put there.

    Raises ValueError for anything that is no list of sequences, or elements of different shapes.
    """
    for name, given in (("padding", padding), ("truncating", truncating)):
        if given not in ("pre", "post"):
            raise ValueError(f"pad_sequences: argument `{name}` expected 'pre' or 'post'; received {given!r}")
    if not hasattr(sequences, "__len__"):
        raise ValueError(
            f"pad_sequences: `sequences` expected a list of sequences; received {short(sequences)}"
        )
    for each in sequences:
        if not hasattr(each, "__len__"):
            raise ValueError(f"pad_sequences: `sequences` expected sequences; found {short(each)} among them")
    if maxlen is None:
        if not len(sequences):
            raise ValueError("pad_sequences: `maxlen` is needed where `sequences` is empty")
        length = max(len(each) for each in sequences)
    else:
        length = non_negative_integer(maxlen, "maxlen", "pad_sequences")
    if isinstance(value, str) and np.dtype(dtype).kind not in "OSU":
        raise ValueError(
            f"pad_sequences: the string {value!r} as `value` needs `dtype=object`; received {dtype!r}"
        )
    shape = next((np.shape(each)[1:] for each in sequences if len(each)), ())
    padded = np.full((len(sequences), length, *shape), value, dtype)
    for row, each in enumerate(sequences):
        kept = each[:length] if truncating == "post" else each[max(0, len(each) - length) :]
        if not len(kept):
            continue
        elements = np.asarray(kept, dtype)
        if elements.shape[1:] != shape:
            raise ValueError(
                f"pad_sequences: elements must have one shape; found {elements.shape[1:]} in sequence {row}, "
                f"and {shape} before"
            )
        place = slice(None, len(elements)) if padding == "post" else slice(length - len(elements), None)
        padded[row, place] = elements
    return padded
