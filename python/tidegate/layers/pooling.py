"""Pooling over time: of windows of steps, or of all of them."""

from __future__ import annotations

from typing import Any

from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument, Table, later
from tidegate.layers.kinds import Flag, Optional
from tidegate.layers.number_kinds import Length, Word
from tidegate.layers.plain import Unmasked
from tidegate.random import Training
from tidegate.variable import Array

_WINDOWS: Table = (
    Argument("strides", None, Optional(Length())),
    Argument("padding", "valid", Word("valid", "same")),
    later("data_format", "channels_last"),
)


class _Pooling(Unmasked):
    """Every window of steps becomes one: `[batch, timesteps, features]` to `[batch, windows, features]`."""

    rank = 3
    axes = "[batch, timesteps, features]"

    pool_size: int
    strides: int
    padding: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.strides = self.strides or self.pool_size

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, timesteps, features = input_shape
        if timesteps is None:
            return batch, None, features
        if self.padding == "same":
            return batch, -(-timesteps // self.strides), features
        return batch, max(0, (timesteps - self.pool_size) // self.strides + 1), features


class MaxPooling1D(_Pooling):
    """The maximum of every window of steps: `[batch, timesteps, features]` to `[batch, windows, features]`.

    Args:
        pool_size: steps of a window.
        strides: steps from one window to the next; as `pool_size` when None.
        padding: "valid" for windows within the sequence, "same" for ceil(timesteps / strides) of them.
        data_format: only "channels_last".

    Example:
        >>> MaxPooling1D(2)(np.zeros((5, 7, 3))).shape
        (5, 3, 3)
    """

    arguments = (Argument("pool_size", 2, Length()), *_WINDOWS)

    def create_operator(self) -> core.MaxPooling1D:
        return core.MaxPooling1D(self.pool_size, self.strides, self.padding == "same")


class AveragePooling1D(_Pooling):
    """The mean of every window of steps: `[batch, timesteps, features]` to `[batch, windows, features]`.

    Args:
        pool_size: steps of a window.
        strides: steps from one window to the next; as `pool_size` when None.
        padding: "valid" for windows within the sequence, "same" for ceil(timesteps / strides) of them,
            each the mean of those of its steps that are in the sequence.
        data_format: only "channels_last".

    Example:
        >>> AveragePooling1D(2)(np.zeros((5, 7, 3))).shape
        (5, 3, 3)
    """

    arguments = (Argument("pool_size", REQUIRED, Length()), *_WINDOWS)

    def create_operator(self) -> core.AveragePooling1D:
        return core.AveragePooling1D(self.pool_size, self.strides, self.padding == "same")


class _GlobalPooling(Unmasked):
    """All steps become one: `[batch, timesteps, features]` to `[batch, features]`."""

    rank = 3
    axes = "[batch, timesteps, features]"
    arguments = (later("data_format", "channels_last"), Argument("keepdims", False, Flag()))

    keepdims: bool

    def check_input(self, shape: Shape) -> None:
        super().check_input(shape)
        if shape[1] == 0:
            raise ValueError(
                f"{self.title}: the input must have at least one timestep; received the shape {shape}"
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, _, features = input_shape
        return (batch, 1, features) if self.keepdims else (batch, features)


class GlobalMaxPooling1D(_GlobalPooling):
    """The maximum of all steps: `[batch, timesteps, features]` to `[batch, features]`.

    Args:
        data_format: only "channels_last".
        keepdims: whether an axis of one timestep stays.
    """

    def create_operator(self) -> core.GlobalMaxPooling1D:
        return core.GlobalMaxPooling1D(self.keepdims)


class GlobalAveragePooling1D(_GlobalPooling):
    """The mean of all steps that are not masked: `[batch, timesteps, features]` to `[batch, features]`.

    Args:
        data_format: only "channels_last".
        keepdims: whether an axis of one timestep stays.
    """

    uses_mask = True

    def create_operator(self) -> core.GlobalAveragePooling1D:
        return core.GlobalAveragePooling1D(self.keepdims)

    def forward(
        self,
        inputs: Array,
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[Array, Any]:
        return self.operator.forward(inputs, mask), (inputs.shape, mask) if keep else None

    def backward(
        self, kept: Any, d_outputs: Array, *, need_d_inputs: bool = True
    ) -> tuple[Array | None, list[Array]]:
        shape, mask = kept
        return self.operator.backward(shape, d_outputs, mask) if need_d_inputs else None, []
