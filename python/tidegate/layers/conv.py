"""A convolution over time: `activation(sum over taps of x . kernel[tap] + bias)` of every window of steps."""

from __future__ import annotations

from typing import Any

from tidegate import activations
from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument, later
from tidegate.layers.kinds import Activation, Constraint, Flag, Initializer, PositiveInteger, Regularizer
from tidegate.layers.layer import Layer
from tidegate.layers.number_kinds import Length, Word
from tidegate.random import Training
from tidegate.variable import Array, Variable, values_of


class Conv1D(Layer):
    """float32 or float64 `[batch, timesteps, features]` to `[batch, windows, filters]`.

    Args:
        filters: length of the last axis of the output.
        kernel_size: taps of a window.
        strides: steps from one window to the next.
        padding: "valid" for windows within the sequence; "same" for ceil(timesteps / strides) of them, which
            reach beyond both ends, over zeros; "causal" for as many, none of which reaches beyond its step.
        data_format: only "channels_last".
        dilation_rate: steps from one tap to the next; 1 where `strides` are not.
        groups: into which features and filters are split; a filter sees the features of its group.
        activation: a name or a function of `tidegate.activations`; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: first values, of `tidegate.initializers`.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties, of `tidegate.regularizers`; the
            last is on the output, for a row of the batch.
        kernel_constraint, bias_constraint: what a step must leave, of `tidegate.constraints`.

    Weights: kernel [kernel_size, features / groups, filters], bias [filters].

    A mask ends here, and masked steps are read like all others, as in Keras.

    Example:
        >>> Conv1D(8, 3, padding="causal")(np.zeros((2, 10, 4))).shape
        (2, 10, 8)
    """

    axes = "[batch, timesteps, features]"
    minimum_rank = 3
    arguments = (
        Argument("filters", REQUIRED, PositiveInteger()),
        Argument("kernel_size", REQUIRED, Length()),
        Argument("strides", 1, Length()),
        Argument("padding", "valid", Word("valid", "same", "causal")),
        later("data_format", "channels_last"),
        Argument("dilation_rate", 1, Length()),
        Argument("groups", 1, PositiveInteger()),
        Argument("activation", None, Activation()),
        Argument("use_bias", True, Flag()),
        Argument("kernel_initializer", "glorot_uniform", Initializer()),
        Argument("bias_initializer", "zeros", Initializer()),
        Argument("kernel_regularizer", None, Regularizer()),
        Argument("bias_regularizer", None, Regularizer()),
        Argument("activity_regularizer", None, Regularizer()),
        Argument("kernel_constraint", None, Constraint()),
        Argument("bias_constraint", None, Constraint()),
    )

    filters: int
    kernel_size: int
    strides: int
    padding: str
    dilation_rate: int
    groups: int
    activation: activations.Activation
    use_bias: bool
    kernel_initializer: Any
    bias_initializer: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.filters % self.groups:
            raise ValueError(
                f"Conv1D: argument `groups` must divide the {self.filters} filters; received {self.groups}"
            )
        if self.strides > 1 and self.dilation_rate > 1:
            raise ValueError(
                f"Conv1D: argument `dilation_rate` must be 1 with strides of {self.strides}; "
                f"received {self.dilation_rate}"
            )

    def check_input(self, shape: Shape) -> None:
        super().check_input(shape)
        features, timesteps = shape[-1] or 0, shape[1]
        if features % self.groups:
            raise ValueError(
                f"{self.title}: the features of the input must be a multiple of the {self.groups} groups; "
                f"received the shape {shape}"
            )
        if self.padding == "valid" and timesteps is not None and timesteps < self._span:
            raise ValueError(
                f"{self.title}: the input must have at least {self._span} timesteps; "
                f"received the shape {shape}"
            )

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        shape = (self.kernel_size, (input_shape[-1] or 0) // self.groups, self.filters)
        variables = [self.new_variable("kernel", shape, self.kernel_initializer)]
        if self.use_bias:
            variables.append(self.new_variable("bias", (self.filters,), self.bias_initializer))
        return variables

    def create_operator(self) -> core.Conv1D:
        return core.Conv1D(
            self.filters,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            groups=self.groups,
            activation=activations.serialize(self.activation),
            use_bias=self.use_bias,
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
        weights = values_of(self._variables) if weights is None else weights
        outputs, sums = self.operator.forward(inputs, weights, keep)
        return outputs, (inputs, weights, sums, outputs) if keep else None

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        operator: core.Conv1D = self.operator
        inputs, weights, sums, outputs = kept
        return operator.backward(inputs, weights, sums, outputs, d_outputs, need_d_inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, timesteps, _ = input_shape
        if timesteps is not None:
            reach = self._span if self.padding == "valid" else 1
            timesteps = (timesteps - reach) // self.strides + 1
        return batch, timesteps, self.filters

    def compute_mask(self, inputs: Any, mask: Array | None = None) -> Array | None:
        return None

    @property
    def _span(self) -> int:
        """Steps from the first tap of a window to behind its last."""
        return (self.kernel_size - 1) * self.dilation_rate + 1
