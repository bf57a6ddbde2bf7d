"""The masks that go with the tensors of a graph, as Keras's files write them: operations on tensors.

Here they say where a mask comes from: they are written to files, and what a file says of a mask is held
against them. Layers compute masks by `compute_mask`; only one that a caller gives to a layer on tensors is
computed from its operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.graph import Tensor
    from tidegate.inputs import Shape
    from tidegate.variable import Array


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


def leaves(mask: Mask | Tensor) -> list[Tensor]:
    """The tensors that a mask is made of, each once."""
    if not isinstance(mask, Mask):
        return [mask]
    found = [leaf for each in mask.args if not isinstance(each, (int, float)) for leaf in leaves(each)]
    return list(dict.fromkeys(found))


def on(mask: Any, places: dict[Any, Any]) -> Any:
    """The same mask of other things in the places of these."""
    if not isinstance(mask, Mask):
        return places.get(mask, mask)
    return Mask(mask.operation, [on(each, places) for each in mask.args], mask.shape, **mask.config)


def same_masks(one: Any, other: Any) -> bool:
    """Whether two masks are the same operations on the same tensors."""
    if not isinstance(one, Mask) or not isinstance(other, Mask):
        return one is other or (isinstance(one, (int, float)) and one == other)
    return (
        (one.operation, one.config, len(one.args)) == (other.operation, other.config, len(other.args))
        and all(map(same_masks, one.args, other.args))
    )  # fmt: skip


def computed(mask: Any, arrays: list[Array]) -> Any:
    """The array, bool, of a mask whose tensors are `Leaf`s: places among these arrays."""
    if isinstance(mask, Leaf):
        return arrays[mask.place]
    if not isinstance(mask, Mask):
        return mask
    found = [computed(each, arrays) for each in mask.args]
    return _COMPUTED[mask.operation](*found, **mask.config)


class Leaf(NamedTuple):
    """What stands for a tensor."""

    place: int


_COMPUTED: dict[str, Callable[..., Any]] = {
    "Any": lambda x, axis, keepdims: x.any(axis=axis, keepdims=keepdims),
    "Concatenate": lambda *parts, axis: np.concatenate(parts, axis=axis),
    "ConvertToTensor": lambda x, **_: x,
    "ExpandDims": lambda x, axis: np.expand_dims(x, axis),
    "LogicalOr": lambda x, y: x | y,
    "NotEqual": lambda x, y: x != y,
    "OnesLike": lambda x, **_: np.ones(x.shape, bool),
    "ZerosLike": lambda x, **_: np.zeros(x.shape, bool),
}
