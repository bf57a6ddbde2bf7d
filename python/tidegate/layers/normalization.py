"""Layer normalization (Ba et al. 2016) and batch normalization (Ioffe and Szegedy 2015), over the last
axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import Argument, Table, later
from tidegate.layers.kinds import Constraint, Flag, Initializer, Later, Regularizer
from tidegate.layers.layer import Layer
from tidegate.layers.number_kinds import LastAxis, Number
from tidegate.random import Training
from tidegate.variable import Array, Variable, values_of

CENTER_AND_SCALE: Table = (Argument("center", True, Flag()), Argument("scale", True, Flag()))
INITIALIZERS: Table = (
    Argument("beta_initializer", "zeros", Initializer()),
    Argument("gamma_initializer", "ones", Initializer()),
)
RULES: Table = (
    Argument("beta_regularizer", None, Regularizer()),
    Argument("gamma_regularizer", None, Regularizer()),
    Argument("beta_constraint", None, Constraint()),
    Argument("gamma_constraint", None, Constraint()),
)


class Normalizing(Layer):
    """gamma and beta, as far as there are, of the features of the last axis."""

    axis: int
    epsilon: float
    center: bool
    scale: bool
    beta_initializer: Any
    gamma_initializer: Any

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        LastAxis.check(self.axis, input_shape, self.title)
        given = (("gamma", self.scale, self.gamma_initializer), ("beta", self.center, self.beta_initializer))
        features = (input_shape[-1] or 0,)
        return [self.new_variable(name, features, initial) for name, there, initial in given if there]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def operator_arguments(self) -> dict[str, Any]:
        assert self.build_shape is not None
        features = self.build_shape[-1] or 0
        return {"features": features, "epsilon": self.epsilon, "center": self.center, "scale": self.scale}


class LayerNormalization(Normalizing):
    """`gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with the moments of each `x[..., :]` alone.

    float32 or float64 `[batch, ..., features]` to the same shape; a mask goes on.

    Args:
        axis: -1, or the place of the last axis.
        epsilon: added to the variance.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer, gamma_initializer: first values, of `tidegate.initializers`.
        beta_regularizer, gamma_regularizer: penalties, of `tidegate.regularizers`.
        beta_constraint, gamma_constraint: what a step must leave, of `tidegate.constraints`.

    Weights: gamma [features], beta [features].

    `rms_scaling` is refused by name.
    """

    arguments = (
        Argument("axis", -1, LastAxis(in_list=True)),
        Argument("epsilon", 1e-3, Number(0)),
        *CENTER_AND_SCALE,
        *INITIALIZERS,
        *RULES,
        Argument("rms_scaling", False, Later(False), positional=False),
    )

    def create_operator(self) -> core.LayerNormalization:
        return core.LayerNormalization(**self.operator_arguments())

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
        operator: core.LayerNormalization = self.operator
        inputs, moments, weights = kept
        return operator.backward(inputs, moments, weights, d_outputs, need_d_inputs)


class BatchNormalization(Normalizing):
    """`gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with moments of each feature.

    float32 or float64 `[batch, ..., features]` to the same shape; a mask goes on. In training the moments are
    those of the batch's unmasked steps, and the moving ones become `momentum * moving + (1 - momentum) *
    batch's`. In inference, and in a layer that is not `trainable`, they are the moving ones.

    Args:
        axis: -1, or the place of the last axis.
        momentum: share of the moving moments that a training step leaves.
        epsilon: added to the variance.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: first
            values, of `tidegate.initializers`.
        beta_regularizer, gamma_regularizer: penalties, of `tidegate.regularizers`.
        beta_constraint, gamma_constraint: what a step must leave, of `tidegate.constraints`.

    Weights: gamma [features], beta [features] and, not trainable, moving_mean and moving_variance [features].

    `renorm` and `synchronized` are refused by name.
    """

    arguments = (
        Argument("axis", -1, LastAxis(in_list=False)),
        Argument("momentum", 0.99, Number(0, 1)),
        Argument("epsilon", 1e-3, Number(0)),
        *CENTER_AND_SCALE,
        *INITIALIZERS,
        Argument("moving_mean_initializer", "zeros", Initializer()),
        Argument("moving_variance_initializer", "ones", Initializer()),
        *RULES,
        later("renorm", False),
        later("renorm_clipping"),
        later("renorm_momentum", 0.99),
        later("synchronized", False),
    )

    uses_mask = True

    momentum: float
    moving_mean_initializer: Any
    moving_variance_initializer: Any

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        features = (input_shape[-1] or 0,)
        moving = [
            self.new_variable("moving_mean", features, self.moving_mean_initializer),
            self.new_variable("moving_variance", features, self.moving_variance_initializer),
        ]
        for variable in moving:
            variable.trainable = False
        return [*super().create_variables(input_shape), *moving]

    def create_operator(self) -> core.BatchNormalization:
        return core.BatchNormalization(**self.operator_arguments())

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        used = values_of(self._variables) if weights is None else weights
        of_batch = training is not None and self.trainable
        if of_batch:
            mask = _of_features(mask, inputs.shape[:-1])
            moving = used[-2:]
            used = [*used[:-2], *self.operator.moments(inputs, mask)]
        outputs: Array = self.operator.forward(inputs, used)
        if not keep:
            return outputs, None
        return outputs, (inputs, used, mask, moving if of_batch else None)

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Any]]:
        inputs, used, mask, moving = kept
        d_inputs, d_weights = self.operator.backward(
            inputs, used, d_outputs, moving is not None, mask, need_d_inputs
        )
        return d_inputs, [*d_weights, None, None]  # the moving moments have no gradient

    def updates(self, kept: Any, earlier: dict[Variable, Array]) -> dict[Variable, Array]:
        _, used, _, moving = kept
        if moving is None:
            return {}
        keep, take = (used[-1].dtype.type(share) for share in (self.momentum, 1 - self.momentum))
        return {
            variable: earlier.get(variable, old) * keep + new * take
            for variable, old, new in zip(self._variables[-2:], moving, used[-2:], strict=True)
        }


def _of_features(mask: Array | None, shape: tuple[int, ...]) -> Array | None:
    """A mask [batch, timesteps] for every vector of features; `shape` has the axes before theirs."""
    if mask is None:
        return None
    return np.ascontiguousarray(np.broadcast_to(mask.reshape(mask.shape + (1,) * (len(shape) - 2)), shape))
