"""The masks that go with the tensors of a graph, as Keras's files write them: operations on tensors.

Here they only say where a mask comes from: they are written to files, and what a file says of a mask is held
against them. Layers compute masks by `compute_mask`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.graph import Tensor
    from tidegate.inputs import Shape


class Mask:
    """An operation whose result is bool.

    Attributes:
        operation: Keras's name of it.
        args: what it is called on: tensors, masks and numbers.
        shape: of the result, with the batch axis.
        config: what else it is called with.
    """

    __slots__ = ("args", "config", "operation", "shape")

    def __init__(self, operation: str, args: list[Any], shape: Shape, **config: Any) -> None:
        self.operation = operation
        self.args = args
        self.shape = shape
        self.config = config


def differing(tensor: Tensor, value: float) -> Mask:
    """Of the elements that are not this number."""
    return Mask("NotEqual", [tensor, value], tensor.shape)


def any_of_last(mask: Mask) -> Mask:
    return Mask("Any", [mask], mask.shape[:-1], axis=-1, keepdims=False)


def either(one: Mask, other: Mask, shape: Shape | None = None) -> Mask:
    return Mask("LogicalOr", [one, other], one.shape if shape is None else shape)


def same(mask: Mask | None) -> Mask | None:
    if mask is None:
        return None
    return Mask("ConvertToTensor", [mask], mask.shape, dtype=None, sparse=None, ragged=None)


def joined(tensors: Sequence[Tensor], masks: Sequence[Mask | None], axis: int, shape: Shape) -> Mask | None:
    """Of tensors side by side along an axis, which have this shape then."""
    if all(mask is None for mask in masks):
        return None
    parts = []
    for tensor, mask in zip(tensors, masks, strict=True):
        if mask is None:
            mask = Mask("OnesLike", [tensor], tensor.shape, dtype="bool")
        elif len(mask.shape) < len(tensor.shape):
            wide = Mask("ExpandDims", [mask], (*mask.shape, 1), axis=-1)
            mask = either(wide, Mask("ZerosLike", [tensor], tensor.shape, dtype="bool"), tensor.shape)
        parts.append(mask)
    return any_of_last(Mask("Concatenate", parts, shape, axis=axis))
