"""Several cells as one: each has the output of the one before for its input."""

from __future__ import annotations

from typing import Any

from tidegate.inputs import Shape
from tidegate.layers.arguments import REQUIRED, Argument
from tidegate.layers.kinds import Kind
from tidegate.layers.layer import Layer
from tidegate.layers.one_step import OneStep
from tidegate.layers.recurrent_cell import RecurrentCell
from tidegate.layers.wrapper import InnerLayer, Wrapper
from tidegate.random import Training
from tidegate.structure import plain
from tidegate.utils.naming import numbered, snake_case
from tidegate.variable import Array, Variable, values_of


def is_written(cell: Any) -> bool:
    """Whether it is a cell that users wrote, or a stack with one in it: run in Python."""
    return isinstance(cell, Layer) and hasattr(cell, "call") and hasattr(cell, "state_size")


class _ListOfCells(Kind):
    """Cells, or the dictionaries that a file has of them; saved as such dictionaries."""

    def read(self, value: Any, name: str, owner: str) -> list[RecurrentCell]:
        if not isinstance(value, (list, tuple)) or not value:
            raise ValueError(f"{owner}: argument `{name}` must be a list of cells; received {value!r:.200}")
        cells: list[Any] = [
            InnerLayer().read(each, name, owner) if isinstance(each, dict) else each for each in value
        ]
        for cell in cells:
            if not isinstance(cell, RecurrentCell) and not is_written(cell):
                raise ValueError(
                    f"{owner}: argument `{name}` must hold LSTMCells, GRUCells, SimpleRNNCells, or layers "
                    f"with `state_size` whose `call` takes `inputs` and `states`; received {cell!r:.200}"
                )
        if len(set(cells)) < len(cells):
            raise ValueError(f"{owner}: argument `{name}` must hold each cell once; received {value!r:.200}")
        return cells

    def write(self, value: Any) -> Any:
        return [InnerLayer().write(each) for each in value]


class StackedRNNCells(OneStep, Wrapper):
    """One timestep of several cells: inputs `[B, F]` and their states to the output of the last, `[B, U]`.

    In `RNN` each cell walks over the whole sequence before the next one does, which gives the same numbers.

    Args:
        cells: list of `LSTMCell`, `GRUCell` and `SimpleRNNCell`, or of cells that users write, see `RNN`.

    Weights: those of the cells in turn.

    Attributes:
        state_size: of each cell, in a list.
        output_size: U of the last cell.

    Example:
        >>> cells = StackedRNNCells([LSTMCell(8), GRUCell(4)])
        >>> y, [[h, c], h2] = cells(np.zeros((2, 3)), cells.get_initial_state(batch_size=2))
        >>> y.shape
        (2, 4)
    """

    arguments = (Argument("cells", REQUIRED, _ListOfCells()),)
    inner = ()

    cells: list[RecurrentCell]

    def __new__(cls, cells: Any = None, *args: Any, **kwargs: Any) -> StackedRNNCells:
        if cls is StackedRNNCells and isinstance(cells, (list, tuple)) and any(map(is_written, cells)):
            from tidegate.layers.own_rnn import StackedRNNCells as Written

            return object.__new__(Written)
        return object.__new__(cls)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        return cls(**{**config, "cells": _ListOfCells().read(config["cells"], "cells", cls.__name__)})

    @property
    def single_cells(self) -> list[RecurrentCell]:
        return self.cells

    def inner_layers(self) -> list[Layer]:
        return [*self.cells]

    @property
    def state_size(self) -> list[int | list[int]]:
        return [cell.state_size for cell in self.cells]

    def nest(self, states: list[Any]) -> list[Any]:
        rest = iter(states)
        return [plain([next(rest) for _ in cell.state_names]) for cell in self.cells]

    def check_input(self, shape: Shape) -> None:
        self.cells[0].check_input(shape)

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        variables = []
        for cell in self.cells:
            variables += self.build_inner(cell, input_shape)
            input_shape = (input_shape[0], cell.output_size)
        return variables

    def stored_variables(self) -> dict[str, list[Variable]]:
        places: dict[str, list[Variable]] = {"vars": []}
        taken: dict[str, int] = {}
        for cell in self.cells:
            place = numbered(snake_case(type(cell).__name__), taken)
            places |= {f"cells/{place}/{below}": each for below, each in cell.stored_variables().items()}
        return places

    # ---- computing -------------------------------------------------------------------------------

    def create_operator(self) -> None:
        return None

    def forward(
        self,
        inputs: list[Array],
        *,
        weights: list[Array] | None = None,
        training: Training | None = None,
        keep: bool = False,
        mask: Array | None = None,
    ) -> tuple[list[Array], Any]:
        """As of every layer, of `[x, ...]` with all states, to the output and the new states."""
        x, *states = inputs
        given, of_cells = iter(states), iter(values_of(self._variables) if weights is None else weights)
        final, kept = [], []
        for place, cell in enumerate(self.cells):
            (x, *new_states), kept_here = cell.forward(
                [x, *(next(given) for _ in cell.state_names)],
                weights=[next(of_cells) for _ in cell.weights],
                training=training and training.part(4 * place),
                keep=keep,
            )
            final += new_states
            kept.append(kept_here)
        return [x, *final], kept

    def backward(
        self, kept: list[Any], d_outputs: list[Any], *, need_d_inputs: bool = True
    ) -> tuple[list[Any], list[Array]]:
        d_y, *d_states = d_outputs
        d_begun: list[Any] = []
        d_weights: list[Array] = []
        for place in reversed(range(len(self.cells))):
            count = len(self.cells[place].state_names)
            d_states, d_here = d_states[:-count], d_states[-count:]
            (d_y, *d_given), d_of_cell = self.cells[place].backward(
                kept[place], [d_y, *d_here], need_d_inputs=need_d_inputs or place > 0
            )
            d_begun, d_weights = d_given + d_begun, d_of_cell + d_weights
        return [d_y, *d_begun], d_weights
