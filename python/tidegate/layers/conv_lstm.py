"""LSTM whose products are convolutions over the positions of a timestep.

Shi et al., "Convolutional LSTM Network", NIPS 2015, without the gates' look at c.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidegate import activations
from tidegate._native import core
from tidegate.inputs import Shape, check_input_shape
from tidegate.layers.arguments import REQUIRED, Argument, later
from tidegate.layers.kinds import Flag, PositiveInteger
from tidegate.layers.lstm import LSTM, LSTMCell
from tidegate.layers.number_kinds import Length, Word
from tidegate.layers.recurrent import Recurrent
from tidegate.layers.recurrent_cell import cell_arguments
from tidegate.random import Training
from tidegate.variable import Array, Variable

_NOT_OF_LSTM = ("units", "unroll", "use_cudnn", "implementation")
_ARGUMENTS = (
    Argument("filters", REQUIRED, PositiveInteger()),
    Argument("kernel_size", REQUIRED, Length()),
    Argument("strides", 1, Length()),
    Argument("padding", "valid", Word("valid", "same")),
    later("data_format", "channels_last"),
    Argument("dilation_rate", 1, Length()),
    *(row for row in LSTM.arguments if row.name not in _NOT_OF_LSTM),
    Argument("unroll", False, Flag(), positional=False),
)


class ConvLSTMCell(LSTMCell):
    """One step of a ConvLSTM1D, which makes it: `[B, positions, F]` to `[B, windows, filters]`."""

    axes = "[batch, positions, features]"
    cell_name = "conv_lstm"
    arguments = cell_arguments(_ARGUMENTS)

    filters: int
    kernel_size: int
    strides: int
    padding: str
    dilation_rate: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = self.filters
        if self.strides > 1 and self.dilation_rate > 1:
            raise ValueError(
                f"ConvLSTM1D: argument `dilation_rate` must be 1 with strides of {self.strides}; "
                f"received {self.dilation_rate}"
            )

    # ---- weights and states ----------------------------------------------------------------------

    def check_input(self, shape: Shape) -> None:
        features = self.build_shape[-1] if self.build_shape is not None else None
        check_input_shape(shape, owner=self.title, axes=self.axes, minimum_rank=2, features=features)
        reach = self._span if self.padding == "valid" else 1
        if len(shape) != 3 or shape[1] is None or shape[1] < reach:
            raise ValueError(
                f"{self.title}: the input must have the axes {self.axes} and at least {reach} positions; "
                f"received the shape {shape}"
            )
        if self.build_shape is not None and shape[1] != self.build_shape[1]:
            raise ValueError(
                f"{self.title}: the input must have the {self.build_shape[1]} positions it was built for; "
                f"received the shape {shape}"
            )

    def create_variables(self, input_shape: Shape) -> list[Variable]:
        size, width = self.kernel_size, self.gates * self.filters
        features = input_shape[-1] or 0
        variables = [
            self.new_variable("kernel", (size, features, width), self.kernel_initializer),
            self.new_variable("recurrent_kernel", (size, self.filters, width), self.recurrent_initializer),
        ]
        if self.use_bias:
            variables.append(self.new_variable("bias", self.bias_shape(), self.initial_bias))
        return variables

    @property
    def state_shape(self) -> tuple[int, ...]:
        if self.build_shape is None:
            raise ValueError(f"{self.title}: states have no shape before the layer is built")
        return self._windows(self.build_shape[1] or 0), self.filters

    def compute_output_shape(self, input_shape: Shape) -> list[Shape]:
        batch, positions, _ = input_shape
        windows = None if positions is None else self._windows(positions)
        return [(batch, windows, self.filters)] * 3

    def _windows(self, positions: int) -> int:
        reach = self._span if self.padding == "valid" else 1
        return (positions - reach) // self.strides + 1

    @property
    def _span(self) -> int:
        """Positions from the first tap of a window to behind its last."""
        return (self.kernel_size - 1) * self.dilation_rate + 1

    # ---- computing -------------------------------------------------------------------------------

    def walk(
        self,
        return_sequences: bool = False,
        go_backwards: bool = False,
        zero_output_for_mask: bool = False,
    ) -> core.ConvLSTM1D:
        return core.ConvLSTM1D(
            self.filters,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            activation=activations.serialize(self.activation),
            recurrent_activation=activations.serialize(self.recurrent_activation),
            use_bias=self.use_bias,
            return_sequences=return_sequences,
            go_backwards=go_backwards,
            zero_output_for_mask=zero_output_for_mask,
        )

    def drop(self, x: Array, training: Training) -> tuple[Array, Array | None, dict[str, Any]]:
        """Each gate loses inputs and states of its own, as always here; its inputs then lie side by side."""
        dropped, of_states = None, {}
        if 0 < self.dropout < 1:
            side_by_side = np.concatenate([x] * self.gates, axis=-1)
            drawn = self.draw((len(x), 1, *side_by_side.shape[2:]), self.dropout, training)
            dropped = np.ascontiguousarray(np.broadcast_to(drawn, side_by_side.shape))
            x = core.apply_dropout(side_by_side, dropped, self.dropout)
        if 0 < self.recurrent_dropout < 1:
            windows = self._windows(x.shape[2])
            drawn = self.draw(
                (len(x), windows, self.gates, self.filters), self.recurrent_dropout, training.part(1)
            )
            of_states = {"state_dropout": drawn, "state_rate": self.recurrent_dropout}
        return x, dropped, of_states

    def drop_back(self, d_x: Array, dropped: Array) -> Array:
        i, f, c, o = np.split(super().drop_back(d_x, dropped), self.gates, axis=-1)
        total: Array = i + f + c + o
        return total


class ConvLSTM1D(Recurrent):
    """`[B, T, positions, F]` to `[B, windows, filters]`: the equations of `LSTM` at every position, with
    convolutions over the positions in the place of products.

    The convolution of h has stride 1, and as many windows as there are.

    Args:
        filters: length of the last axis of the output and of the states h and c.
        kernel_size: taps of a window.
        strides: positions from one window of the inputs to the next.
        padding: "valid" for windows within the positions; "same" for ceil(positions / strides) of them, which
            reach beyond both ends, over zeros.
        data_format: only "channels_last".
        dilation_rate: positions from one tap to the next; 1 where `strides` are not.
        activation: of the candidate and of the output, a name or a function of `tidegate.activations`.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values, of `tidegate.initializers`.
        unit_forget_bias: whether the forget gate's bias begins as ones.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties, of `tidegate.regularizers`.
        kernel_constraint, recurrent_constraint, bias_constraint: what a step must leave, of
            `tidegate.constraints`.
        dropout: the probability that an element of the inputs is zero in training; each gate loses others,
            and all timesteps of a row the same ones.
        recurrent_dropout: the same of the states.
        seed: an integer, of what is dropped; the global seed (`tidegate.utils.set_random_seed`) when None.
        return_sequences: the outputs of all timesteps, [B, T, windows, filters].
        return_state: the final h and c after the output, as a list.
        go_backwards: from the last step to the first; outputs are in the order of processing.
        stateful: whether a call begins with the states that the last one ended with, see `OverTime`.
        zero_output_for_mask: masked steps put out zeros instead of repeating the last output.
        unroll: accepted; it changes no number.
        input_shape: (timesteps, positions, features) on the first layer of a Sequential.

    Weights: kernel [kernel_size, F, 4 filters], recurrent_kernel [kernel_size, filters, 4 filters], bias
    [4 filters].

    `activity_regularizer` is refused by name.

    Example:
        >>> ConvLSTM1D(8, 3, padding="same")(np.zeros((2, 10, 20, 3))).shape
        (2, 20, 8)
    """

    axes = "[batch, timesteps, positions, features]"
    cell_class = ConvLSTMCell
    arguments = _ARGUMENTS

    filters: int
    cell: ConvLSTMCell

    def make_inner(self) -> None:
        super().make_inner()
        self.units = self.filters

    def check_input(self, shape: Shape) -> None:
        if len(shape) != 4 or shape[1] == 0:
            raise ValueError(
                f"{self.title}: the input must have the axes {self.axes} and at least one timestep; "
                f"received the shape {shape}"
            )
        self.cell.check_input((shape[0], *shape[2:]))
