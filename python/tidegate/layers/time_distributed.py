"""A layer on every timestep alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument
from tidegate.layers.input_layer import InputLayer
from tidegate.layers.layer import Layer, Steps
from tidegate.layers.wrapper import InnerLayer, Wrapper
from tidegate.random import Training
from tidegate.variable import Array, Variable


class TimeDistributed(Wrapper):
    """`[B, T, ...]` to `[B, T, ...]`: the layer in it sees each step as a row, `[B T, ...]`.

    Args:
        layer: of one output, for inputs without the axis of time.
        input_shape: (timesteps, ...) on the first layer of a Sequential.

    Weights: those of the layer. A mask goes on with the output; the layer does not see it.

    Example:
        >>> TimeDistributed(Dense(4))(np.zeros((2, 10, 3))).shape
        (2, 10, 4)
    """

    arguments = (Argument("layer", REQUIRED, InnerLayer()),)
    inner = ("layer",)

    layer: Layer

    def make_inner(self) -> None:
        if isinstance(self.layer, InputLayer):
            raise ValueError(
                f"{self.title}: argument `layer` must be a layer that computes; received {self.layer!r}"
            )

        if self.layer.stateful:
            raise ValueError(f"{self.title}: a stateful layer is not supported: {self.layer.title}")

    def inner_shape(self, input_shape: Shape) -> Shape:
        return (None, *input_shape[2:])

    def check_input(self, shape: Shape) -> None:
        if len(shape) < 3 or shape[1] == 0:
            raise ValueError(
                f"{self.title}: the input must have the axes [batch, timesteps, ...] and at least one "
                f"timestep; received the shape {shape}"
            )
        self.layer.check_input(self.inner_shape(shape))
        if isinstance(self.layer.compute_output_shape(self.inner_shape(shape)), list):
            raise ValueError(f"{self.title}: a layer of several outputs is not supported: {self.layer.title}")

    def create_operator(self) -> core.TimeDistributed | None:
        steps = self.layer.steps()
        if steps is None or len(steps) > 1 or steps[0][0] is None:
            return None
        return core.TimeDistributed(steps[0][0])

    def steps(self) -> Steps | None:
        steps = self.layer.steps()
        return super().steps() if steps is not None and len(steps) == 1 else None

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        if training is not None:
            batch, timesteps = inputs.shape[:2]
            rows = np.arange(batch) if training.rows is None else training.rows
            steps = rows[:, np.newaxis] * timesteps + np.arange(timesteps)
            training = training._replace(rows=np.ascontiguousarray(steps.reshape(-1), np.int64))
        outputs, kept = self.layer.forward(_rows(inputs), weights=weights, training=training, keep=keep)
        return outputs.reshape(*inputs.shape[:2], *outputs.shape[1:]), kept

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True, **of_losses: float
    ) -> tuple[Array | None, list[Array]]:
        d_inputs, d_weights = self.layer.backward(
            kept, _rows(d_outputs), need_d_inputs=need_d_inputs, **of_losses
        )
        if d_inputs is not None:
            d_inputs = d_inputs.reshape(*d_outputs.shape[:2], *d_inputs.shape[1:])
        return d_inputs, d_weights

    @property
    def adds_losses(self) -> bool:
        return self.layer.adds_losses

    def added_losses(self, kept: Any) -> list[float]:
        return self.layer.added_losses(kept)

    def updates(self, kept: Any, earlier: dict[Variable, Array]) -> dict[Variable, Array]:
        return self.layer.updates(kept, earlier)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        of_step = self.layer.compute_output_shape(self.inner_shape(input_shape))
        return (*input_shape[:2], *of_step[1:])


def _rows(steps: Array) -> Array:
    """[B, T, ...] as [B T, ...]."""
    return steps.reshape(steps.shape[0] * steps.shape[1], *steps.shape[2:])
