"""What a cell shares with a stack of them: a call on one timestep, with the states before it and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.graph import Tensor, connect
from tidegate.inputs import Shape
from tidegate.layers.layer import Layer
from tidegate.layers.states import States
from tidegate.variable import Array

if TYPE_CHECKING:
    from tidegate.layers.recurrent_cell import RecurrentCell


class OneStep(Layer):
    """Inputs `[B, F]` and states, each `[B, U]`, to the output `[B, U]` and the new states.

    Attributes:
        state_size: U, or a list of it for each of several states; of several cells, a list of that.
        output_size: U of the output.
    """

    axes = "[batch, features]"
    states_argument = "states"

    @property
    def single_cells(self) -> list[RecurrentCell]:
        """Each has the output of the one before for its input."""
        raise NotImplementedError

    @property
    def state_size(self) -> Any:
        raise NotImplementedError

    @property
    def output_size(self) -> int:
        return self.single_cells[-1].units

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Zeros for every state, as a call takes them."""
        rows = batch_size or 0
        return self.nest([np.zeros((rows, *shape), self.dtype) for shape in States.of(self).shapes])

    def nest(self, states: list[Any]) -> list[Any]:
        """All states, as a caller gets them."""
        return states

    def check_input(self, shape: Shape) -> None:
        super().check_input(shape)
        if len(shape) != 2:
            raise ValueError(
                f"{self.title}: the input must have the axes {self.axes}; received the shape {shape}"
            )

    def __call__(self, inputs: Any, states: Any, training: bool | None = None) -> Any:  # type: ignore[override]
        """The step on arrays, computed now; on `Input`s, a node of a graph.

        Args:
            inputs: [B, F]; converted to the layer's dtype.
            states: one array [B, U] per state (LSTM h and c, others h), in a list; of several cells, in the
                structure of `state_size`.
            training: whether this is a training pass, in which dropout draws anew; None is as around it.

        Returns:
            The output [B, U], and the new states in a list like that.

        Raises:
            ValueError: a shape that does not fit.
            TypeError: numbers that are not real.
        """
        expected = States.of(self)
        if isinstance(inputs, Tensor):
            found = connect(self, [inputs, *expected.tensors(states)], ([inputs, states], {}))
        else:
            x = self.prepare(inputs)
            begun = expected.arrays(states, len(x), self.dtype)
            found = self.compute([x, *begun], training)
        output, *new_states = found
        return output, self.nest(new_states)

    def compute_output_shape(self, input_shape: Shape) -> list[Shape]:
        batch = input_shape[0]
        return [(batch, self.output_size), *((batch, *shape) for shape in States.of(self).shapes)]

    def compute_mask(self, inputs: Any, mask: Array | None = None) -> None:
        return None
