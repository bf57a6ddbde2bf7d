"""Softmax as a layer of its own, over any axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate._native import core
from tidegate.graph import Tensor
from tidegate.layers.arguments import Argument
from tidegate.layers.over_axes import AxisOrAxes, OverAxes
from tidegate.random import Training
from tidegate.variable import Array


class Softmax(OverAxes):
    """`exp(x)` over its sum along an axis: float32 or float64 `[batch, ...]` to the same shape.

    Args:
        axis: an axis, or a tuple of neighbouring ones that are taken together; not the batch's.

    Call arguments:
        mask: bool, or numbers of which those above 0.5 are True, of the shape of the inputs or one that
            broadcasts to it; where it is False an element does not count, and its share is zero. On arrays
            only. A mask of timesteps that came with the inputs goes on with the output.

    Example:
        >>> Softmax()(np.array([[1.0, 2.0, 1.0]]))
        array([[0.21194157, 0.57611686, 0.21194157]], dtype=float32)
    """

    arguments = (Argument("axis", -1, AxisOrAxes()),)

    def create_operator(self) -> core.Softmax:
        return core.Softmax(*self.built_axes())

    def __call__(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        if mask is None:
            return super().__call__(inputs, training=training)
        if isinstance(inputs, Tensor):
            raise ValueError(f"{self.title}: argument `mask` is not supported on an `Input` yet")
        x = self.prepare(inputs)
        given = np.asarray(mask)
        try:
            counts = np.broadcast_to(given if given.dtype == bool else given > 0.5, x.shape)
        except ValueError:
            raise ValueError(
                f"{self.title}: `mask` must have a shape that broadcasts to that of the inputs, {x.shape}; "
                f"received {given.shape}"
            ) from None
        return self.compute(x, training, counts=np.ascontiguousarray(counts))

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
        counts: Array | None = None,
    ) -> tuple[Array, Any]:
        if counts is None:
            return super().forward(inputs, keep=keep)
        outputs: Array = self.operator.forward(inputs, counts)
        return outputs, (inputs, outputs) if keep else None
