"""What layers of several inputs share: arrays, shapes and masks come in lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from tidegate.graph import Tensor, connect
from tidegate.inputs import Shape, floating, mask_of_steps, short
from tidegate.layers.layer import Layer
from tidegate.variable import Array

Shapes = Sequence[Shape]


class SeveralInputs(Layer):
    """The base of such layers. A model runs them one by one, not in a Program.

    A subclass writes `check_shapes`, `forward`, `backward` and `compute_output_shape`. Its `forward` takes
    a list of arrays and a list of their masks, or None where there is none at all; its `backward` gives a
    list of gradients. More arguments of a call are named in `options`, with what they are when not given.
    """

    several_inputs = True
    uses_mask = True
    options: ClassVar[dict[str, Any]] = {}
    inputs_apart: ClassVar[tuple[str, ...]] = ()  # names of the inputs, where a call has no list of them

    def check_shapes(self, shapes: Shapes) -> None:
        """Raises ValueError unless the layer can be called on arrays of these shapes."""
        raise NotImplementedError

    def build(self, input_shape: Any) -> None:
        """Makes the weights, once, for inputs of these shapes; the batch axes (None) are included."""
        self.check_input(input_shape)
        shapes: Any = tuple(tuple(shape) for shape in input_shape)
        super().build(shapes)

    def check_input(self, shape: Any) -> None:
        if not isinstance(shape, (list, tuple)) or not all(isinstance(each, (list, tuple)) for each in shape):
            raise ValueError(f"{self.title}: the inputs must be a list; received one of the shape {shape}")
        self.check_shapes(shape)

    def create_operator(self) -> Any:
        return None

    def __call__(self, inputs: Any, *, training: bool | None = None, mask: Any = None, **options: Any) -> Any:
        """The layer's outputs on arrays, computed now; on `Input`s, a node of a graph.

        Args:
            inputs: list of arrays with the axes that the layer's own documentation states.
            training: whether this is a training pass.
            mask: list of a bool [batch, timesteps] or None for each input, or None.
            options: the layer's own.
        """
        for name in options:
            if name not in self.options:
                raise TypeError(f"{self.title}: a call has no argument `{name}`")
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"{self.title}: the inputs must be a list; received {type(inputs)}")
        if any(isinstance(each, Tensor) for each in inputs):
            return self._connect(list(inputs), mask, options)
        arrays = self.prepare(inputs)
        masks = self.prepare_masks(mask, arrays)
        return self.compute(arrays, training, masks, **options)

    def _connect(self, inputs: list[Any], mask: Any, options: dict[str, Any]) -> Any:
        if not all(isinstance(each, Tensor) for each in inputs):
            raise ValueError(f"{self.title}: the inputs must all be arrays, or all be those of a model")
        if mask is not None:
            if not isinstance(mask, (list, tuple)) or len(mask) > len(inputs):
                raise ValueError(
                    f"{self.title}: `mask` must be a list of {len(inputs)} masks, as there are inputs; "
                    f"received {short(mask)}"
                )
            given = [*mask, *[None] * (len(inputs) - len(mask))]
            inputs = [self.with_mask(*pair) for pair in zip(inputs, given, strict=True)]
        for name, value in options.items():
            if not isinstance(value, bool):
                raise ValueError(
                    f"{self.title}: argument `{name}` expected True or False; received {value!r}"
                )
        return connect(self, inputs, **options)

    def prepare(self, inputs: Any) -> Any:
        """`inputs` as arrays that `forward` takes; builds the layer if these are its first."""
        arrays = [floating(each, np.dtype(self.dtype), "inputs") for each in inputs]
        shapes = [array.shape for array in arrays]
        self.check_input(shapes)
        if not self.built:
            self.build([(None, *shape[1:]) for shape in shapes])
        return arrays

    def prepare_masks(self, mask: Any, arrays: list[Array]) -> Any:
        """`mask` as a list of bool [batch, timesteps] and None, one for each array; or None."""
        if mask is None:
            return None
        if not isinstance(mask, (list, tuple)) or len(mask) != len(arrays):
            raise ValueError(
                f"{self.title}: `mask` must be a list of {len(arrays)} masks, as there are inputs; "
                f"received {len(mask) if isinstance(mask, (list, tuple)) else type(mask)}"
            )
        return [
            None if each is None else mask_of_steps(each, array.shape, self.title)
            for each, array in zip(mask, arrays, strict=True)
        ]
