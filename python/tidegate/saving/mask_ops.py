"""The masks in Keras's files of functional models.

Keras writes the mask that a layer makes as operations of its own (`NotEqual`, `Any`), and the mask that a
layer gets as an argument. Here masks go with the tensors by themselves: what a file says of them is checked,
and then there is nothing left to do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tidegate.graph import Tensor

CLASSES = ("Any", "NotEqual")


class Mask(NamedTuple):
    """A mask in a file: which elements of a tensor differ from a number."""

    tensor: Tensor
    value: Any

    def is_of(self, tensor: Any) -> bool:
        """Whether this is the mask that goes with a tensor."""
        node = tensor.masked_by if isinstance(tensor, Tensor) else None
        if node is None or node.inputs[0] is not self.tensor:
            return False
        wanted = getattr(node.layer, "mask_value", 0 if getattr(node.layer, "mask_zero", False) else None)
        return bool(wanted == self.value)
