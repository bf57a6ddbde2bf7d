"""What layers without weights share: one array goes in, one comes out."""

from __future__ import annotations

from typing import Any, ClassVar

from tidegate.inputs import Shape
from tidegate.layers.layer import Layer
from tidegate.random import Training
from tidegate.variable import Array


class Plain(Layer):
    """The base of such layers. Their native operators keep nothing: a backward is given the two arrays.

    A subclass writes `create_operator` and `compute_output_shape`, and says how many axes it takes.
    """

    rank: ClassVar[int | None] = None  # None: any number of axes from the batch's on
    axes: ClassVar[str] = "[batch, ...]"

    def check_input(self, shape: Shape) -> None:
        if not shape or len(shape) != (self.rank or len(shape)):
            raise ValueError(
                f"{self.title}: the input must have the axes {self.axes}; received the shape {shape}"
            )

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        outputs: Array = self.operator.forward(inputs)
        return outputs, (inputs, outputs) if keep else None

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        return self.operator.backward(*kept, d_outputs) if need_d_inputs else None, []


class Unmasked(Plain):
    """The base of those whose output has other timesteps than the input: a mask ends there."""

    def compute_mask(self, inputs: Any, mask: Array | None = None) -> Array | None:
        return None
