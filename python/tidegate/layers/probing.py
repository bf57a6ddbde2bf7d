"""The shapes of what a Python function gives, found by running it on zeros."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from tidegate.inputs import Shape
from tidegate.layers.calling import Place, mapped, mapped_shapes
from tidegate.variable import Array

# What stands for lengths that are open: of the batch, and of other axes. An axis of the output is open too
# where it differs between the two.
_LENGTHS = ((2, 32), (3, 48))
_MOST = 1 << 26  # elements of a try


class Outputs(NamedTuple):
    """What a function gives.

    Attributes:
        shapes, dtypes: of every array.
        structure: of them, with `Place`s for them.
    """

    shapes: list[Shape]
    dtypes: list[str]
    structure: Any

    @classmethod
    def of_shapes(cls, shapes: Any, dtype: str) -> Outputs:
        """Of a structure of shapes."""
        found: list[Shape] = []

        def place(shape: Shape) -> Place:
            found.append(shape)
            return Place(len(found) - 1)

        structure = mapped_shapes(place, shapes)
        return cls(found, [dtype] * len(found), structure)


def probed(layer: Any, shapes: list[Shape], use: Any) -> Outputs:
    """What a layer's `call` gives for arrays of these shapes, in a use of it.

    Raises whatever `call` raises, and TypeError where it gives something else than arrays.
    """
    most = sum(prod(axis or _LENGTHS[1][place > 0] for place, axis in enumerate(shape)) for shape in shapes)
    if most > _MOST:
        raise ValueError(
            f"{layer.title}: arrays of the shapes {shapes} are too large to find the output's shape by a "
            "try; write `compute_output_shape`"
        )
    lengths = _LENGTHS if any(None in shape for shape in shapes) else _LENGTHS[:1]
    found = [_gathered(layer, layer.probe(_zeros(shapes, each, layer.dtype), use)) for each in lengths]
    (first, structure), (second, _) = found[0], found[-1]
    open_axes = [
        tuple(n if n == m else None for n, m in zip(one.shape, other.shape, strict=True))
        for one, other in zip(first, second, strict=True)
    ]
    return Outputs(
        open_axes, [layer.dtype if r.dtype.kind == "f" else r.dtype.name for r in first], structure
    )


def _zeros(shapes: list[Shape], lengths: tuple[int, int], dtype: str) -> list[Array]:
    batch, others = lengths
    return [
        np.zeros([(others if place else batch) if n is None else n for place, n in enumerate(shape)], dtype)
        for shape in shapes
    ]


def _gathered(layer: Any, outputs: Any) -> tuple[list[Array], Any]:
    """The arrays in a structure, and the structure of `Place`s for them."""
    found: list[Array] = []

    def place(value: Any) -> Place:
        found.append(layer.result(value))
        return Place(len(found) - 1)

    return found, mapped(place, outputs)
