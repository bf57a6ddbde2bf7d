"""A fully connected layer: `activation(x . kernel + bias)` over the last axis."""

from __future__ import annotations

from typing import Any

from tidegate import activations
from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument, later
from tidegate.layers.kinds import Activation, Constraint, Flag, Initializer, PositiveInteger, Regularizer
from tidegate.layers.layer import Layer
from tidegate.random import Training
from tidegate.variable import Array, Variable, values_of


class Dense(Layer):
    """Fully connected: float32 or float64 `[..., F]` (two axes or more) to `[..., units]`.

    Args:
        units: length of the last axis of the output.
        activation: a name or a function of `tidegate.activations`; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values, of `tidegate.initializers`.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties, of `tidegate.regularizers`; the
            last is on the output, for a row of the batch.
        kernel_constraint, bias_constraint: what a step must leave, of `tidegate.constraints`.

    Weights: kernel [F, units], bias [units].

    LoRA and quantization are refused by name.
    """

    arguments = (
        Argument("units", REQUIRED, PositiveInteger()),
        Argument("activation", None, Activation()),
        Argument("use_bias", True, Flag()),
        Argument("kernel_initializer", "glorot_uniform", Initializer()),
        Argument("bias_initializer", "zeros", Initializer()),
        Argument("kernel_regularizer", None, Regularizer()),
        Argument("bias_regularizer", None, Regularizer()),
        Argument("activity_regularizer", None, Regularizer(), in_config=False),
        Argument("kernel_constraint", None, Constraint()),
        Argument("bias_constraint", None, Constraint()),
        later("lora_rank", in_config=False),
        later("lora_alpha", in_config=False),
        later("quantization_config"),
    )

    units: int
    activation: activations.Activation
    use_bias: bool
    kernel_initializer: Any
    bias_initializer: Any

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        variables = [self.new_variable("kernel", (input_shape[-1] or 0, self.units), self.kernel_initializer)]
        if self.use_bias:
            variables.append(self.new_variable("bias", (self.units,), self.bias_initializer))
        return variables

    def create_operator(self) -> core.Dense:
        activation = activations.serialize(self.activation)
        return core.Dense(self.units, activation=activation, use_bias=self.use_bias)

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, core.Kept | None]:
        operator: core.Dense = self.operator
        return operator.forward(inputs, values_of(self._variables) if weights is None else weights, keep)

    def backward(
        self, kept: core.Kept, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        operator: core.Dense = self.operator
        return operator.backward(kept, d_outputs, need_d_inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)
