"""The walk over time of cells that users write: layers of which one timestep is a `call`, in Python.

`RNN` and `StackedRNNCells` make objects of these classes where such a cell is among those they are given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tidegate import ops
from tidegate.derivatives import unboxed
from tidegate.inputs import Shape
from tidegate.layers import rnn, stacked_cells
from tidegate.layers.calling import Place, Use
from tidegate.layers.layer import Layer
from tidegate.layers.own import Own
from tidegate.layers.states import States
from tidegate.passes import Pass
from tidegate.structure import flatten, nested, pack, plain

if TYPE_CHECKING:
    from tidegate.graph import Tensor
    from tidegate.masks import Mask
    from tidegate.variable import Array, Variable


def _output_size(cell: Any) -> int:
    """Raises ValueError where neither `output_size` nor `state_size` says it."""
    size = getattr(cell, "output_size", None)
    if size is None:
        size = flatten(cell.state_size)[0]
    if not isinstance(size, (int, np.integer)):
        raise ValueError(
            f"{cell.title}: `output_size`, or else the first of `state_size`, must be a whole number; "
            f"received {size!r}"
        )
    return int(size)


def _begun(cell: Any, rows: int) -> Any:
    """The states before the first step: the cell's own, or zeros."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=rows)
    zeros = [np.zeros((rows, size), cell.dtype) for size in flatten(cell.state_size)]
    return zeros if nested(cell.state_size) else zeros[0]


def _listed(states: Any) -> list[Any]:
    return list(states) if isinstance(states, (list, tuple)) else [states]


class RNN(Own, rnn.RNN):  # type: ignore[misc]  # the first base computes
    """`tidegate.layers.RNN` of a cell that a user wrote."""

    saved_as: ClassVar[type[Layer]] = rnn.RNN
    stateful = False  # as its argument says

    def make_inner(self) -> None:
        self.units = _output_size(self.cell)

    # ---- weights and states ----------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Makes the weights of the cell by a try, since its `call` may make some."""
        if len(input_shape) < 3 or input_shape[1] == 0:
            raise ValueError(
                f"{self.title}: the input must have the axes {self.axes} and at least one timestep; "
                f"received the shape {tuple(input_shape)}"
            )
        self._make_states(input_shape)
        with Pass(None, {}).entered():
            self.cell(np.zeros((2, *input_shape[2:]), self.dtype), self.get_initial_state(2))
        self._finish()

    def _build(self, arguments: dict[str, Any]) -> None:
        self._make_states(arguments["sequences"].shape)  # `build` is told of no length of an array's batch
        super()._build(arguments)

    def _make_states(self, shape: Shape) -> None:
        if self.stateful and self._states is None:
            self._states = self._new_states(shape[0])

    @property
    def carried(self) -> list[Variable]:
        return list(self._states or ())

    def get_initial_state(self, batch_size: int) -> list[Any]:
        return _listed(_begun(self.cell, batch_size))

    @property
    def expected_states(self) -> States:
        shapes = [np.shape(each)[1:] for each in flatten(self.get_initial_state(1))]
        names = [f"state {place}" for place in range(len(shapes))]
        return States(self.title, self.states_argument, names, shapes)

    def nest(self, outputs: Any) -> Any:
        if not self.return_state:
            return outputs
        output, *states = outputs
        return [output, *pack(self.get_initial_state(1), states)]

    # ---- computing -------------------------------------------------------------------------------

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any:
        rows, timesteps = sequences.shape[:2]
        states = self._first_states(rows, initial_state)
        steps, output, outputs = ops.unstack(sequences, axis=1), None, []
        for t in reversed(range(timesteps)) if self.go_backwards else range(timesteps):
            found, after = self.cell(steps[t], states)
            after, out = _listed(after), found
            if mask is not None:
                real = np.asarray(mask)[:, t]
                output = ops.zeros_like(found) if output is None else output
                out = _where(real, found, ops.zeros_like(found) if self.zero_output_for_mask else output)
                pairs = zip(flatten(after), flatten(states), strict=True)
                after = pack(after, [_where(real, new, old) for new, old in pairs])
                found = _where(real, found, output)
            output, states = found, after
            outputs.append(out)
        for state, last in zip(self.carried, flatten(states), strict=False):
            state.assign(unboxed(last))
        y = ops.stack(outputs, axis=1) if self.return_sequences else outputs[-1]
        return [y, *states] if self.return_state else y

    def _first_states(self, rows: int, given: Any) -> list[Any]:
        if self.stateful and rows != self.carried[0].shape[0]:
            raise ValueError(
                f"{self.title}: a stateful layer takes the same number of rows in every call; expected "
                f"{self.carried[0].shape[0]}, received {rows}"
            )
        states = self.get_initial_state(rows)
        if given is not None:
            return _listed(pack(states, self.expected_states.listed(given)))
        return _listed(pack(states, [each.current() for each in self.carried])) if self.stateful else states

    def run(self, given: list[Array], masks: list[Array | None], **how: Any) -> tuple[list[Array], Any, Any]:
        if len(given) > 1 and how.get("use") is None:  # from Bidirectional, the states behind the sequence
            places = [Place(number) for number in range(len(given))]
            how["use"] = Use((places[0], places[1:]), {}, (self.dtype,) * len(given))
        return super().run(given, masks, **how)

    def steps(self) -> None:
        return None

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        own = mask if self.return_sequences else None
        return [own, *[None] * len(self.expected_states.names)] if self.return_state else own

    def symbolic_mask(self, inputs: list[Tensor]) -> Mask | None:
        return inputs[0].mask if self.return_sequences else None


class StackedRNNCells(Own, stacked_cells.StackedRNNCells):  # type: ignore[misc]
    """`tidegate.layers.StackedRNNCells` with a cell in it that a user wrote."""

    saved_as: ClassVar[type[Layer]] = stacked_cells.StackedRNNCells
    stateful = False

    @property
    def output_size(self) -> int:
        return _output_size(self.cells[-1])

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        return [_begun(cell, batch_size or 0) for cell in self.cells]

    def call(self, inputs: Any, states: Any) -> Any:
        found = []
        for cell, state in zip(self.cells, states, strict=True):
            inputs, after = cell(inputs, _listed(state))
            found.append(after if nested(state) else plain(_listed(after)))
        return inputs, found


def _where(real: Array, new: Any, old: Any) -> Any:
    """Rows of `new` where the step is real, and of `old` where it is not."""
    return ops.where(real.reshape(-1, *[1] * (new.ndim - 1)), new, old)
