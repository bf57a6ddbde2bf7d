"""Layers that join arrays: side by side, or by products along an axis."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tidegate._native import core
from tidegate.graph import Tensor
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument
from tidegate.layers.kinds import Flag
from tidegate.layers.number_kinds import Axes, Integer
from tidegate.layers.several import SeveralInputs, Shapes
from tidegate.masks import Mask, joined
from tidegate.random import Training
from tidegate.variable import Array


class Concatenate(SeveralInputs):
    """The inputs one after the other along an axis; all other axes are of equal lengths.

    Args:
        axis: not the batch's, 0; counted from the last if negative.

    Example:
        >>> Concatenate()([np.ones((2, 3)), np.ones((2, 4))]).shape
        (2, 7)
    """

    arguments = (Argument("axis", -1, Integer()),)

    axis: int

    def check_shapes(self, shapes: Shapes) -> None:
        rank = len(shapes[0]) if shapes else 0
        fits = -rank < self.axis < rank and self.axis != 0 and all(len(shape) == rank for shape in shapes)
        for axis in range(rank) if fits else ():
            lengths = {shape[axis] for shape in shapes} - {None}
            fits = fits and (axis == self.axis % rank or len(lengths) <= 1)
        if not fits:
            raise ValueError(
                f"{self.title}: the inputs must have an axis {self.axis} behind the batch's, and equal "
                f"lengths on all others; received the shapes {list(map(tuple, shapes))}"
            )

    def forward(
        self,
        inputs: Any,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Any = None,
    ) -> tuple[Array, Any]:
        lengths = [array.shape[self.axis] for array in inputs]
        return np.concatenate(inputs, axis=self.axis), lengths if keep else None

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[list[Array] | None, list[Array]]:
        if not need_d_inputs:
            return None, []
        parts = np.split(d_outputs, np.cumsum(kept)[:-1], axis=self.axis)
        return [np.ascontiguousarray(part) for part in parts], []

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shape, lengths = list(input_shape[0]), [each[self.axis] for each in input_shape]
        shape[self.axis] = None if None in lengths else sum(lengths)
        return tuple(shape)

    def symbolic_mask(self, inputs: list[Tensor]) -> Mask | None:
        shape = self.compute_output_shape([tensor.shape for tensor in inputs])
        return joined(inputs, [tensor.mask for tensor in inputs], self.axis, shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Array | None:
        if mask is None or all(each is None for each in mask):
            return None
        masks = []
        for array, each in zip(inputs, mask, strict=True):
            wide: Any = np.True_ if each is None else each.reshape(*each.shape, *[1] * (array.ndim - 2))
            masks.append(np.broadcast_to(wide, array.shape))
        joined: Array = np.concatenate(masks, axis=self.axis)
        found: Array = np.any(joined, axis=-1)
        return found


class Dot(SeveralInputs):
    """Products of two inputs, summed along an axis of each; their other axes follow each other.

    `[batch, a, n]` and `[batch, b, n]` with `axes=2` give `[batch, a, b]`; two `[batch, n]` with `axes=1`
    give `[batch, 1]`.

    Args:
        axes: of both, or of each; not the batch's, 0; counted from the last if negative.
        normalize: whether the elements along those axes are first divided by their Euclidean length.

    Example:
        >>> Dot(axes=(1, 2))([np.ones((2, 3, 5)), np.ones((2, 4, 3))]).shape
        (2, 5, 4)
    """

    arguments = (Argument("axes", REQUIRED, Axes()), Argument("normalize", False, Flag()))

    normalize: bool

    @property
    def _given(self) -> tuple[int, int]:
        axes: Any = self.axes
        return axes if isinstance(axes, tuple) else (axes, axes)

    def _axes(self, shapes: Shapes) -> tuple[int, int]:
        """The axis of each input, counted from the first."""
        first, second = self._given
        return first % len(shapes[0]), second % len(shapes[1])

    def check_shapes(self, shapes: Shapes) -> None:
        fits = len(shapes) == 2 and all(len(shape) >= 2 for shape in shapes)
        if fits:
            places = zip(self._given, shapes, strict=True)
            fits = all(axis and -len(shape) < axis < len(shape) for axis, shape in places)
        if fits:
            summed = [shape[axis] for axis, shape in zip(self._axes(shapes), shapes, strict=True)]
            pairs = (summed, (shapes[0][0], shapes[1][0]))
            fits = all(None in pair or pair[0] == pair[1] for pair in pairs)
        if not fits:
            raise ValueError(
                f"{self.title}: there must be two inputs, of equal lengths along the axes {self.axes} behind "
                f"the batch's; received the shapes {list(map(tuple, shapes))}"
            )

    def forward(
        self,
        inputs: Any,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Any = None,
    ) -> tuple[Array, Any]:
        shapes = [array.shape for array in inputs]
        rows = [_rows(array, axis) for array, axis in zip(inputs, self._axes(shapes), strict=True)]
        inverses = None
        if self.normalize:
            units = [core.unit_rows(each) for each in rows]
            rows, inverses = [unit for unit, _ in units], [inverse for _, inverse in units]
        shape: Any = self.compute_output_shape(shapes)
        y = core.batched_product(rows[0], rows[1], b_transposed=True).reshape(shape)
        return y, (shapes, rows, inverses) if keep else None

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[list[Array] | None, list[Array]]:
        if not need_d_inputs:
            return None, []
        shapes, rows, inverses = kept
        d_y = d_outputs.reshape(len(rows[0]), rows[0].shape[1], rows[1].shape[1])
        found = [
            core.batched_product(d_y, rows[1]),
            core.batched_product(d_y, rows[0], a_transposed=True),
        ]
        if inverses is not None:
            given = zip(rows, inverses, found, strict=True)
            found = [core.unit_rows_gradient(y, inverse, d) for y, inverse, d in given]
        places = zip(found, shapes, self._axes(shapes), strict=True)
        return [_unrolled(d, shape, axis) for d, shape, axis in places], []

    def compute_output_shape(self, input_shape: Any) -> Shape:
        first, second = (list(shape) for shape in input_shape)
        axes = self._axes(input_shape)
        del first[axes[0]], second[axes[1]]
        shape = (*first, *second[1:])
        return shape if len(shape) > 1 else (*shape, 1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        return None


def _rows(array: Array, axis: int) -> Array:
    """[batch, others, n], with the n elements along the axis last."""
    moved = np.moveaxis(array, axis, -1)
    return np.ascontiguousarray(moved).reshape(len(array), prod(moved.shape[1:-1]), moved.shape[-1])


def _unrolled(rows: Array, shape: tuple[int, ...], axis: int) -> Array:
    """What `_rows` made rows of, of this shape."""
    others = [length for place, length in enumerate(shape) if place != axis]
    return np.ascontiguousarray(np.moveaxis(rows.reshape(*others, shape[axis]), -1, axis))


def concatenate(inputs: Any, axis: int = -1, **arguments: Any) -> Any:
    """As `Concatenate(axis, **arguments)(inputs)`."""
    return Concatenate(axis=axis, **arguments)(inputs)


def dot(inputs: Any, axes: Any = -1, **arguments: Any) -> Any:
    """As `Dot(axes, **arguments)(inputs)`."""
    return Dot(axes=axes, **arguments)(inputs)
