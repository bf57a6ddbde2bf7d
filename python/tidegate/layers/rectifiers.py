"""Rectified linear units and their kin as layers of their own."""

from __future__ import annotations

from math import inf
from typing import Any

from tidegate._native import core
from tidegate.inputs import Shape, integer, warn
from tidegate.layers.arguments import Argument
from tidegate.layers.kinds import Constraint, Initializer, Kind, Optional, Regularizer
from tidegate.layers.layer import Layer
from tidegate.layers.number_kinds import Number
from tidegate.layers.plain import Plain
from tidegate.random import Training
from tidegate.variable import Array, Variable, values_of


class ReLU(Plain):
    """`min(x, max_value)` above the threshold, `negative_slope * (x - threshold)` up to it.

    float32 or float64 `[batch, ...]` to the same shape; a mask goes on.

    Args:
        max_value: at least 0; None for no limit.
        negative_slope: at least 0.
        threshold: at least 0.

    Example:
        >>> ReLU(max_value=3.0)(np.array([[-1.0, 2.0, 5.0]]))
        array([[0., 2., 3.]], dtype=float32)
    """

    arguments = (
        Argument("max_value", None, Optional(Number(0))),
        Argument("negative_slope", 0.0, Number(0)),
        Argument("threshold", 0.0, Number(0)),
    )

    max_value: float | None
    negative_slope: float
    threshold: float

    def create_operator(self) -> core.ReLU:
        most = inf if self.max_value is None else self.max_value
        return core.ReLU(self.negative_slope, self.threshold, most)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


class LeakyReLU(Plain):
    """`x` above zero, `negative_slope * x` up to it; float32 or float64 `[batch, ...]` to the same shape.

    Args:
        negative_slope: at least 0.
        alpha: the same by its older name, with a warning.

    Example:
        >>> LeakyReLU(0.5)(np.array([[-1.0, 2.0]]))
        array([[-0.5,  2. ]], dtype=float32)
    """

    arguments = (
        Argument("negative_slope", 0.3, Number(0)),
        Argument("alpha", None, Optional(Number(0)), positional=False, in_config=False),
    )

    negative_slope: float
    alpha: float | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.alpha is not None:
            warn("LeakyReLU: `alpha` is called `negative_slope` in Keras 3")
            self.negative_slope = self.alpha

    def create_operator(self) -> core.ReLU:
        return core.ReLU(self.negative_slope, 0.0, inf)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


class ELU(Plain):
    """`x` above zero, `alpha * (exp(x) - 1)` up to it; float32 or float64 `[batch, ...]` to the same shape.

    Args:
        alpha: minus the limit far below zero.

    Source: Clevert, Unterthiner and Hochreiter, ICLR 2016.
    """

    arguments = (Argument("alpha", 1.0, Number()),)

    alpha: float

    def create_operator(self) -> core.ELU:
        return core.ELU(self.alpha)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


class _SharedAxes(Kind):
    """Numbers of axes, from 1 on, in a list; or one alone, or None."""

    def read(self, value: Any, name: str, owner: str) -> list[int] | None:
        if value is None:
            return None
        axes = list(value) if isinstance(value, (list, tuple)) else [value]
        found = [axis for axis in map(integer, axes) if axis is not None and axis > 0]
        if len(found) != len(axes):
            raise ValueError(
                f"{owner}: argument `{name}` must be numbers of axes, from 1 on; received {value!r:.80}"
            )
        return found


class PReLU(Layer):
    """`x` above zero, `alpha * x` up to it, with slopes that are learned.

    float32 or float64 `[batch, ...]` to the same shape; a mask goes on.

    Args:
        alpha_initializer: first values, of `tidegate.initializers`.
        alpha_regularizer: a penalty, of `tidegate.regularizers`.
        alpha_constraint: what a step must leave, of `tidegate.constraints`.
        shared_axes: the axes along which all elements have one slope, such as [1] for that of time.

    Weights: alpha, of the input's shape without the batch axis, with length 1 for shared axes.

    Source: He et al., "Delving deep into rectifiers", ICCV 2015.

    Example:
        >>> PReLU(shared_axes=[1])(np.zeros((2, 10, 3))).shape
        (2, 10, 3)
    """

    axes = "[batch, ...]"
    arguments = (
        Argument("alpha_initializer", "zeros", Initializer()),
        Argument("alpha_regularizer", None, Regularizer()),
        Argument("alpha_constraint", None, Constraint()),
        Argument("shared_axes", None, _SharedAxes()),
    )

    alpha_initializer: Any
    shared_axes: list[int] | None

    def check_input(self, shape: Shape) -> None:
        built, shared = self.build_shape or shape, self.shared_axes or []
        own = [axis for axis in range(1, len(built)) if axis not in shared]
        if len(shape) < 2 or len(shape) != len(built) or any(axis >= len(built) for axis in shared):
            raise ValueError(
                f"{self.title}: the input must have the axes {self.axes} of `shared_axes` and of what it was "
                f"built for; received the shape {tuple(shape)}"
            )
        if any(built[axis] is None or shape[axis] not in (None, built[axis]) for axis in own):
            raise ValueError(
                f"{self.title}: the axes of the input that are not among `shared_axes` must have a known "
                f"length, that of {tuple(built)}; received the shape {tuple(shape)}"
            )

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        shared = self.shared_axes or []
        lengths = [1 if axis in shared else length or 0 for axis, length in enumerate(input_shape)]
        return [self.new_variable("alpha", tuple(lengths[1:]), self.alpha_initializer)]

    def create_operator(self) -> core.PReLU:
        return core.PReLU()

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        (alpha,) = values_of(self._variables) if weights is None else weights
        return self.operator.forward(inputs, alpha), (inputs, alpha) if keep else None

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        d_inputs, d_alpha = self.operator.backward(*kept, d_outputs, need_d_inputs)
        return d_inputs, [d_alpha]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)
