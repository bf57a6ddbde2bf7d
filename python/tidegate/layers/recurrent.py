"""What the recurrent layers share, which is nearly everything: arguments, states, masks, the walk over time.

Each has a cell, with its weights.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, ClassVar

import numpy as np

from tidegate._native import core
from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument, Table
from tidegate.layers.kinds import (
    Activation,
    Constraint,
    Flag,
    Initializer,
    Kind,
    PositiveInteger,
    Regularizer,
)
from tidegate.layers.layer import Steps
from tidegate.layers.number_kinds import Seed, Share
from tidegate.layers.one_step import OneStep
from tidegate.layers.over_time import OverTime
from tidegate.layers.recurrent_cell import RecurrentCell
from tidegate.layers.states import States
from tidegate.layers.wrapper import Wrapper
from tidegate.random import Training
from tidegate.structure import listed
from tidegate.variable import Array, Variable, values_of

# How the layer walks over time; saved first, before the arguments of the cell.
OVER_TIME = (
    Argument("return_sequences", False, Flag()),
    Argument("return_state", False, Flag()),
    Argument("go_backwards", False, Flag()),
    Argument("stateful", False, Flag()),
    Argument("unroll", False, Flag()),
)
_BY_NAME_ONLY = (
    Argument("zero_output_for_mask", False, Flag(), positional=False),
    Argument("implementation", 2, Kind(), positional=False, in_config=False),
)
_SAVED_FIRST = ["name", "trainable", "dtype", *(row.name for row in OVER_TIME), "zero_output_for_mask"]


def recurrent_arguments(after_initializers: Table = (), after_sequence: Table = ()) -> Table:
    """The table of a gated cell in Keras's order, with the cell's own arguments in their two places."""
    return (
        Argument("units", REQUIRED, PositiveInteger()),
        Argument("activation", "tanh", Activation()),
        Argument("recurrent_activation", "sigmoid", Activation()),
        Argument("use_bias", True, Flag()),
        Argument("kernel_initializer", "glorot_uniform", Initializer()),
        Argument("recurrent_initializer", "orthogonal", Initializer()),
        Argument("bias_initializer", "zeros", Initializer()),
        *after_initializers,
        Argument("kernel_regularizer", None, Regularizer()),
        Argument("recurrent_regularizer", None, Regularizer()),
        Argument("bias_regularizer", None, Regularizer()),
        Argument("activity_regularizer", None, Regularizer()),
        Argument("kernel_constraint", None, Constraint()),
        Argument("recurrent_constraint", None, Constraint()),
        Argument("bias_constraint", None, Constraint()),
        Argument("dropout", 0.0, Share()),
        Argument("recurrent_dropout", 0.0, Share()),
        Argument("seed", None, Seed()),
        *OVER_TIME,
        *after_sequence,
        Argument("use_cudnn", "auto", Kind(), in_config=False),
        *_BY_NAME_ONLY,
    )


class Recurrent(OverTime, Wrapper):
    """A layer that walks over time: `[B, T, F]` to `[B, U]`, or to `[B, T, U]` with `return_sequences`.

    Subclasses set `cell_class` and `arguments`.

    Attributes:
        cell: one step of the layer; its weights are the layer's.
    """

    cell_class: ClassVar[type[RecurrentCell]]
    inner = ("cell",)
    _states: list[Variable] | None = None

    cell: OneStep
    units: int
    return_sequences: bool
    return_state: bool
    go_backwards: bool
    zero_output_for_mask: bool

    @classmethod
    def config_names(cls) -> list[str]:
        rest = [name for name in super().config_names() if name not in _SAVED_FIRST]
        return [*_SAVED_FIRST, *sorted(rest, key=lambda name: name == "seed")]

    def make_inner(self) -> None:
        given = {row.name: getattr(self, row.name) for row in self.cell_class.arguments}
        self.cell = self.cell_class(**given, name=f"{self.cell_class.cell_name}_cell", dtype=self.dtype)

    # ---- weights and states ----------------------------------------------------------------------

    def inner_shape(self, input_shape: Shape) -> Shape:
        return (None, *input_shape[2:])

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        variables = super().create_variables(input_shape)
        if self.stateful:
            self._states = self._new_states(input_shape[0])
        return variables

    def _new_states(self, rows: int | None) -> list[Variable]:
        if not rows:
            raise ValueError(
                f"{self.title}: `stateful=True` needs a fixed number of rows: an `Input` with `batch_size` "
                f"or `batch_shape`; received {rows}"
            )
        shapes = self.expected_states.shapes
        states = [Variable.zeros((rows, *shape), self.dtype, "rnn_state") for shape in shapes]
        for state in states:
            state.path = f"{self.name}/rnn_state"
        return states

    @property
    def states(self) -> list[Variable] | None:
        return self._states

    @property
    def single_cells(self) -> list[RecurrentCell]:
        """Those that walk, each over the outputs of the one before."""
        return self.cell.single_cells

    @property
    def expected_states(self) -> States:
        return States.of(self)

    @property
    def state_size(self) -> list[Any]:
        size = self.cell.state_size
        return size if isinstance(size, list) else [size]

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Zeros for every state, as `initial_state` takes them."""
        return self.cell.get_initial_state(batch_size)

    @property
    def _state_counts(self) -> list[int]:
        return [len(cell.state_names) for cell in self.single_cells]

    def nest(self, outputs: Any) -> Any:
        """The states of stacked cells come in lists, cell by cell."""
        if not self.return_state or len(self.single_cells) == 1:
            return outputs
        output, *states = outputs
        return [output, *self.cell.nest(states)]

    # ---- computing -------------------------------------------------------------------------------

    @property
    def _turns(self) -> bool:
        """Whether it goes backwards by turning the sequence round: the mask then fits every cell's inputs."""
        return self.go_backwards and len(self.single_cells) > 1

    def create_operator(self) -> list[core.Recurrent | core.ConvLSTM1D]:
        """One for each cell."""
        last = len(self.single_cells) - 1
        return [
            cell.walk(
                return_sequences=self.return_sequences or place < last,
                go_backwards=self.go_backwards and not self._turns,
                zero_output_for_mask=self.zero_output_for_mask,
            )
            for place, cell in enumerate(self.single_cells)
        ]

    def steps(self) -> Steps | None:
        if self._turns:
            return None
        titles = (
            [self.title]
            if len(self.single_cells) == 1
            else [f"{self.title} {c.name}" for c in self.single_cells]
        )
        weights = [cell.weights for cell in self.single_cells]
        return list(zip(self.operator, weights, titles, strict=True))

    def forward(
        self,
        inputs: Array | list[Array],
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
        carried: list[Array] | None = None,
    ) -> tuple[Any, Any]:
        """As of every layer; the initial states come as further inputs: `[x, h0]`, `[x, h0, c0]`.

        `carried` are the values that a stateful layer goes on from without those; None for the present ones.
        """
        x, *given = listed(inputs)
        going_on = self.going_on(len(x), carried)
        weights = values_of(self._variables) if weights is None else weights
        if self._turns:
            x, mask = _turned(x), _turned(mask)
        of_cells = _split(weights, [len(cell.weights) for cell in self.single_cells])
        begun_by = _split(given or going_on, self._state_counts)
        states, kept = [], []
        for place, cell in enumerate(self.single_cells):
            here = training and training.part(4 * place)  # less is taken within a cell, and by Bidirectional
            x, final, kept_here = cell.forward_over(
                self.operator[place], x, of_cells[place], begun_by[place] or None, here, mask, keep
            )
            states += final
            kept.append(kept_here)
        kept_all = (kept, bool(given), states) if keep or self.stateful else None
        return ([x, *states] if self.return_state else x), kept_all

    def going_on(self, rows: int, carried: list[Array] | None) -> list[Array]:
        """What a stateful layer goes on from, ready for the native call; nothing for others.

        Raises ValueError for another number of rows than before.
        """
        states = self.carried
        if states and rows != states[0].shape[0]:
            raise ValueError(
                f"{self.title}: a stateful layer takes the same number of rows in every call; expected "
                f"{states[0].shape[0]}, received {rows}"
            )
        return [np.ascontiguousarray(state) for state in (values_of(states) if carried is None else carried)]

    def backward(
        self, kept: tuple[Any, bool, Any], d_outputs: Any, *, need_d_inputs: bool = True
    ) -> tuple[Any, list[Array]]:
        """As of every layer; d_inputs is d_x, or `[d_x, d_h0, ...]` if `forward` was given initial states."""
        of_cells, had_states, _ = kept
        d_y, *d_states = d_outputs if self.return_state else [d_outputs]
        d_weights: list[Array] = []
        d_begun: list[Array] = []
        for place, d_here in reversed(list(enumerate(_split(d_states, self._state_counts)))):
            d_y, d_of_cell, d_begun_here = self.single_cells[place].backward_over(
                self.operator[place], of_cells[place], d_y, d_here or None, need_d_inputs or place > 0
            )
            d_weights, d_begun = d_of_cell + d_weights, d_begun_here + d_begun
        d_x = _turned(d_y) if self._turns else d_y
        return ([d_x, *d_begun] if had_states else d_x), d_weights

    def updates(self, kept: Any, earlier: dict[Variable, Array]) -> dict[Variable, Array]:
        return dict(zip(self.carried, kept[-1], strict=True)) if self.stateful else {}

    def compute_output_shape(self, input_shape: Shape) -> Any:
        batch, timesteps, *step = input_shape
        output, *states = self.cell.compute_output_shape((batch, *step))
        if self.return_sequences:
            output = (batch, timesteps, *output[1:])
        return [output, *states] if self.return_state else output

    def compute_mask(self, inputs: Any, mask: Array | None = None) -> Array | None:
        return mask if self.return_sequences else None


def _split(values: list[Any], counts: list[int]) -> list[list[Any]]:
    """The first so many of the values, the next so many, and so on; of no values, as many lists of none."""
    rest = iter(values)
    return [list(islice(rest, count)) for count in counts]


def _turned(steps: Array | None) -> Any:
    """[B, T, ...] with the last step first."""
    return None if steps is None else np.ascontiguousarray(steps[:, ::-1])
