"""Layers that make a sequence longer or shorter: ZeroPadding1D, Cropping1D, UpSampling1D."""

from __future__ import annotations

from typing import Any

from tidegate._native import core
from tidegate.inputs import Shape, integer
from tidegate.layers.arguments import Argument, later
from tidegate.layers.kinds import Kind, PositiveInteger
from tidegate.layers.plain import Unmasked


class _BothEnds(Kind):
    """An integer of at least 0, or a tuple of two; the two are kept."""

    def read(self, value: Any, name: str, owner: str) -> tuple[int, int]:
        ends = list(value) if isinstance(value, (list, tuple)) else [value, value]
        found = [steps for steps in map(integer, ends) if steps is not None and steps >= 0]
        if len(found) != 2 or len(ends) != 2:
            raise ValueError(
                f"{owner}: argument `{name}` must be a non-negative integer or two of them; "
                f"received {value!r:.80}"
            )
        return found[0], found[1]


class _Steps(Unmasked):
    """`[batch, timesteps, features]` to other timesteps."""

    rank = 3
    axes = "[batch, timesteps, features]"


class ZeroPadding1D(_Steps):
    """Zeros before and after a sequence: `[batch, timesteps, features]` to a longer one.

    Args:
        padding: steps at each end, or a tuple of those before and those after.
        data_format: only "channels_last".

    Example:
        >>> ZeroPadding1D((1, 2))(np.ones((2, 4, 3))).shape
        (2, 7, 3)
    """

    arguments = (Argument("padding", 1, _BothEnds()), later("data_format", "channels_last"))

    padding: tuple[int, int]

    def create_operator(self) -> core.Pad1D:
        return core.Pad1D(*self.padding)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, timesteps, features = input_shape
        return batch, None if timesteps is None else timesteps + sum(self.padding), features


class Cropping1D(_Steps):
    """A sequence without its first and last steps: `[batch, timesteps, features]` to a shorter one.

    Args:
        cropping: steps that are left out at each end, or a tuple of those before and those after.

    Example:
        >>> Cropping1D((1, 2))(np.ones((2, 7, 3))).shape
        (2, 4, 3)
    """

    arguments = (Argument("cropping", (1, 1), _BothEnds()),)

    cropping: tuple[int, int]

    def check_input(self, shape: Shape) -> None:
        super().check_input(shape)
        if shape[1] is not None and shape[1] <= sum(self.cropping):
            raise ValueError(
                f"{self.title}: the input must have more timesteps than are left out, {self.cropping}; "
                f"received the shape {tuple(shape)}"
            )

    def create_operator(self) -> core.Pad1D:
        before, after = self.cropping
        return core.Pad1D(-before, -after)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, timesteps, features = input_shape
        return batch, None if timesteps is None else timesteps - sum(self.cropping), features


class UpSampling1D(_Steps):
    """Each step several times: `[batch, timesteps, features]` to `[batch, timesteps * size, features]`.

    Args:
        size: how often.

    Example:
        >>> UpSampling1D(3)(np.ones((2, 4, 3))).shape
        (2, 12, 3)
    """

    arguments = (Argument("size", 2, PositiveInteger()),)

    size: int

    def create_operator(self) -> core.UpSampling1D:
        return core.UpSampling1D(self.size)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, timesteps, features = input_shape
        return batch, None if timesteps is None else timesteps * self.size, features
