"""Convolutions over time of each feature by itself, and what may follow: a product of each step's features
(Chollet, CVPR 2017).
"""

from __future__ import annotations

from typing import Any

from tidegate import activations
from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument, Table, later
from tidegate.layers.conv import Windows
from tidegate.layers.kinds import Activation, Constraint, Flag, Initializer, PositiveInteger, Regularizer
from tidegate.layers.number_kinds import Length, Word
from tidegate.random import Training
from tidegate.variable import Array, Variable, values_of

_WINDOWS: Table = (
    Argument("kernel_size", REQUIRED, Length()),
    Argument("strides", 1, Length()),
    Argument("padding", "valid", Word("valid", "same")),
)
_OUTPUT: Table = (Argument("activation", None, Activation()), Argument("use_bias", True, Flag()))


def _rules(kernels: tuple[str, ...]) -> Table:
    """Initializers, regularizers and constraints of these kernels and of the bias."""
    return (
        *(Argument(f"{name}_initializer", "glorot_uniform", Initializer()) for name in kernels),
        Argument("bias_initializer", "zeros", Initializer()),
        *(Argument(f"{name}_regularizer", None, Regularizer()) for name in (*kernels, "bias")),
        Argument("activity_regularizer", None, Regularizer()),
        *(Argument(f"{name}_constraint", None, Constraint()) for name in (*kernels, "bias")),
    )


class _Depthwise(Windows):
    """Each feature with `depth_multiplier` filters of its own."""

    depth_multiplier: int
    depthwise_initializer: Any
    depthwise_regularizer: Any
    depthwise_constraint: Any
    bias_initializer: Any

    def depthwise_variable(self, name: str, features: int) -> Variable:
        shape = (self.kernel_size, features, self.depth_multiplier)
        variable = self.new_variable(name, shape, self.depthwise_initializer)
        variable.regularizer, variable.constraint = self.depthwise_regularizer, self.depthwise_constraint
        return variable

    def depthwise_operator(self, activation: str, use_bias: bool) -> core.Conv1D:
        assert self.build_shape is not None
        features = self.build_shape[-1] or 0
        return core.Conv1D(
            features * self.depth_multiplier,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            groups=features,
            activation=activation,
            use_bias=use_bias,
            depthwise=True,
        )


class DepthwiseConv1D(_Depthwise):
    """float32 or float64 `[batch, timesteps, features]` to `[batch, windows, features * depth_multiplier]`.

    Args:
        kernel_size: taps of a window.
        strides: steps from one window to the next.
        padding: "valid" for windows within the sequence; "same" for ceil(timesteps / strides) of them.
        depth_multiplier: filters of each feature.
        data_format: only "channels_last".
        dilation_rate: steps from one tap to the next; 1 where `strides` are not.
        activation: a name or a function of `tidegate.activations`; None for none.
        use_bias: whether a bias is added.
        depthwise_initializer, bias_initializer: first values, of `tidegate.initializers`.
        depthwise_regularizer, bias_regularizer, activity_regularizer: penalties, of `tidegate.regularizers`;
            the last is on the output, for a row of the batch.
        depthwise_constraint, bias_constraint: what a step must leave, of `tidegate.constraints`.

    Weights: kernel [kernel_size, features, depth_multiplier], bias [features * depth_multiplier].

    Example:
        >>> DepthwiseConv1D(3, depth_multiplier=2)(np.zeros((2, 10, 4))).shape
        (2, 8, 8)
    """

    arguments = (
        *_WINDOWS,
        Argument("depth_multiplier", 1, PositiveInteger()),
        later("data_format", "channels_last"),
        Argument("dilation_rate", 1, Length()),
        *_OUTPUT,
        *_rules(("depthwise",)),
    )

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        features = input_shape[-1] or 0
        variables = [self.depthwise_variable("kernel", features)]
        if self.use_bias:
            width = features * self.depth_multiplier
            variables.append(self.new_variable("bias", (width,), self.bias_initializer))
        return variables

    def create_operator(self) -> core.Conv1D:
        return self.depthwise_operator(activations.serialize(self.activation), self.use_bias)

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
        batch, timesteps, features = input_shape
        return batch, self.windows(timesteps), (features or 0) * self.depth_multiplier


class SeparableConv1D(_Depthwise):
    """float32 or float64 `[batch, timesteps, features]` to `[batch, windows, filters]`.

    Args:
        filters: length of the last axis of the output.
        kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier: as of `DepthwiseConv1D`.
        activation, use_bias: of the output.
        depthwise_initializer, pointwise_initializer, bias_initializer: first values.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer: penalties; the
            last is on the output, for a row of the batch.
        depthwise_constraint, pointwise_constraint, bias_constraint: what a step must leave.

    Weights: depthwise_kernel [kernel_size, features, depth_multiplier], pointwise_kernel
    [1, features * depth_multiplier, filters], bias [filters].

    Example:
        >>> SeparableConv1D(6, 3)(np.zeros((2, 10, 4))).shape
        (2, 8, 6)
    """

    arguments = (
        Argument("filters", REQUIRED, PositiveInteger()),
        *_WINDOWS,
        later("data_format", "channels_last"),
        Argument("dilation_rate", 1, Length()),
        Argument("depth_multiplier", 1, PositiveInteger()),
        *_OUTPUT,
        *_rules(("depthwise", "pointwise")),
    )

    filters: int
    pointwise_initializer: Any

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        features = input_shape[-1] or 0
        pointwise = (1, features * self.depth_multiplier, self.filters)
        variables = [
            self.depthwise_variable("depthwise_kernel", features),
            self.new_variable("pointwise_kernel", pointwise, self.pointwise_initializer),
        ]
        if self.use_bias:
            variables.append(self.new_variable("bias", (self.filters,), self.bias_initializer))
        return variables

    def create_operator(self) -> core.Chained:
        activation = activations.serialize(self.activation)
        self._first = self.depthwise_operator("linear", False)
        self._second = core.Conv1D(self.filters, 1, activation=activation, use_bias=self.use_bias)
        return core.Chained(self._first, self._second, 1)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_first": None, "_second": None}

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
        middle, _ = self._first.forward(inputs, weights[:1])
        outputs, sums = self._second.forward(middle, weights[1:], keep)
        return outputs, (inputs, middle, weights, sums, outputs) if keep else None

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        inputs, middle, weights, sums, outputs = kept
        d_middle, d_second = self._second.backward(middle, weights[1:], sums, outputs, d_outputs)
        assert d_middle is not None  # it is asked for
        d_inputs, d_first = self._first.backward(inputs, weights[:1], None, middle, d_middle, need_d_inputs)
        return d_inputs, [*d_first, *d_second]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape[0], self.windows(input_shape[1]), self.filters
