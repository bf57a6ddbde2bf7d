"""Layers that merge arrays element by element: sums, differences, products, means and extremes."""

from __future__ import annotations

from functools import reduce
from typing import Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.graph import Tensor
from tidegate.inputs import Shape
from tidegate.layers.several import SeveralInputs, Shapes
from tidegate.masks import Mask, either
from tidegate.random import Training
from tidegate.variable import Array


class Merge(SeveralInputs):
    """The base of such layers: a list of `[batch, ...]` arrays to one.

    Axes behind the batch's are counted from the last; where one input has length 1, or no such axis, its
    elements are repeated. The output's mask has the steps that any input's has, if all have a mask.

    A subclass writes `merge` and `gradients`, on arrays of one shape.
    """

    def merge(self, arrays: list[Array], masks: list[Array | None]) -> tuple[Array, Any]:
        """The output, and what `gradients` needs.

        Args:
            arrays: of the output's shape.
            masks: of that shape too, bool, or None.
        """
        raise NotImplementedError

    def gradients(self, kept: Any, count: int, d_y: Array) -> list[Array]:
        """The gradient of each of `count` arrays."""
        raise NotImplementedError

    def check_shapes(self, shapes: Shapes) -> None:
        self.compute_output_shape(shapes)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shapes, rank = [tuple(shape) for shape in input_shape], max(map(len, input_shape), default=0)
        if not shapes or not all(shapes):
            raise ValueError(f"{self.title}: the inputs must be arrays with a batch axis; received {shapes}")
        spread = zip(*[(shape[0], *[1] * (rank - len(shape)), *shape[1:]) for shape in shapes], strict=True)
        output: list[int | None] = []
        for place, lengths in enumerate(spread):
            known = set(lengths) - ({None, 1} if place else {None})
            if len(known) > 1:
                raise ValueError(f"{self.title}: the inputs must have shapes that fit; received {shapes}")
            if place and None in lengths:
                output.append(None)
            else:
                output.append(known.pop() if known else lengths[0])
        return tuple(output)

    def symbolic_mask(self, inputs: list[Tensor]) -> Mask | None:
        masks = [tensor.mask for tensor in inputs if tensor.mask is not None]
        return reduce(either, masks) if len(masks) == len(inputs) else None

    def compute_mask(self, inputs: Any, mask: Any = None) -> Array | None:
        if mask is None or any(each is None for each in mask):
            return None
        found: Array = reduce(np.logical_or, mask)
        return found

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
        shape: Any = self.compute_output_shape(shapes)
        masks = [
            each if each is None else _spread(each.reshape(*each.shape, *[1] * (len(of) - 2)), shape)
            for each, of in zip(mask or [None] * len(shapes), shapes, strict=True)
        ]
        outputs, kept = self.merge([_spread(array, shape) for array in inputs], masks)
        return outputs, (shapes, kept) if keep else None

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[list[Array] | None, list[Array]]:
        if not need_d_inputs:
            return None, []
        shapes, of_merge = kept
        found = self.gradients(of_merge, len(shapes), d_outputs)
        return [_gathered(d, shape) for d, shape in zip(found, shapes, strict=True)], []


def _spread(array: Array, shape: tuple[int, ...]) -> Array:
    """The array with its elements repeated to fill the shape."""
    if array.shape == shape:
        return array
    axes = (array.shape[0], *[1] * (len(shape) - array.ndim), *array.shape[1:])
    return np.ascontiguousarray(np.broadcast_to(array.reshape(axes), shape))


def _gathered(d: Array, shape: tuple[int, ...]) -> Array:
    """The gradient of an array of this shape, from that of what `_spread` made of it."""
    while d.ndim > len(shape):
        d = core.sum_axis(d, 1)
    for axis, (found, length) in enumerate(zip(d.shape, shape, strict=True)):
        if found != length:
            d = core.sum_axis(d, axis).reshape(*d.shape[:axis], 1, *d.shape[axis + 1 :])
    return d


class Add(Merge):
    """The sum of the inputs.

    Example:
        >>> Add()([np.ones((2, 3)), np.ones((2, 3))]).shape
        (2, 3)
    """

    def merge(self, arrays: list[Array], masks: list[Array | None]) -> tuple[Array, Any]:
        total = arrays[0]
        for array in arrays[1:]:
            total = core.merge("sum", total, array)
        return total, None

    def gradients(self, kept: None, count: int, d_y: Array) -> list[Array]:
        return [d_y] * count


class Average(Add):
    """The mean of the inputs."""

    def merge(self, arrays: list[Array], masks: list[Array | None]) -> tuple[Array, Any]:
        return core.divide(super().merge(arrays, masks)[0], len(arrays)), None

    def gradients(self, kept: None, count: int, d_y: Array) -> list[Array]:
        return [core.divide(d_y, count)] * count


class Subtract(Merge):
    """The first of two inputs less the second."""

    def check_shapes(self, shapes: Shapes) -> None:
        if len(shapes) != 2:
            raise ValueError(f"{self.title}: there must be two inputs; received {len(shapes)}")
        super().check_shapes(shapes)

    def merge(self, arrays: list[Array], masks: list[Array | None]) -> tuple[Array, Any]:
        return core.pairwise("subtract", *arrays), None

    def gradients(self, kept: None, count: int, d_y: Array) -> list[Array]:
        return [d_y, core.divide(d_y, -1)]


class Multiply(Merge):
    """The product of the inputs. What is masked counts as one, and where all inputs are masked it is zero."""

    def merge(self, arrays: list[Array], masks: list[Array | None]) -> tuple[Array, Any]:
        one, zero = arrays[0].dtype.type(1), arrays[0].dtype.type(0)
        factors = [
            array if mask is None else np.where(mask, array, one)
            for array, mask in zip(arrays, masks, strict=True)
        ]
        product = factors[0]
        for factor in factors[1:]:
            product = core.merge("mul", product, factor)
        there = [mask for mask in masks if mask is not None]
        if len(there) == len(masks):
            product = np.where(np.logical_or.reduce(there), product, zero)
        return product, (factors, masks)

    def gradients(self, kept: Any, count: int, d_y: Array) -> list[Array]:
        factors, masks = kept
        zero, found = d_y.dtype.type(0), []
        for place, mask in enumerate(masks):
            d = d_y
            for other, factor in enumerate(factors):
                d = d if other == place else core.merge("mul", d, factor)
            found.append(d if mask is None else np.where(mask, d, zero))
        return found


class Maximum(Merge):
    """The largest of the inputs, element by element. What is masked does not count where another does."""

    operation: ClassVar[str] = "maximum"

    def merge(self, arrays: list[Array], masks: list[Array | None]) -> tuple[Array, Any]:
        found, found_mask, steps = arrays[0], masks[0], []
        for array, mask in zip(arrays[1:], masks[1:], strict=True):
            other = array if mask is None else np.where(mask, array, found)
            one = found if found_mask is None else np.where(found_mask, found, other)
            steps.append((one, found_mask, other, mask))
            found_mask = None if found_mask is None or mask is None else found_mask | mask
            found = core.pairwise(self.operation, one, other)
        return found, steps

    def gradients(self, kept: Any, count: int, d_y: Array) -> list[Array]:
        zero, found = d_y.dtype.type(0), []
        for one, found_mask, other, mask in reversed(kept):
            d_one, d_other = core.extreme_gradient(one, other, d_y, self.operation == "minimum")
            if found_mask is not None:
                d_other = core.merge("sum", d_other, np.where(found_mask, zero, d_one))
                d_one = np.where(found_mask, d_one, zero)
            if mask is not None:
                d_one = core.merge("sum", d_one, np.where(mask, zero, d_other))
                d_other = np.where(mask, d_other, zero)
            found.append(d_other)
            d_y = d_one
        return [d_y, *reversed(found)]


class Minimum(Maximum):
    """The smallest of the inputs, likewise."""

    operation = "minimum"


def add(inputs: Any, **arguments: Any) -> Any:
    """As `Add(**arguments)(inputs)`; so for the following."""
    return Add(**arguments)(inputs)


def average(inputs: Any, **arguments: Any) -> Any:
    return Average(**arguments)(inputs)


def subtract(inputs: Any, **arguments: Any) -> Any:
    return Subtract(**arguments)(inputs)


def multiply(inputs: Any, **arguments: Any) -> Any:
    return Multiply(**arguments)(inputs)


def maximum(inputs: Any, **arguments: Any) -> Any:
    return Maximum(**arguments)(inputs)


def minimum(inputs: Any, **arguments: Any) -> Any:
    return Minimum(**arguments)(inputs)
