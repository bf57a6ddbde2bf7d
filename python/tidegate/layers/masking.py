"""Masking: which timesteps of a sequence count, seen from their values."""

from __future__ import annotations

from typing import Any

from tidegate._native import core
from tidegate.graph import Tensor
from tidegate.inputs import Shape
from tidegate.layers.arguments import Argument
from tidegate.layers.number_kinds import Number
from tidegate.layers.plain import Plain
from tidegate.masks import Mask, any_of_last, differing
from tidegate.random import Training
from tidegate.variable import Array


class Masking(Plain):
    """Masks the timesteps whose features all equal one value, for the layers behind it.

    float32 or float64 `[batch, timesteps, features]` to the same shape, with zeros in masked steps. The mask
    is this layer's own: one that came from before is forgotten, as in Keras.

    Args:
        mask_value: that value.

    Example:
        >>> model = Sequential([Input((None, 2)), Masking(), LSTM(4)])
        >>> model.predict(x)  # x [batch, timesteps, 2], shorter sequences filled up with zeros
    """

    rank = 3
    axes = "[batch, timesteps, features]"
    arguments = (Argument("mask_value", 0.0, Number()),)
    makes_mask = True

    mask_value: float

    def create_operator(self) -> core.Masking:
        return core.Masking(self.mask_value)

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        if self.mask_value == 0:  # masked steps are zeros already
            return inputs, (inputs, inputs) if keep else None
        return super().forward(inputs, keep=keep)

    def symbolic_mask(self, inputs: list[Tensor]) -> Mask:
        return any_of_last(differing(inputs[0], self.mask_value))

    def compute_mask(self, inputs: Any, mask: Array | None = None) -> Any:
        """The mask of an array, bool [batch, timesteps]; of a tensor, what `mask` of a layer's call takes."""
        if isinstance(inputs, Tensor):
            return self.symbolic_mask([inputs])
        x = self.prepare(inputs)
        operator: core.Masking = self.operator
        return operator.mask(x)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)
