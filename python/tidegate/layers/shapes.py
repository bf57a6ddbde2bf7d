"""Layers that arrange elements anew and compute nothing: Flatten, Reshape, RepeatVector, Permute."""

from __future__ import annotations

from math import prod
from typing import Any

from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument, later
from tidegate.layers.kinds import PositiveInteger
from tidegate.layers.number_kinds import Lengths
from tidegate.layers.plain import Unmasked
from tidegate.random import Training
from tidegate.variable import Array


class _View(Unmasked):
    """The same elements under another shape; nothing is copied, in Python or in a Program."""

    target_shape: tuple[int, ...]

    def create_operator(self) -> core.Reshape:
        return core.Reshape(self.target_shape)

    def check_input(self, shape: Shape) -> None:
        super().check_input(shape)
        self.compute_output_shape(shape)

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        return inputs.reshape(self.compute_output_shape(inputs.shape)), inputs.shape if keep else None

    def backward(
        self, kept: tuple[int, ...], d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        return d_outputs.reshape(kept) if need_d_inputs else None, []

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, *rest = input_shape
        known = prod(axis for axis in self.target_shape if axis >= 0)
        if None in rest:
            return (batch, *(None if axis < 0 else axis for axis in self.target_shape))
        elements = prod(axis for axis in rest if axis is not None)
        unknown = elements // known if known else 0
        shape = [unknown if axis < 0 else axis for axis in self.target_shape]
        if prod(shape) != elements:
            raise ValueError(
                f"{self.title}: the input must have rows that fit the target shape {self.target_shape}; "
                f"received the shape {tuple(input_shape)}"
            )
        return (batch, *shape)


class Flatten(_View):
    """`[batch, ...]` to `[batch, elements]`.

    Args:
        data_format: only "channels_last".

    Example:
        >>> Flatten()(np.zeros((2, 3, 4))).shape
        (2, 12)
    """

    arguments = (later("data_format", "channels_last"),)
    target_shape = (-1,)


class Reshape(_View):
    """`[batch, ...]` to `[batch, *target_shape]`.

    Args:
        target_shape: without the batch axis; one length may be -1, which is what the others leave.

    Example:
        >>> Reshape((2, -1))(np.zeros((5, 6))).shape
        (5, 2, 3)
    """

    arguments = (Argument("target_shape", REQUIRED, Lengths(-1)),)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.target_shape.count(-1) > 1:
            raise ValueError(
                f"Reshape: argument `target_shape` may have one -1; received {self.target_shape}"
            )


class RepeatVector(Unmasked):
    """`[batch, features]` to `[batch, n, features]`: the same row for every timestep.

    Args:
        n: how often.

    Example:
        >>> RepeatVector(3)(np.zeros((2, 4))).shape
        (2, 3, 4)
    """

    rank = 2
    axes = "[batch, features]"
    arguments = (Argument("n", REQUIRED, PositiveInteger()),)

    n: int

    def create_operator(self) -> core.RepeatVector:
        return core.RepeatVector(self.n)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.n, input_shape[1])


class Permute(Unmasked):
    """The axes behind the batch's in another order.

    Args:
        dims: the numbers of the input's axes, from 1 on, in the order of the output.

    Example:
        >>> Permute((2, 1))(np.zeros((5, 3, 4))).shape
        (5, 4, 3)
    """

    arguments = (Argument("dims", REQUIRED, Lengths()),)

    dims: tuple[int, ...]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.dims or sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"Permute: argument `dims` must hold every number from 1 on once; received {self.dims}"
            )

    def check_input(self, shape: Shape) -> None:
        if len(shape) != len(self.dims) + 1:
            raise ValueError(
                f"{self.title}: the input must have {len(self.dims) + 1} axes, the batch's among them; "
                f"received the shape {shape}"
            )

    def create_operator(self) -> core.Permute:
        return core.Permute(self.dims)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))
