"""Normalizations that no batch and no training changes: of groups of features (Wu and He, ECCV 2018), by the
root mean square (Zhang and Sennrich, NeurIPS 2019), and to length 1.
"""

from __future__ import annotations

from typing import Any

from tidegate import initializers
from tidegate._native import core
from tidegate.inputs import Shape, integer
from tidegate.layers.arguments import Argument
from tidegate.layers.kinds import Kind
from tidegate.layers.layer import Layer
from tidegate.layers.normalization import (
    CENTER_AND_SCALE,
    INITIALIZERS,
    RULES,
    Normalizing,
)
from tidegate.layers.number_kinds import LastAxis, Number
from tidegate.layers.over_axes import AxisOrAxes, OverAxes
from tidegate.random import Training
from tidegate.variable import Array, Variable, values_of


class _Groups(Kind):
    """A positive integer, or -1."""

    def read(self, value: Any, name: str, owner: str) -> int:
        groups = integer(value)
        if groups is None or (groups < 1 and groups != -1):
            raise ValueError(
                f"{owner}: argument `{name}` must be a positive integer or -1; received {value!r:.80}"
            )
        return groups


class GroupNormalization(Normalizing):
    """`gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with moments of each group of features.

    float32 or float64 `[batch, ..., features]` to the same shape; a mask goes on. The moments are those of a
    row of the batch, over all of its axes.

    Args:
        groups: how many, which divides the number of features; -1 for as many as features.
        axis: -1, or the place of the last axis.
        epsilon: added to the variance.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer, gamma_initializer: first values, of `tidegate.initializers`.
        beta_regularizer, gamma_regularizer: penalties, of `tidegate.regularizers`.
        beta_constraint, gamma_constraint: what a step must leave, of `tidegate.constraints`.

    Weights: gamma [features], beta [features].
    """

    arguments = (
        Argument("groups", 32, _Groups()),
        Argument("axis", -1, LastAxis(in_list=False)),
        Argument("epsilon", 1e-3, Number(0)),
        *CENTER_AND_SCALE,
        *INITIALIZERS,
        *RULES,
    )

    groups: int

    def check_input(self, shape: Shape) -> None:
        super().check_input(shape)
        if self.groups > 0 and (shape[-1] or 0) % self.groups:
            raise ValueError(
                f"{self.title}: the features of the input must be a multiple of the {self.groups} groups; "
                f"received the shape {tuple(shape)}"
            )

    def create_operator(self) -> core.GroupNormalization:
        arguments = self.operator_arguments()
        if self.groups == -1:
            self.groups = arguments["features"]
        return core.GroupNormalization(self.groups, **arguments)

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
        outputs, moments = self.operator.forward(inputs, weights)
        return outputs, (inputs, moments, weights) if keep else None

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        operator: core.GroupNormalization = self.operator
        inputs, moments, weights = kept
        return operator.backward(inputs, moments, weights, d_outputs, need_d_inputs)


class RMSNormalization(Layer):
    """`scale * x / sqrt(mean(x^2) + epsilon)` of each `x[..., :]`.

    float32 or float64 `[batch, ..., features]` to the same shape. A mask ends here, as in Keras.

    Args:
        axis: -1, or the place of the last axis.
        epsilon: added to the mean.

    Weights: scale [features].
    """

    arguments = (Argument("axis", -1, LastAxis(in_list=True)), Argument("epsilon", 1e-6, Number(0)))

    axis: int
    epsilon: float

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        LastAxis.check(self.axis, input_shape, self.title)
        return [self.new_variable("scale", (input_shape[-1] or 0,), initializers.get("ones"))]

    def create_operator(self) -> core.RMSNormalization:
        return core.RMSNormalization(self.epsilon)

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        (scale,) = values_of(self._variables) if weights is None else weights
        outputs, inverse = self.operator.forward(inputs, scale)
        return outputs, (inputs, inverse, scale) if keep else None

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        d_inputs, d_scale = self.operator.backward(*kept, d_outputs, need_d_inputs)
        return d_inputs, [d_scale]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def compute_mask(self, inputs: Any, mask: Array | None = None) -> Array | None:
        return None


class UnitNormalization(OverAxes):
    """What lies along an axis over its Euclidean length, which counts as 1e-12 where it is less.

    float32 or float64 `[batch, ...]` to the same shape; a mask goes on.

    Args:
        axis: an axis, or a tuple of neighbouring ones that are taken together; not the batch's.

    Example:
        >>> UnitNormalization()(np.array([[3.0, 4.0]]))
        array([[0.6, 0.8]], dtype=float32)
    """

    arguments = (Argument("axis", -1, AxisOrAxes()),)

    def create_operator(self) -> core.UnitNormalization:
        return core.UnitNormalization(*self.built_axes())
