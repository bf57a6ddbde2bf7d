"""Layers that hand on what they get: Identity, and ActivityRegularization with its penalty."""

from __future__ import annotations

from typing import Any

from tidegate.inputs import Shape
from tidegate.layers.arguments import Argument
from tidegate.layers.number_kinds import Number
from tidegate.layers.plain import Plain
from tidegate.random import Training
from tidegate.regularizers import L1L2
from tidegate.variable import Array


class Identity(Plain):
    """`[batch, ...]` to the same; a mask goes on."""

    def create_operator(self) -> None:
        return None

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, None]:
        return inputs, None

    def backward(
        self, kept: None, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        return d_outputs if need_d_inputs else None, []

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


class ActivityRegularization(Identity):
    """Adds `l1 * sum(|x|) + l2 * sum(x^2)`, for a row of the batch, to the loss.

    Args:
        l1, l2: at least 0.
    """

    arguments = (Argument("l1", 0.0, Number(0)), Argument("l2", 0.0, Number(0)))

    l1: float
    l2: float

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.activity_regularizer = L1L2(self.l1, self.l2)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["activity_regularizer"]  # which follows from the other two
        return config
