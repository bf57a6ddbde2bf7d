"""A mask that a caller gives to a layer on tensors: `LSTM(8)(x, mask=embedding.compute_mask(ids))`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate.graph import Tensor, connect
from tidegate.inputs import short
from tidegate.layers.several import SeveralInputs, Shapes
from tidegate.masks import Leaf, Mask, computed, leaves, on, same_masks
from tidegate.random import Training
from tidegate.variable import Array


class WithMask(SeveralInputs):
    """Hands on its first input, with a mask that is made of the others.

    Args:
        mask: what makes it, on `Leaf`s in the places of the others.
    """

    def __init__(self, mask: Any, **common: Any) -> None:
        super().__init__(**common)
        self.mask = mask

    def check_shapes(self, shapes: Shapes) -> None:
        """Whoever makes one has seen to them."""

    def forward(
        self,
        inputs: Any,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Any = None,
    ) -> tuple[Array, Any]:
        return inputs[0], len(inputs) if keep else None

    def backward(self, kept: int, d_outputs: Array, *, need_d_inputs: bool = True) -> tuple[Any, list[Array]]:
        return [d_outputs, *[None] * (kept - 1)] if need_d_inputs else None, []

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape[0])

    def symbolic_mask(self, inputs: list[Tensor]) -> Mask | None:
        found: Any = on(self.mask, {Leaf(place): tensor for place, tensor in enumerate(inputs[1:])})
        return found if isinstance(found, Mask) else None

    def compute_mask(self, inputs: Any, mask: Any = None) -> Array | None:
        return np.ascontiguousarray(computed(self.mask, inputs[1:]), np.bool_)


def masked(tensor: Tensor, mask: Any, owner: str, dtype: str) -> Tensor:
    """The tensor with this mask: itself where it has it already.

    Args:
        tensor: [batch, timesteps, ...].
        mask: a tensor, or what `compute_mask` of a layer gives on one; [batch, timesteps].
        owner: the layer that is called with it, for messages.
        dtype: of that layer.
    """
    if not isinstance(mask, (Mask, Tensor)):
        raise ValueError(
            f"{owner}: on an `Input`, `mask` must be a tensor, or what a layer's `compute_mask` gives on "
            f"one; received {short(mask)}"
        )
    if same_masks(mask, tensor.mask):
        return tensor
    pairs = zip(mask.shape, tensor.shape[:2], strict=False)
    if len(mask.shape) != 2 or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ValueError(
            f"{owner}: `mask` must have the shape [batch, timesteps] = {tensor.shape[:2]}; "
            f"received {tuple(mask.shape)}"
        )
    others = leaves(mask)
    made_of = on(mask, {each: Leaf(place) for place, each in enumerate(others)})
    found: Tensor = connect(WithMask(made_of, dtype=dtype), [tensor, *others])
    return found
