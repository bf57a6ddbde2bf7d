"""The walk over time of cells that are given: of one, or of several, one above the other."""

from __future__ import annotations

from typing import Any

from tidegate.layers.arguments import REQUIRED, Argument
from tidegate.layers.kinds import Flag, Kind
from tidegate.layers.layer import Layer
from tidegate.layers.one_step import OneStep
from tidegate.layers.recurrent import OVER_TIME, Recurrent
from tidegate.layers.stacked_cells import StackedRNNCells, is_written
from tidegate.layers.wrapper import InnerLayer


class _Cells(Kind):
    """A cell, a list of cells, or the dictionary that a file has of either; saved as such a dictionary."""

    def read(self, value: Any, name: str, owner: str) -> OneStep:
        if isinstance(value, (list, tuple)):
            return StackedRNNCells(value)
        if isinstance(value, dict):
            value = InnerLayer().read(value, name, owner)
        if not isinstance(value, OneStep) and not is_written(value):
            raise ValueError(
                f"{owner}: argument `{name}` must be an LSTMCell, a GRUCell, a SimpleRNNCell, a layer with "
                f"`state_size` whose `call` takes `inputs` and `states`, or a list of them; "
                f"received {value!r:.200}"
            )
        cell: OneStep = value
        return cell

    def write(self, value: Any) -> Any:
        return InnerLayer().write(value)


class RNN(Recurrent):
    """`[B, T, F]` to `[B, U]`, or to `[B, T, U]` with `return_sequences`: a cell on every timestep.

    `RNN(LSTMCell(32))` gives the numbers of `LSTM(32)`, natively too. Of several cells each has the outputs
    of the one before for inputs, and U is that of the last.

    Args:
        cell: `LSTMCell`, `GRUCell`, `SimpleRNNCell`, `StackedRNNCells` or a list of cells; a cell in several
            layers has the same weights in all of them. Also a layer of the user's whose `call` takes `inputs`
            [B, F] and a list `states`, and gives the output and the new states; it has `state_size` (U, or a
            list of it for each state), and may have `output_size` and `get_initial_state(batch_size)`. It
            is run step by step in Python.
        return_sequences: all outputs instead of the last one.
        return_state: the final states after the output, as a list; of several cells, those of each in a list
            where there is more than one.
        go_backwards: from the last step to the first; outputs are in the order of processing.
        stateful: whether a call begins with the states that the last one ended with, see `OverTime`.
        unroll: accepted; it changes no number.
        zero_output_for_mask: masked steps put out zeros instead of repeating the last output.
        input_shape: (timesteps, features) on the first layer of a Sequential.

    Weights: those of the cells.

    Example:
        >>> RNN([LSTMCell(8), GRUCell(4)])(np.zeros((2, 10, 3))).shape
        (2, 4)
    """

    arguments = (
        Argument("cell", REQUIRED, _Cells()),
        *OVER_TIME,
        Argument("zero_output_for_mask", False, Flag()),
    )

    def __new__(cls, cell: Any = None, *args: Any, **kwargs: Any) -> RNN:
        if cls is RNN and any(map(is_written, cell if isinstance(cell, (list, tuple)) else [cell])):
            from tidegate.layers.own_rnn import RNN as Written

            return object.__new__(Written)
        return object.__new__(cls)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        return cls(**{**config, "cell": _Cells().read(config["cell"], "cell", cls.__name__)})

    def make_inner(self) -> None:
        if is_written(self.cell):
            raise ValueError(
                f"{self.title}: a class derived from `RNN` takes cells of this package; derive from `Layer`, "
                f"with an `RNN` in it; received {self.cell!r}"
            )
        self.units = self.cell.output_size
