"""What layers share that take some axes of an array together."""

from __future__ import annotations

from typing import Any

from tidegate.inputs import Shape, integer
from tidegate.layers.kinds import Kind
from tidegate.layers.plain import Plain


class AxisOrAxes(Kind):
    """An integer, or a tuple of them."""

    def read(self, value: Any, name: str, owner: str) -> int | list[int]:
        axes = list(value) if isinstance(value, (list, tuple)) else [value]
        found = [axis for axis in map(integer, axes) if axis is not None]
        if not found or len(found) != len(axes):
            raise ValueError(
                f"{owner}: argument `{name}` must be an integer or a tuple of them; received {value!r:.80}"
            )
        return found if isinstance(value, (list, tuple)) else found[0]


class OverAxes(Plain):
    """The base of such layers: the axes must be neighbours, and the batch's is none of them."""

    axis: int | list[int]

    def check_input(self, shape: Shape) -> None:
        super().check_input(shape)
        if self.build_shape is not None and len(shape) != len(self.build_shape):
            raise ValueError(
                f"{self.title}: the input must have {len(self.build_shape)} axes, as it was built for; "
                f"received the shape {tuple(shape)}"
            )
        self.first_and_last(len(shape))

    def first_and_last(self, rank: int) -> tuple[int, int]:
        """The first and the last of the axes in an array of so many; ValueError where it has others."""
        given = self.axis if isinstance(self.axis, list) else [self.axis]
        axes = sorted(axis + rank if axis < 0 else axis for axis in given)
        if axes != list(range(axes[0], axes[0] + len(axes))) or not 0 < axes[0] <= axes[-1] < rank:
            raise ValueError(
                f"{self.title}: `axis` must be neighbouring axes behind the batch's, of an input that has "
                f"{rank} axes; received {self.axis}"
            )
        return axes[0], axes[-1]

    def built_axes(self) -> tuple[int, int]:
        """The first and the last of the axes of what the layer is built for."""
        assert self.build_shape is not None
        return self.first_and_last(len(self.build_shape))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)
